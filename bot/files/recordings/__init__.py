"""A recording of any format -> what is known of it, and its sound. Pure readers: they run in the box's child."""
