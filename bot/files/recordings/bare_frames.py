"""Bare frames without a container: whether the last one of a file is shorter than its own header says."""

_DTS_SYNC = b"\x7f\xfe\x80\x01"
_KILOBITS = {
    # (MPEG-1, layer) -> the bit rate by its number
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AC3_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_AC3_RATES = (48_000, 44_100, 32_000)
_AC3_FRAME_SAMPLES = 1536
_ID3_BYTES = 128
"""Of a tag behind the last frame, in its first version."""


def frame_cut(form: str, packet: bytes) -> bool:
    """Whether a frame is shorter than its header says. `form` is the demuxer's name."""
    head = packet.ljust(12, b"\0")
    match form:
        case "aac" if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
            length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        case "loas" if head[0] == 0x56 and head[1] & 0xE0 == 0xE0:
            length = ((head[1] & 0x1F) << 8 | head[2]) + 3
        case "mp3" if head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
            length = _mpeg_frame_bytes(head)
        case "ac3" if head.startswith(b"\x0b\x77"):
            length = _ac3_frame_bytes(head)
        case "eac3" if head.startswith(b"\x0b\x77"):
            length = 2 * (((head[2] & 7) << 8 | head[3]) + 1)
        case "dts" if head.startswith(_DTS_SYNC):
            length = ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1
        case "flac":
            return _checksum(packet[:-_ID3_BYTES] if packet[-_ID3_BYTES:].startswith(b"TAG") else packet) != 0
        case _:
            return False
    return len(packet) < length


def _checksum(frame: bytes) -> int:
    """Return the CRC-16 of a FLAC frame, its own included: 0 when it is whole (RFC 9639 section 9.3)."""
    found = 0
    for byte in frame:
        found ^= byte << 8
        for _ in range(8):
            found = (found << 1 ^ 0x8005 if found & 0x8000 else found << 1) & 0xFFFF
    return found


def _mpeg_frame_bytes(head: bytes) -> int:
    """Return the length that the header of a frame tells; 0: it tells none (ISO 11172-3 section 2.4.1.3)."""
    version, layer, rate, frequency = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in (2, 3) or frequency == 3 or rate in (0, 15):
        return 0
    kilobits = _KILOBITS[version == 3, layer][rate - 1]
    hertz = (44_100, 48_000, 32_000)[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    return (72_000 if version != 3 and layer == 3 else 144_000) * kilobits // hertz + (head[2] >> 1 & 1)


def _ac3_frame_bytes(head: bytes) -> int:
    """Return the length that a syncframe tells; 0: it tells none (ATSC A/52 table 5.18)."""
    frequency, size = head[4] >> 6, head[4] & 0x3F
    if frequency == 3 or size // 2 >= len(_AC3_KILOBITS):
        return 0
    words = _AC3_KILOBITS[size // 2] * 1000 * _AC3_FRAME_SAMPLES // _AC3_RATES[frequency] // 16
    return 2 * (words + (size & 1 if frequency == 1 else 0))
