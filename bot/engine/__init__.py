"""Turns -> replies: prompt, the audio chat stream, transcription, pricing."""
