"""RTP as Discord uses it (RFC 3550 section 5.1): reading a datagram before and after transport decryption.

In the `rtpsize` modes the header, its CSRCs and the extension's 4-byte preamble travel in the clear and are
authenticated; the extension's body, the payload and the padding are inside the ciphertext.
"""

import struct
from enum import StrEnum
from typing import NamedTuple

AUDIO_PAYLOAD_TYPE = 0x78
"""Payload type of Opus on Discord; video and RTX have others."""
MAX_DATAGRAM_BYTES = 2048
"""Voice fits one Ethernet frame; anything longer is not voice and would only fill memory."""
AEAD_OVERHEAD_BYTES = 16 + 4
"""After the ciphertext: the Poly1305 tag and the truncated nonce."""

_FIXED_HEADER = struct.Struct(">BBHII")
_EXTENSION_PREAMBLE = struct.Struct(">HH")


class Reject(StrEnum):
    """Why a datagram is not an audio packet; each is a field of ReceiverStats."""

    NOT_RTP = "not_rtp"
    "too short or too long, or another RTP version"
    RTCP = "rtcp"
    "a control packet (RFC 5761 section 4 tells them apart)"
    NOT_AUDIO = "not_audio"
    "another payload type: video, retransmission"
    EMPTY = "empty"
    "nothing but padding or an extension: a network probe"
    BAD_PADDING = "bad_padding"
    "the padding count exceeds the packet"
    BAD_EXTENSION = "bad_extension"
    "the extension is longer than the packet"


class RtpPacket(NamedTuple):
    """An audio packet, still encrypted."""

    ssrc: int
    sequence: int
    "16 bits"
    timestamp: int
    "32 bits, 48 kHz"
    header: bytes
    "what AEAD authenticates: fixed header, CSRCs, extension preamble"
    body: bytes
    "ciphertext, tag, and the 4-byte nonce"
    extension: int
    "bytes of the extension's body, at the start of the plaintext"
    padded: bool
    "P bit: the plaintext's last byte counts the padding"


def parse(datagram: bytes) -> RtpPacket | Reject:
    """Read the unencrypted part of a datagram; never raises."""
    length = len(datagram)
    if length < _FIXED_HEADER.size or length > MAX_DATAGRAM_BYTES or datagram[0] >> 6 != 2:
        return Reject.NOT_RTP
    first, second, sequence, timestamp, ssrc = _FIXED_HEADER.unpack_from(datagram)
    if 192 <= second <= 223:
        return Reject.RTCP
    if second & 0x7F != AUDIO_PAYLOAD_TYPE:
        return Reject.NOT_AUDIO
    end = _FIXED_HEADER.size + 4 * (first & 0x0F)
    extension = 0
    if first & 0x10:
        if length < end + _EXTENSION_PREAMBLE.size:
            return Reject.NOT_RTP
        extension = 4 * _EXTENSION_PREAMBLE.unpack_from(datagram, end)[1]
        end += _EXTENSION_PREAMBLE.size
    if length <= end + AEAD_OVERHEAD_BYTES:
        return Reject.NOT_RTP
    return RtpPacket(ssrc, sequence, timestamp, datagram[:end], datagram[end:], extension, bool(first & 0x20))


def payload(packet: RtpPacket, plaintext: bytes) -> bytes | Reject:
    """Strip padding, then the extension's body, from the decrypted `plaintext`.

    Padding first: left in place it hides the trailer of the end-to-end encryption.
    """
    end = len(plaintext)
    if packet.padded:
        # At least 1: the count includes itself (RFC 3550 section 5.1).
        padding = plaintext[-1] if plaintext else 0
        if not 0 < padding <= end:
            return Reject.BAD_PADDING
        end -= padding
    if packet.extension > end:
        return Reject.BAD_EXTENSION
    if packet.extension == end:
        return Reject.EMPTY
    return plaintext[packet.extension : end] if packet.extension or packet.padded else plaintext
