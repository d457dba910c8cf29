"""A request's body, built while it is sent: audio is encoded slice by slice, never as a whole.

A minute of speech is 2.5 MB of base64. Encoding it at once would block the event loop for tens of milliseconds and keep
three copies in memory. Here the PCM of the utterance is the only copy.
"""

import asyncio
import json
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from bot.audio import HEAR_RATE

SLICE_BYTES = 49_152
"""Takes about 60 us to encode. A multiple of 3, so slices join without padding."""
_SLICES_PER_YIELD = 8
"""About 1 ms of encoding between two yields to the event loop."""

SILENCE = bytes(HEAR_RATE * 2 // 10)
"""100 ms, one token. Audio models refuse a request without audio in and audio out, so this clip goes with it."""


def wav_header(length: int, rate: int) -> bytes:
    """Return the 44 bytes before `length` bytes of mono s16le PCM in a RIFF/WAVE file."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", length
    )


@dataclass(frozen=True, slots=True)
class Sound:
    """The place in a message where the server expects a base64 WAV file."""

    pcm: bytes | memoryview
    "s16le mono"
    rate: int
    "Hz"
    prefix: str = ""
    "before the base64, for servers that want a data URL"

    @property
    def length(self) -> int:
        """Bytes in the body."""
        return len(self.prefix) + 4 * -(-(44 + len(self.pcm)) // 3)

    def slices(self) -> "list[memoryview | bytes]":
        """Return the file in parts; each but the last is a multiple of 3 bytes."""
        header = wav_header(len(self.pcm), self.rate)
        first = SLICE_BYTES - len(header)
        view = memoryview(self.pcm)
        parts: list[memoryview | bytes] = [header + view[:first]]
        parts.extend(view[start : start + SLICE_BYTES] for start in range(first, len(self.pcm), SLICE_BYTES))
        return parts


def audio_part(pcm: bytes | memoryview, prefix: str) -> dict[str, Any]:
    """Return the part of a chat message that holds sound (s16le mono 16 kHz); `prefix` goes before its base64."""
    return {"type": "input_audio", "input_audio": {"data": Sound(pcm, HEAR_RATE, prefix), "format": "wav"}}


class RequestBody:
    """JSON with audio in it. A retry may iterate it again."""

    def __init__(self, payload: Mapping[str, object]) -> None:
        sounds: list[Sound] = []
        mark = token_hex(16)
        "placeholder for a sound in the JSON; random, so nobody can put it into a text"

        def stand_in(value: object) -> str:
            if not isinstance(value, Sound):
                raise TypeError(f"{type(value).__name__} has no place in a request")
            sounds.append(value)
            return mark

        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=stand_in)
        self._texts = [part.encode() for part in text.split(mark)]
        self._sounds = sounds

    def __len__(self) -> int:
        """Bytes, for Content-Length."""
        return sum(map(len, self._texts)) + sum(sound.length for sound in self._sounds)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give pieces of up to a slice and what is around it: each costs the HTTP library more than its copy."""
        piece, count = bytearray(self._texts[0]), 0
        for sound, text in zip(self._sounds, self._texts[1:], strict=True):
            piece += sound.prefix.encode()
            for part in sound.slices():
                piece += b64encode(part)
                count += 1
                if len(piece) >= SLICE_BYTES:
                    yield bytes(piece)
                    piece.clear()
                if count % _SLICES_PER_YIELD == 0:
                    await asyncio.sleep(0)
            piece += text
        yield bytes(piece)
