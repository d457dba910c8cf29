"""Whether a file is cut off, judged by how it ends: its last page, box, chunk or element must be whole.

A length told by a header says little: it may be a guess, count a film's pictures, or leave out pauses.
"""

import os
import struct
from collections.abc import Callable
from typing import BinaryIO

from bot.files.recordings.seldom_formats import SELDOM_FORMATS

_STREAMED_BYTES = 0x7FFF_0000
"""A recorder that writes to a pipe claims at least this size, or none."""
_UNKNOWN_64 = (0, 0xFFFF_FFFF_FFFF_FFFF)
_OGG_TAIL_BYTES = 27 + 255 + 255 * 255
"""The largest page (RFC 3533 section 6)."""
_EBML_TAIL_BYTES = 4 << 20
"""Where the last cluster begins, in files that people send."""
_AMR_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0)
_AMR_WIDE_BYTES = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)
"""Bytes of a frame after its first, by its kind."""
_ASF_HEADER = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_ASF_DATA = b"\x36\x26\xb2\x75\x8e\x66\xcf\x11"
_ASF_EMPTY_DATA_BYTES = 50
"""A recorder that writes to a pipe tells no more of its sound than the object's own header."""
_SEGMENT_ID, _CLUSTER_ID = 0x18538067, 0x1F43B675
_CLUSTER_START = _CLUSTER_ID.to_bytes(4, "big")
_PACK_START, _PROGRAM_END = b"\0\0\1\xba", b"\0\0\1\xb9"
_PACK_BYTES = 14
"""The head of a pack without its stuffing."""
_PROGRAM_TAIL_BYTES = 4 << 20
"""A pack lasts 0.7 s at most (ISO 13818-1 section 2.7.1): this holds one of 47 Mbit/s, more than any disc has."""
_NAMES_A_CLUSTER = b"\x53\xab\x84"
"""Before the id of a cluster that an index names (SeekID of RFC 9559 section 5.1.1.1.1)."""


def cut(file: BinaryIO) -> bool | None:
    """Whether the end of a file is missing; None: its structure does not tell."""
    size = file.seek(0, os.SEEK_END)
    head = _at(file, 0, 16)
    for signature, at, judge in _STRUCTURES:
        if head[at : at + len(signature)] == signature:
            return judge(file, size)
    return None


def _ogg_cut(file: BinaryIO, size: int) -> bool:
    tail = _at(file, max(0, size - _OGG_TAIL_BYTES), _OGG_TAIL_BYTES)
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _boxes_cut(file: BinaryIO, size: int) -> bool:
    """Boxes of ISO 14496-12 section 4.2: u32 size, name; 1: the size follows as u64; 0: to the end."""
    at = 0
    while at < size:
        head = _at(file, at, 16)
        if len(head) < 8:
            return True
        length, name = struct.unpack_from(">I4s", head)
        if not all(0x20 <= letter < 0x7F or letter == 0xA9 for letter in name) or length == 0:
            return False  # padding behind the last box, or a box to the end
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or at + length > size:
            return length >= 8
        at += length
    return False


def _chunks_cut(order: str, words: int, form: bytes) -> Callable[[BinaryIO, int], bool]:
    """Judge a file of chunks (name, size), of which `form` holds the sound."""

    def judge(file: BinaryIO, size: int) -> bool:
        at, head = 12, struct.Struct(f"{order}4s{'I' if words == 4 else 'q'}")
        long_size = 0
        if form == b"caff":
            at = 8
        while at + head.size <= size:
            name, length = head.unpack(_at(file, at, head.size))
            if name == b"ds64":
                long_size = int.from_bytes(_at(file, at + 16, 8), "little")
            if name in (b"data", b"SSND", b"movi") or (name == b"LIST" and _at(file, at + 8, 4) == b"movi"):
                if length == 0xFFFF_FFFF and long_size:
                    length = long_size
                known = length > 0 and (length < _STREAMED_BYTES or length == long_size)
                return known and at + head.size + length > size
            at += head.size + max(0, length) + (length % 2 if words == 4 else 0)
        return at > size

    return judge


def _amr_cut(file: BinaryIO, size: int) -> bool:
    """Frames of RFC 4867 section 5.3, whose first byte tells their kind and so their size."""
    wide = _at(file, 0, 9) == b"#!AMR-WB\n"
    at, sizes = (9, _AMR_WIDE_BYTES) if wide else (6, _AMR_BYTES)
    file.seek(0)
    data = file.read()
    while at < size:
        at += 1 + sizes[data[at] >> 3 & 15]
    return at > size


def _au_cut(file: BinaryIO, size: int) -> bool:
    start, length = struct.unpack(">II", _at(file, 4, 8).ljust(8, b"\0"))
    return length < _STREAMED_BYTES and start + length > size


def _asf_cut(file: BinaryIO, size: int) -> bool:
    """Objects of ASF (section 2): a name of 16 bytes and the size; the second of them holds the sound."""
    at = 0
    while at + 24 <= size:
        head = _at(file, at, 24)
        length = int.from_bytes(head[16:24], "little")
        if length < 24 or (head.startswith(_ASF_DATA) and length == _ASF_EMPTY_DATA_BYTES < size - at):
            return False  # written live
        if at + length > size:
            return True
        at += length
    return False


def _w64_cut(file: BinaryIO, size: int) -> bool:
    at = 40
    while at + 24 <= size:
        head = _at(file, at, 24)
        length = int.from_bytes(head[16:24], "little")
        if length in _UNKNOWN_64 or length >> 62:
            return False
        if head[:4] == b"data":
            return at + length > size
        at += max(24, length + -length % 8)
    return False


def _ebml_cut(file: BinaryIO, size: int) -> bool:
    """Elements of RFC 8794: a segment and its clusters may be of unknown size, all else tells its size."""
    start = max(0, size - _EBML_TAIL_BYTES)
    tail = _at(file, start, _EBML_TAIL_BYTES)
    found = tail.rfind(_CLUSTER_START)
    while found >= 0 and tail.endswith(_NAMES_A_CLUSTER, 0, found):
        found = tail.rfind(_CLUSTER_START, 0, found)
    at = start + found if found >= 0 else 0
    while at < size:
        head = _at(file, at, 12)
        width = _vint_bytes(head[0])
        size_width = _vint_bytes(head[width]) if len(head) > width else 9
        if width > 4 or size_width > 8 or len(head) < width + size_width:
            return width <= 4
        name = int.from_bytes(head[:width], "big")
        mask = (1 << 7 * size_width) - 1
        length = int.from_bytes(head[width : width + size_width], "big") & mask
        at += width + size_width
        if length != mask and at + length > size:
            return True
        if name not in (_SEGMENT_ID, _CLUSTER_ID):
            at += length
    return False


def _flv_cut(file: BinaryIO, size: int) -> bool:
    """Tags of FLV (Annex E.4.1): kind, u24 size, seven bytes, the content, and u32 for the way back."""
    at = int.from_bytes(_at(file, 5, 4), "big") + 4
    while at + 11 <= size:
        at += 11 + int.from_bytes(_at(file, at + 1, 3), "big") + 4
    return at != size


def _mpc8_cut(file: BinaryIO, size: int) -> bool:
    """Packets of Musepack SV8: two letters, and the size of all as a number of seven bits a byte."""
    at = 4
    while at + 3 <= size:
        length, place = 0, 2
        for byte in _at(file, at + 2, 9):
            length, place = length << 7 | byte & 0x7F, place + 1
            if byte < 0x80:
                break
        if length < place:
            return False
        at += length
    return at > size


def _transport_cut(file: BinaryIO, size: int) -> bool | None:
    """Packets of 188 bytes (ISO 13818-1), four more where cameras put a time before each."""
    for length, first in ((188, 0), (192, 4)):
        if _at(file, first, 5 * length)[::length] == b"GGGGG":
            return size % length != 0
    return None


def _program_cut(file: BinaryIO, size: int) -> bool | None:
    """Packets of a program stream (ISO 13818-1 section 2.5.3), from the head of its last pack on."""
    start = max(0, size - _PROGRAM_TAIL_BYTES)
    tail = _at(file, start, _PROGRAM_TAIL_BYTES)
    at = tail.rfind(_PACK_START)
    if at < 0:
        return None
    if len(tail) < at + _PACK_BYTES:
        return True
    at += _PACK_BYTES + (tail[at + 13] & 7) if tail[at + 4] >> 6 == 1 else 12  # of MPEG-2, or of MPEG-1
    while tail[at : at + 3] == b"\0\0\1":
        if tail.startswith(_PROGRAM_END, at):
            return False  # whatever stands behind it
        if at + 6 > len(tail):
            return True
        at += 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
    return at > len(tail)  # else padding


def _vint_bytes(first: int) -> int:
    """Return the bytes of a variable-size integer that begins with `first`; 9: it is none."""
    return 9 - first.bit_length() if first else 9


def _at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


_STRUCTURES: tuple[tuple[bytes, int, Callable[[BinaryIO, int], bool | None]], ...] = (
    (b"OggS", 0, _ogg_cut),
    (b"ftyp", 4, _boxes_cut),
    (b"moov", 4, _boxes_cut),
    (b"mdat", 4, _boxes_cut),
    (b"\x1aE\xdf\xa3", 0, _ebml_cut),
    (b"RIFF", 0, _chunks_cut("<", 4, b"RIFF")),
    (b"RF64", 0, _chunks_cut("<", 4, b"RF64")),
    (b"RIFX", 0, _chunks_cut(">", 4, b"RIFX")),
    (b"FORM", 0, _chunks_cut(">", 4, b"FORM")),
    (b"caff", 0, _chunks_cut(">", 8, b"caff")),
    (b"riff", 0, _w64_cut),
    (b".snd", 0, _au_cut),
    (_ASF_HEADER, 0, _asf_cut),
    (b"#!AMR", 0, _amr_cut),
    (b"FLV\x01", 0, _flv_cut),
    (b"MPCK", 0, _mpc8_cut),
    (_PACK_START, 0, _program_cut),
    (b"G", 0, _transport_cut),
    (b"G", 4, _transport_cut),
    *SELDOM_FORMATS,
)
"""A format's first bytes, where they stand, and what judges its end."""
