"""Turns -> replies: prompt, the audio chat stream, transcription.

open.py builds every engine. client.py builds the connection pool that openai_audio.py (port `Engine`), transcribe.py
(port `Transcriber`) and text_and_speech.py (port `TextAndSpeech`) share. The rest is mostly pure: prompt.py (with
history_window and quoting) makes the messages, payload.py and request_body.py the request. sse and stream read the
answer: delta_parts finds words and sound in a chunk, answer_text its words, without the model's thoughts, and
answer_sound its sound: base64_stream, then sound_stream, which recognises what the bytes are (sound_kind), finds where
one file ends and the next begins (file_ends), decodes them (wav_header and samples, or container_stream) and lets
sound_guard look at the result. faults.py classifies errors; hallucinations.py rejects invented transcripts;
dialects.py lists what servers do differently, time_limit.py tells how long they may take.
"""
