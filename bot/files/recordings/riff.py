"""WAV files that FFmpeg misreads: integers in containers wider than they are, and big-endian files.

WAVE_FORMAT_EXTENSIBLE tells the bits of a sample's container and how many of them are valid. The samples are
left-aligned, so a reader may take all bits as valid (Microsoft, "Multiple channel audio data and WAVE files"). FFmpeg
takes 24 valid bits of 32 for a floating-point format. The samples of RIFX, the big-endian form, it reads little-endian.
"""

import struct

import numpy as np

_EXTENSIBLE_FORM = 0xFFFE
_INTEGER_SUBFORMAT = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
_FMT_BYTES = 40


def misread(head: bytes) -> bool:
    """Whether FFmpeg misreads the samples of the file that begins with `head`."""
    if _is_big_endian(head):
        return True
    at = _fmt(head)
    if at is None or len(head) < at + _FMT_BYTES:
        return False
    form, _, _, _, _, bits, _, valid = struct.unpack_from("<HHIIHHHH", head, at)
    integers = form == _EXTENSIBLE_FORM and head[at + 24 : at + _FMT_BYTES] == _INTEGER_SUBFORMAT
    return integers and 0 < valid < bits


def mended(data: bytes) -> bytes:
    """Return the same file as FFmpeg reads it right: little-endian, with all bits declared valid."""
    if _is_big_endian(data):
        return _little_endian(data)
    at = _fmt(data[: 1 << 16])
    assert at is not None
    mended_data = bytearray(data)
    mended_data[at + 18 : at + 20] = data[at + 14 : at + 16]
    return bytes(mended_data)


def _is_big_endian(head: bytes) -> bool:
    return head[:4] == b"RIFX" and head[8:12] == b"WAVE"


def _little_endian(data: bytes) -> bytes:
    """Return a RIFX file of integers as RIFF; any other as it is."""
    at, fmt = 12, (0, 0, 0, 0, 0, 0)
    while at + 8 <= len(data):
        name, size = struct.unpack_from(">4sI", data, at)
        content = data[at + 8 : at + 8 + size]
        if name == b"fmt " and size >= 16:
            fmt = struct.unpack_from(">HHIIHH", content)
        if name == b"data" and fmt[0] == 1 and fmt[5] % 8 == 0 and 0 < fmt[5] <= 64:
            width = fmt[5] // 8
            whole = np.frombuffer(content, np.uint8, len(content) // width * width)
            samples = whole.reshape(-1, width)[:, ::-1].tobytes()
            head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, *fmt, b"data", size)
            return struct.pack("<4sI4s", b"RIFF", 4 + len(head) + size, b"WAVE") + head + samples
        at += 8 + size + size % 2
    return data


def _fmt(head: bytes) -> int | None:
    """Return where the content of the format chunk begins."""
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    at = 12
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        if name == b"fmt ":
            return at + 8 if size >= _FMT_BYTES else None
        at += 8 + size + size % 2
    return None
