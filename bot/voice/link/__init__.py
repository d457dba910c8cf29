"""The connection to a voice server: joined, monitored, and recovered when it breaks."""
