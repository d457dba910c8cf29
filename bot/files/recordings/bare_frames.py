"""Bare frames without a container: whether the last one of a file is shorter than its own header says."""

import av
import av.error

FORMS = frozenset(("aac", "loas", "mp3", "ac3", "eac3", "dts"))
"""FFmpeg's names of what consists of frames that tell their length."""

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
_LEAST_FLAC_BYTES = 8
"""FFmpeg takes less than this for the end of the frame before."""


def frame_cut(form: str, packet: bytes) -> bool:
    """Whether a frame is shorter than its header says. `form` is the demuxer's name."""
    return len(packet) < frame_bytes(form, packet)


def flac_frame_cut(packet: bytes, extradata: bytes | None) -> bool:
    """Whether the last frame of a FLAC file breaks off. It tells no length, and what stands behind it is in the packet.

    FFmpeg decodes a frame whatever follows, be it tags or a line break, and refuses one that it must read beyond.
    """
    if packet.find(packet[:2], len(packet) - _LEAST_FLAC_BYTES + 1) > 0:
        return True
    decoder = av.CodecContext.create("flac", "r")
    decoder.extradata = extradata
    try:
        return not decoder.decode(av.Packet(packet))
    except av.error.FFmpegError:
        return True


def frame_bytes(form: str, packet: bytes) -> int:
    """Return the length that a frame's header tells; 0: it tells none. `form` is the demuxer's name."""
    head = packet.ljust(12, b"\0")
    match form:
        case "aac" if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
            return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        case "loas" if head[0] == 0x56 and head[1] & 0xE0 == 0xE0:
            return ((head[1] & 0x1F) << 8 | head[2]) + 3
        case "mp3" if head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
            return _mpeg_frame_bytes(head)
        case "ac3" if head.startswith(b"\x0b\x77"):
            return _ac3_frame_bytes(head)
        case "eac3" if head.startswith(b"\x0b\x77"):
            return 2 * (((head[2] & 7) << 8 | head[3]) + 1)
        case "dts" if head.startswith(_DTS_SYNC):
            return ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1
        case _:
            return 0


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
