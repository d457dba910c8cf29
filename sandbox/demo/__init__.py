"""`python -m bot demo`: a spoken conversation, recorded."""
