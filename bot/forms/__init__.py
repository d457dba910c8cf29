"""The forms that settings may have, and what is said of others."""
