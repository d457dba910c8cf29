"""The header of a WAV file that is still arriving (RIFF; Microsoft: Multiple Channel Audio Data); pure."""

from dataclasses import dataclass

from bot.engine.samples import Encoding, SampleFormat

MAX_WAV_HEADER_BYTES = 1 << 18
"""Broadcast files carry long notes before their samples; a longer header is no header."""
_EXTENSIBLE_TAG = 0xFFFE
_ENCODINGS_BY_TAG = {1: Encoding.INTEGER, 3: Encoding.FLOAT, 6: Encoding.ALAW, 7: Encoding.ULAW}
_ENDLESS_DATA_BYTES = 0x7FFF_0000
"""Writers to a pipe do not know the length: 0, or a number as large as this or larger, stands for it."""
_CHUNK_IDS = {b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"fact", b"JUNK", b"PEAK", b"afsp",
              b"_PMX", b"axml", b"chna", b"ds64", b"adtl", b"inst", b"acid", b"SAUR"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What comes before the samples."""

    bytes: int
    "of the header: the samples begin after them"
    format: SampleFormat | None
    "None: the samples are compressed, or nobody can tell what they are"
    data_bytes: int | None
    "of the samples; None: until the end"


def read_header(data: bytes) -> WavHeader | None:
    """Read the header at the start of `data`; None while it is incomplete."""
    if data[:4] == b"RIFX":
        return WavHeader(0, None, None)
    at, format = 12, None
    while at + 8 <= len(data) and at < MAX_WAV_HEADER_BYTES:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            return WavHeader(at + 8, format, size if 0 < size < _ENDLESS_DATA_BYTES else None)
        if name == b"fmt ":
            if at + 8 + min(size, 40) > len(data):
                return None
            format = _format(data[at + 8 : at + 8 + min(size, 40)])
        at += 8 + size + size % 2
    return None if at < MAX_WAV_HEADER_BYTES else WavHeader(0, None, None)


def trailer_bytes(data: bytes) -> int | None:
    """Return how long the notes are that follow the samples; 0: these are samples, too; None while it is not known."""
    if len(data) < 8:
        return None if any(name.startswith(data[:4]) for name in _CHUNK_IDS) else 0
    return 8 + int.from_bytes(data[4:8], "little") if data[:4] in _CHUNK_IDS else 0


def _format(chunk: bytes) -> SampleFormat | None:
    if len(chunk) < 16:
        return None
    word = lambda at, width=2: int.from_bytes(chunk[at : at + width], "little")  # noqa: E731
    tag, channels, rate, align, bits = word(0), word(2), word(4, 4), word(12), word(14)
    if tag == _EXTENSIBLE_TAG and len(chunk) >= 26:
        tag = word(24)
    encoding = _ENCODINGS_BY_TAG.get(tag)
    if encoding is None:
        return None
    # The frame's size says how many bytes a sample takes: 24 bits may stand in 32.
    width = align // channels if channels and align % channels == 0 and align else -(-bits // 8)
    return SampleFormat(encoding, width, channels, rate)
