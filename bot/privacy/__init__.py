"""What a person decides about their own words: who may be heard, what is erased, what they can export."""
