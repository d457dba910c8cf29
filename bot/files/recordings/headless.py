"""Recordings without a header, as telephone systems leave them: only their names tell what they are.

They get the header of a WAV file, which is what FFmpeg needs to know of them.
"""

import struct
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
_SIGNED = (b"RIFF", b"OggS", b"fLaC", b"ID3", b"\x1aE\xdf\xa3", b"FORM", b"caff", b".snd", b"#!AMR", b"PK\3\4", b"%PDF")
"""Beginnings that tell more than a name."""


def header_for(name: str, head: bytes, size: int) -> bytes:
    """Return the header that a recording of this name lacks; empty: it has one, or its name tells nothing."""
    told = _TELEPHONE.get(PurePosixPath(name).suffix.lower())
    if told is None or head.startswith(_SIGNED) or head[4:8] == b"ftyp":
        return b""
    form, bits, rate = told
    fmt = struct.pack("<HHIIHH", form, 1, rate, rate * bits // 8, max(1, bits // 8), bits)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(body) + size) + body
