"""A loopback model server: chat with audio, transcription, and every fault that a test asks for."""
