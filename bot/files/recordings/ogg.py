"""What FFmpeg does not read of Ogg files (RFC 3533): links with other channels, and the page in which a file is cut.

Links are streams that follow one another in one file. FFmpeg refuses one with other channels than the first and tells
the length of the first alone, so each link is read as a file of its own. Of a page whose end is missing it reads
nothing, and many a voice message is a single page.
"""

import zlib

_BEGINS_STREAM, _ENDS_STREAM, _PAGE_HEAD_BYTES = 2, 4, 27
_PAGE_START = b"OggS"
_LARGEST_PAGE_BYTES = _PAGE_HEAD_BYTES + 255 + 255 * 255
_PACKET_GOES_ON = 255
"""A segment of this size is followed by another one of its packet."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def links(data: bytes | memoryview) -> list[tuple[int, int]]:
    """Return where each link begins and ends. Streams that begin together, as sound and pictures, are one link."""
    starts: list[int] = []
    at, beginning = 0, False
    while at + _PAGE_HEAD_BYTES <= len(data) and data[at : at + 4] == _PAGE_START:
        begins = bool(data[at + 5] & _BEGINS_STREAM)
        if begins and not beginning:
            starts.append(at)
        beginning = begins
        count = data[at + 26]
        at += _PAGE_HEAD_BYTES + count + sum(data[at + _PAGE_HEAD_BYTES : at + _PAGE_HEAD_BYTES + count])
    if not starts:
        return [(0, len(data))]
    starts[0] = 0
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def completed(data: bytes) -> bytes:
    """Return a file that is cut in a page with the packets of this page that are whole, and so that it is still cut."""
    at = data.rfind(_PAGE_START, max(0, len(data) - _LARGEST_PAGE_BYTES))
    page = data[max(0, at) :]
    count = page[26] if len(page) >= _PAGE_HEAD_BYTES else 0
    segments, body = page[_PAGE_HEAD_BYTES:][:count], page[_PAGE_HEAD_BYTES + count :]
    size, packets, kept = 0, 0, (0, 0)
    for place, length in enumerate(segments, 1):
        size += length
        if length < _PACKET_GOES_ON and size <= len(body):
            packets, kept = packets + 1, (place, size)
    if at < 0 or not packets or size <= len(body):
        return data
    share = packets / sum(length < _PACKET_GOES_ON for length in segments)
    before, end = _granule_before(data, at), _granule(page)
    granule = before + round((end - before) * share)
    head = page[:5] + bytes([page[5] & ~_ENDS_STREAM]) + granule.to_bytes(8, "little", signed=True) + page[14:22]
    rest = bytes([kept[0]]) + segments[: kept[0]] + body[: kept[1]]
    checksum = _checksum(head + bytes(4) + rest).to_bytes(4, "little")
    return data[:at] + head + checksum + rest + _PAGE_START


def _granule_before(data: bytes, at: int) -> int:
    """Return when the page before the one at `at` ends, of the same stream, in the stream's own unit."""
    stream, before = data[at + 14 : at + 18], at
    while (before := data.rfind(_PAGE_START, 0, before)) >= 0:
        if data[before + 14 : before + 18] == stream and (granule := _granule(data[before : before + 14])) >= 0:
            return granule
    return 0


def _granule(page: bytes) -> int:
    return int.from_bytes(page[6:14], "little", signed=True)


def _checksum(page: bytes) -> int:
    """Return the CRC-32 of a page, which is zlib's with all bits mirrored."""
    found = zlib.crc32(page.translate(_MIRRORED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{found:032b}"[::-1], 2)
