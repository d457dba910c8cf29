"""What passes between the bot and the child processes that hear and speak.

Both ways in frames: a letter, the length as u32 little-endian, and the content. To each request the child answers with
frames of its kind and ANSWERED; a NOT_DONE, which holds no words of people, comes before that.
"""

import json
import struct
from typing import Any

WIRE_HEAD = struct.Struct("<cI")
MAX_WIRE_BYTES = 8 << 20
"""Four minutes of speech, the most that is ever heard at once."""
HEAR, SPEAK = b"h", b"k"
"""Requests: a line of JSON; what is heard follows it as s16le mono 16 kHz."""
LOADED, HEARD_WORDS, SPOKEN, NOT_DONE, ANSWERED = b"r", b"w", b"s", b"e", b"."
"""The model is loaded. Words as UTF-8; s16le mono 24 kHz; the name of an error; the end of an answer."""


def packed(kind: bytes, content: bytes = b"") -> bytes:
    """Return one frame."""
    return WIRE_HEAD.pack(kind, len(content)) + content


def request(kind: bytes, options: dict[str, Any], sound: bytes = b"") -> bytes:
    """Return the frame of a request."""
    return packed(kind, json.dumps(options).encode() + b"\n" + sound)


def parsed(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return a request's options and sound."""
    line, _, sound = content.partition(b"\n")
    return json.loads(line), sound
