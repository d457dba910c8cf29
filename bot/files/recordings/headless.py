"""Recordings without a header, as telephone systems leave them: only their names tell what they are.

They get the header of a WAV file, which is what FFmpeg needs to know of them. A name is asked last, because other
programs end theirs in the same letters: whatever FFmpeg knows by its content, and whatever is text, goes by that.
"""

import struct
from collections.abc import Callable
from pathlib import PurePosixPath

_PCM, _A_LAW, _MU_LAW, _G722 = 1, 6, 7, 0x28F
"""Numbers of WAVE formats (RFC 2361)."""
_TELEPHONE = {
    # the end of a name -> the format, bits a sample, samples a second
    ".al": (_A_LAW, 8, 8_000),
    ".alaw": (_A_LAW, 8, 8_000),
    ".pcma": (_A_LAW, 8, 8_000),
    ".ul": (_MU_LAW, 8, 8_000),
    ".ulaw": (_MU_LAW, 8, 8_000),
    ".pcmu": (_MU_LAW, 8, 8_000),
    ".g722": (_G722, 4, 16_000),
    ".sln": (_PCM, 16, 8_000),
    ".sln16": (_PCM, 16, 16_000),
    ".sln48": (_PCM, 16, 48_000),
}
HEADLESS_SUFFIXES = frozenset(_TELEPHONE)
_NO_SOUND = (
    b"PK\3\4", b"%PDF", b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff\xe0", b"\x7fELF", b"\x1f\x8b\x08",
    b"7z\xbc\xaf\x27\x1c", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Rar!\x1a\x07", b"\xfd7zXZ\0", b"SQLite format 3\0",
)  # fmt: skip
"""Beginnings of what is no sound, and long enough to be no chance."""


def header_for(name: str, head: bytes, size: int, known: Callable[[], bool]) -> bytes:
    """Return the header that a recording of this name lacks; empty: it needs none, or is none.

    `known`: whether FFmpeg tells by the content what it is; asked only when the name says something.
    """
    told = _TELEPHONE.get(PurePosixPath(name).suffix.lower())
    if told is None or head.startswith(_NO_SOUND) or _is_text(head) or known():
        return b""
    form, bits, rate = told
    fmt = struct.pack("<HHIIHH", form, 1, rate, rate * bits // 8, max(1, bits // 8), bits)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(body) + size) + body


def _is_text(head: bytes) -> bool:
    """Whether a beginning is UTF-8. Quiet sound may be letters, but has no spaces between them."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) - error.start > 3:  # else a letter that the end of the excerpt cuts in two
            return False
        text = head[: error.start].decode("utf-8-sig")
    return any(map(str.isspace, text)) and all(letter.isprintable() or letter.isspace() for letter in text)
