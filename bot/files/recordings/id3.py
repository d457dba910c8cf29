"""Tags of MP3 (ID3v2) before recordings of other formats, which FFmpeg then takes for none.

Taggers write them before Monkey's Audio, WavPack, Musepack and whatever is called .mp3.
"""

import re
from typing import BinaryIO

_TAG_HEAD_BYTES = 10
_HAS_FOOTER = 0x10
_SIGNATURE = re.compile(rb"MAC |MPCK|MP\+|wvpk|tBaK|TTA1|fLaC|OggS|FORM|RIFF|RF64|caff|....ftyp", re.DOTALL)
"""How the formats begin that have other tags, or ID3 in a chunk of its own."""


def foreign_bytes(file: BinaryIO) -> int:
    """Return the size of the tags before a recording that has none by its own standard; 0: there are none."""
    at = 0
    while (head := _at(file, at)).startswith(b"ID3"):
        size = 0
        for byte in head[6:]:  # seven bits each (ID3v2.4 section 6.2)
            size = size << 7 | byte & 0x7F
        at += size + _TAG_HEAD_BYTES * (2 if head[5] & _HAS_FOOTER else 1)
    return at if _SIGNATURE.match(head) else 0


def _at(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    head = file.read(_TAG_HEAD_BYTES)
    return head if len(head) == _TAG_HEAD_BYTES else b""
