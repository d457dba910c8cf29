"""Captions as people read them."""
