"""Links of a chained Ogg file: streams that follow one another in one file (RFC 3533 section 4).

FFmpeg refuses a link with other channels than the first and tells the length of the first alone, so each link is read
as a file of its own.
"""

_BEGINS_STREAM, _PAGE_HEAD_BYTES = 2, 27


def links(data: bytes | memoryview) -> list[tuple[int, int]]:
    """Return where each link begins and ends. Streams that begin together, as sound and pictures, are one link."""
    starts: list[int] = []
    at, beginning = 0, False
    while at + _PAGE_HEAD_BYTES <= len(data) and data[at : at + 4] == b"OggS":
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
