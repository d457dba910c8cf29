"""Turns -> replies: prompt, the audio chat stream, transcription, pricing.

client.py builds the one connection; openai_audio.py (port Engine) and transcribe.py (port Transcriber) use it. The
rest is pure: prompt.py (with window, names, tokens) makes the messages, body.py the bytes; sse, stream and pcm read the
answer; faults.py names what goes wrong; guard.py tells made-up words; dialects.py knows the servers; pricing.py the
money.
"""
