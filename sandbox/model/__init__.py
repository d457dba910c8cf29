"""A loopback model server: chat with audio, transcription, and every fault a test asks for."""
