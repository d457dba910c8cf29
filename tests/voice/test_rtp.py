import struct

import pytest

from bot.voice.receive import rtp
from bot.voice.receive.rtp import Reject

TAIL = bytes(20)


def header(first: int = 0x80, second: int = 0x78, more: bytes = b"") -> bytes:
    return struct.pack(">BBHII", first, second, 7, 960, 0xABCD) + more


@pytest.mark.parametrize(
    ("datagram", "fate"),
    [
        (b"", Reject.NOT_RTP),
        (bytes(8), Reject.NOT_RTP),
        (header(0x40) + b"x" + TAIL, Reject.NOT_RTP),
        (header() + TAIL, Reject.NOT_RTP),
        (header(0x8F) + b"x" + TAIL, Reject.NOT_RTP),
        (header(0x90), Reject.NOT_RTP),
        (header() + bytes(rtp.MAX_DATAGRAM_BYTES), Reject.NOT_RTP),
        (header(second=200) + b"x" + TAIL, Reject.RTCP),
        (header(second=201) + b"x" + TAIL, Reject.RTCP),
        (header(second=0x65) + b"x" + TAIL, Reject.NOT_AUDIO),
        (header(second=0x66 | 0x80) + b"x" + TAIL, Reject.NOT_AUDIO),
    ],
)
def test_what_is_not_audio_has_a_fate(datagram: bytes, fate: Reject):
    assert rtp.parse(datagram) is fate


@pytest.mark.parametrize(
    ("first", "more", "extension", "padded"),
    [
        (0x80, b"", 0, False),
        (0xA0, b"", 0, True),
        (0x82, b"\0" * 8, 0, False),
        (0x90, b"\xbe\xde\x00\x02", 8, False),
        (0x90, b"\x10\x00\x00\x02", 8, False),
        (0x92, b"\0" * 8 + b"\x10\x05\x00\x00", 0, False),
        (0xB1, b"\0" * 4 + b"\xbe\xde\x00\x01", 4, True),
    ],
)
@pytest.mark.parametrize("marker", [0, 0x80])
def test_the_authenticated_header_ends_before_the_extension_body(
    first: int, more: bytes, extension: int, padded: bool, marker: int
):
    clear = header(first, 0x78 | marker, more)
    packet = rtp.parse(clear + b"body" + TAIL)
    assert packet == rtp.RtpPacket(0xABCD, 7, 960, clear, b"body" + TAIL, extension, padded)


@pytest.mark.parametrize(
    ("extension", "padded", "plaintext", "payload"),
    [
        (0, False, b"opus", b"opus"),
        (0, False, b"", Reject.EMPTY),
        (4, False, b"extnopus", b"opus"),
        (0, True, b"opus\0\0\x03", b"opus"),
        (4, True, b"extnopus\x01", b"opus"),
        (4, True, b"extn\0\x02", Reject.EMPTY),
        (4, False, b"extn", Reject.EMPTY),
        (0, True, b"", Reject.BAD_PADDING),
        (0, True, b"opus\0", Reject.BAD_PADDING),
        (0, True, b"opus\x06", Reject.BAD_PADDING),
        (8, False, b"short", Reject.BAD_EXTENSION),
        (4, True, b"ext\x03", Reject.BAD_EXTENSION),
    ],
)
def test_padding_goes_first_then_the_extension(extension: int, padded: bool, plaintext: bytes, payload: bytes | Reject):
    packet = rtp.RtpPacket(1, 1, 1, b"", b"", extension, padded)
    assert rtp.payload(packet, plaintext) == payload
