"""Minutes as people see them: the post, its files, and what happens when a call is over."""
