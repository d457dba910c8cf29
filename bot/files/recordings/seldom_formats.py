"""Whether recordings in formats that people seldom send break off, judged by structure or told length."""

import os
import re
import struct
from collections.abc import Callable
from typing import BinaryIO

_SPHERE_HEAD_BYTES = 1024
_SPHERE_FIELD = re.compile(rb"^(\w+) -(?:i|s\d+) (\S+)", re.MULTILINE)
_AVR_HEAD_BYTES = 128
_PSION_HEAD_BYTES = 32
_FLASH_HEAD_BYTES, _LONG_TAG = 12, 0x3F
_REAL_SLACK_BYTES = 10
"""FFmpeg counts the head of a chunk that it does not write."""
_DV_BLOCK_BYTES, _DV_BLOCKS = 80, (1500, 1800)
"""Blocks of a frame of NTSC and of PAL (IEC 61834-2)."""
_KEY = b"\x06\x0e\x2b\x34"
_NUT_INDEX = bytes.fromhex("4e58dd672f23e64e")
_NUT_INDEX_BYTES = 4 << 20
"""The index of any file that people send is smaller."""


def _sphere_cut(file: BinaryIO, size: int) -> bool | None:
    """NIST SPHERE: lines of a name, a type and a value."""
    file.seek(0)
    fields = dict(_SPHERE_FIELD.findall(file.read(_SPHERE_HEAD_BYTES)))
    try:
        count, channels, width = (int(fields[name]) for name in (b"sample_count", b"channel_count", b"sample_n_bytes"))
    except (KeyError, ValueError):
        return None
    return (
        None
        if b"embedded" in fields.get(b"sample_coding", b"")
        else _SPHERE_HEAD_BYTES + count * channels * width > size
    )


def _sox_cut(order: str) -> Callable[[BinaryIO, int], bool]:
    """SoX's own format: the size of the header without its name, and the samples of four bytes."""

    def judge(file: BinaryIO, size: int) -> bool:
        head, samples = struct.unpack(f"{order}IQ", _at(file, 4, 12).ljust(12, b"\0"))
        return 4 + head + samples * 4 > size

    return judge


def _psion_cut(file: BinaryIO, size: int) -> bool:
    return _PSION_HEAD_BYTES + int.from_bytes(_at(file, 18, 4), "big") > size


def _avr_cut(file: BinaryIO, size: int) -> bool:
    """Audio Visual Research: 0 for mono, the bits, and how many samples of all channels."""
    stereo, bits, frames = struct.unpack(">HH10xI", _at(file, 12, 18).ljust(18, b"\0"))
    return _AVR_HEAD_BYTES + frames * (2 if stereo else 1) * (bits // 8) > size


def _flash_cut(file: BinaryIO, size: int) -> bool:
    """Flash: a rectangle, and tags up to an empty one (SWF 19 chapter 2); nobody trusts the length in the header."""
    bits = int.from_bytes(_at(file, 8, 1), "big") >> 3
    at = _FLASH_HEAD_BYTES + (5 + 4 * bits + 7) // 8
    while at + 2 <= size:
        kind, length = divmod(int.from_bytes(_at(file, at, 2), "little"), 1 << 6)
        at += 2
        if length == _LONG_TAG:
            length = int.from_bytes(_at(file, at, 4), "little")
            at += 4
        if not kind:
            return False
        at += length
    return True


def _real_cut(file: BinaryIO, size: int) -> bool:
    """RealMedia: chunks of a name, a size, and what they hold."""
    at = 0
    while at + 8 <= size:
        length = int.from_bytes(_at(file, at + 4, 4), "big")
        if length < 8:
            return False  # written live
        at += length
    return at > size + _REAL_SLACK_BYTES


def _mlp_cut(file: BinaryIO, size: int) -> bool:
    """MLP and TrueHD: access units, of which twelve bits tell the length in words."""
    data, at = _at(file, 0, size), 0
    while at + 2 <= size:
        length = 2 * ((data[at] & 0xF) << 8 | data[at + 1])
        if not length:
            return False  # padding
        at += length
    return at != size


def _mxf_cut(file: BinaryIO, size: int) -> bool:
    """MXF: a key of 16 bytes, the length, and the value (SMPTE 336M)."""
    at = 0
    while at < size:
        head = _at(file, at, 25)
        if not head.startswith(_KEY):
            return len(head) < 4
        if len(head) < 17:
            return True
        more = head[16] & 0x7F if head[16] & 0x80 else 0
        at += 17 + more + (int.from_bytes(head[17 : 17 + more], "big") if more else head[16])
    return at > size


def _nut_cut(file: BinaryIO, size: int) -> bool:
    """NUT ends in an index."""
    return _NUT_INDEX not in _at(file, max(0, size - _NUT_INDEX_BYTES), _NUT_INDEX_BYTES)


def _dv_cut(file: BinaryIO, size: int) -> bool:
    return size % (_DV_BLOCK_BYTES * _DV_BLOCKS[_at(file, 3, 1) >= b"\x80"]) != 0


def _at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at, os.SEEK_SET)
    return file.read(count)


SELDOM_FORMATS: tuple[tuple[bytes, int, Callable[[BinaryIO, int], bool | None]], ...] = (
    (b"NIST_1A", 0, _sphere_cut),
    (b".SoX", 0, _sox_cut("<")),
    (b"XoS.", 0, _sox_cut(">")),
    (b"ALawSoundFile**\0", 0, _psion_cut),
    (b"2BIT", 0, _avr_cut),
    (b"FWS", 0, _flash_cut),
    (b".RMF", 0, _real_cut),
    (b"\xf8\x72\x6f", 4, _mlp_cut),
    (_KEY, 0, _mxf_cut),
    (b"nut/multimedia", 0, _nut_cut),
    (b"\x1f\x07\0", 0, _dv_cut),
)
"""As those of ending.py: a format's first bytes, where they stand, and what judges its end."""
