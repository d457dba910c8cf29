"""The connection to a voice server: entered, watched, and brought back when it breaks."""
