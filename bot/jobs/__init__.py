"""Audio work outside a call."""
