"""What `POST /audio/speech` accepts, and how it answers: the bytes of a file, in chunks, as they are made.

The voice says what a shipped recording says in that recording's own sound; a part of such a sentence is that part of
it. Any other text is a tone that is about as long as the text takes to say.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from aiohttp import HttpVersion11, web

from bot.audio import SPEAK_RATE, seconds
from sandbox import clips
from sandbox.model.behaviour import Break, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.response import drain, encoded, hang, reset
from sandbox.model.schema import invalid_value, missing, refuse

SPEECH_FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
SPEECH_FIELDS = {"model", "input", "voice", "instructions", "response_format", "speed", "stream_format"}
MAX_INPUT_CHARACTERS = 4096
MEDIA_TYPES = {"mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav"}
CHUNK_BYTES = 4_801
"""0.1 s and half a sample: nothing promises that chunks are whole."""
LETTER_SECONDS = 0.06
TONE_HZ = 220


def check_speech(body: Mapping[str, Any], *, any_voice: bool) -> None:
    """Check a request whose model is known. Raises ApiError."""
    for field in body:
        if field not in SPEECH_FIELDS:
            raise refuse(f"Unknown parameter: '{field}'.", field, "unknown_parameter")
    for name in ("input", "voice"):
        if body.get(name) is None:
            raise missing(name)
    text = body["input"]
    if not isinstance(text, str) or not text.strip():
        raise refuse("Invalid 'input': expected a string of at least one character.", "input", "invalid_value")
    if len(text) > MAX_INPUT_CHARACTERS:
        raise refuse(f"Invalid 'input': string too long, at most {MAX_INPUT_CHARACTERS}.", "input", "string_too_long")
    if not isinstance(body["voice"], str) or not body["voice"]:
        raise refuse("Invalid 'voice'.", "voice", "invalid_value")
    if not any_voice and body["voice"] not in VOICES:
        raise invalid_value(body["voice"], "voice", VOICES)
    if body.get("response_format", "mp3") not in SPEECH_FORMATS:
        raise invalid_value(body["response_format"], "response_format", SPEECH_FORMATS)
    speed = body.get("speed", 1.0)
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 4:
        raise refuse("Invalid 'speed': expected a decimal from 0.25 to 4.", "speed", "invalid_value")
    if body.get("stream_format", "audio") not in ("audio", "sse"):
        raise invalid_value(body["stream_format"], "stream_format", ("audio", "sse"))


VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip


def said(text: str) -> bytes:
    """Return the sound of a text: s16le mono 24 kHz."""
    text = text.strip()
    for clip in clips.speech():
        at = clip.sentence.find(text) if text else -1
        if at >= 0:
            pcm = clips.load(clip.id, SPEAK_RATE)
            end = at + len(text)
            end += len(clip.sentence[end:]) - len(clip.sentence[end:].lstrip())  # the space belongs to what is before
            samples, letters = len(pcm) // 2, len(clip.sentence)
            return pcm[samples * at // letters * 2 : samples * end // letters * 2]
    count = round(max(0.2, len(text) * LETTER_SECONDS) * SPEAK_RATE)
    time = np.arange(count) / SPEAK_RATE
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time)
    wave = sum(np.sin(2 * np.pi * TONE_HZ * number * time) / number for number in (1, 2, 3, 5))
    return (6000 * syllables * wave).astype("<i2").tobytes()


async def send_speech(
    request: web.Request, record: ReceivedRequest, answer: Speak, format: str, first: float, speed: float
) -> web.StreamResponse:
    """Send a speech: its first chunk after `first` seconds, then `speed` seconds of sound a second (0: at once)."""
    loop = asyncio.get_running_loop()
    started = record.body_at or loop.time()
    data = answer.pcm if format == "pcm" else await asyncio.to_thread(encoded, answer.pcm, format)
    response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPES.get(format, "audio/pcm")})
    if request.version >= HttpVersion11:  # nginx asks in HTTP/1.0 by default
        response.enable_chunked_encoding()
    await asyncio.sleep(max(0.0, started + first - loop.time()))
    await response.prepare(request)
    record.status, record.headers_at = 200, loop.time()
    for at in range(0, len(data), CHUNK_BYTES):
        sent = answer.seconds * at / max(1, len(data))
        if answer.breaks and sent >= answer.break_after:
            if answer.breaks is Break.STALL:
                await hang()
            await drain()
            reset(request)
            return response
        if speed and (wait := started + first + sent / speed - loop.time()) > 0:
            await asyncio.sleep(wait)
        part = data[at : at + CHUNK_BYTES]
        await response.write(part)
        record.first_audio_at = record.first_audio_at or loop.time()
        record.sound_sent += seconds(part, SPEAK_RATE) if format == "pcm" else 0.0
    await response.write_eof()
    record.done_at = loop.time()
    return response
