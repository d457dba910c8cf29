"""Replies -> packets: playback, the pacer's thread, the speaking flag."""
