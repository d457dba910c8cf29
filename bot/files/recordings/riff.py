"""WAV files that FFmpeg misreads: integers in containers wider than they are, big-endian files, unpadded chunks.

WAVE_FORMAT_EXTENSIBLE tells the bits of a sample's container and how many of them are valid. The samples are
left-aligned, so a reader may take all bits as valid (Microsoft, "Multiple channel audio data and WAVE files"). FFmpeg
takes 24 valid bits of 32 for a floating-point format. The samples of RIFX, the big-endian form, it reads little-endian.
Behind a chunk of odd size whose writer forgot the byte that pads it, it finds no sound. Nor does it in AIFF and W64
whose writer wrote to a pipe and could not tell their size (findings/ffmpeg-pipes-that-it-cannot-read.sh).
"""

import struct

import numpy as np

_EXTENSIBLE_FORM = 0xFFFE
_INTEGER_SUBFORMAT = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
_FMT_BYTES = 40
_HEAD = 1 << 16
_W64_DATA = b"data\xf3\xac\xd3\x11"
_W64_LEAST_UNKNOWN = 1 << 62
_MOST_UNPADDED = 8
_CHUNKS = (b"data", b"fmt ", b"LIST", b"fact", b"bext", b"JUNK", b"junk", b"PAD ", b"cue ", b"id3 ", b"iXML")
"""Names that may follow."""


def misread(head: bytes) -> bool:
    """Whether FFmpeg misreads the samples of the file that begins with `head`."""
    if _is_big_endian(head) or _unpadded(head) is not None or _open_size(head) is not None:
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
    if (place := _open_size(data[:_HEAD])) is not None:
        return _closed(data, place)
    for _ in range(_MOST_UNPADDED):
        if (end := _unpadded(data[:_HEAD])) is not None:
            data = data[:end] + b"\0" + data[end:]
    if not misread(data[:_HEAD]):
        return data
    at = _fmt(data[:_HEAD])
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


def _open_size(head: bytes) -> int | None:
    """Return where the size of the sound stands that a writer could not tell; None: it is told."""
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        at = head.find(b"SSND") + 4
        return at if at >= 4 and head[at : at + 4] == bytes(4) and b"COMM" in head[:at] else None
    if head[:4] == b"riff":
        at = head.find(_W64_DATA) + 16
        return at if at >= 16 and int.from_bytes(head[at : at + 8], "little") >= _W64_LEAST_UNKNOWN else None
    return None


def _closed(data: bytes, at: int) -> bytes:
    """Return a file whose sound goes to its end, with its size at `at`: for W64 that of the chunk, head included."""
    if data[:4] == b"riff":
        return data[:at] + struct.pack("<Q", len(data) - at + 16) + data[at + 8 :]
    size = len(data) - at - 4
    common = data.find(b"COMM")
    channels, _, bits = struct.unpack_from(">HIH", data, common + 8)
    frames = (size - 8) // max(1, channels * ((bits + 7) // 8))
    form = data[:4] + struct.pack(">I", len(data) - 8) + data[8 : common + 10]
    return form + struct.pack(">I", frames) + data[common + 14 : at] + struct.pack(">I", size) + data[at + 4 :]


def _unpadded(head: bytes) -> int | None:
    """Return where the first chunk of odd size ends that another follows without a padding byte."""
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    at = 12
    while at + 8 <= len(head) and head[at : at + 4] != b"data":
        end = at + 8 + int.from_bytes(head[at + 4 : at + 8], "little")
        if end % 2 and head[end : end + 4] in _CHUNKS and head[end + 1 : end + 5] not in _CHUNKS:
            return end
        at = end + end % 2
    return None


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
