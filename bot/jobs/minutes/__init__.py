"""The minutes of a meeting: its lines, what a model claims of them, and what of that they bear out."""
