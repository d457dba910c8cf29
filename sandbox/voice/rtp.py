"""RTP as Discord carries it: aead_xchacha20_poly1305_rtpsize around RFC 3550 headers.

The sandbox has its own code, apart from bot/voice, because a mistake in one must not hide a mistake in the other.
"""

import struct
from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _open,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _seal,
)
from nacl.exceptions import CryptoError

ENCRYPTION_MODE = "aead_xchacha20_poly1305_rtpsize"
OPUS_PAYLOAD_TYPE = 0x78
"Payload type of audio, without the marker bit"
SENDER_REPORT = 200
"RTCP packet type (RFC 3550)"
SILENCE = b"\xf8\xff\xfe"
"An Opus frame of silence. It is never end-to-end encrypted."
DAVE_MARKER = b"\xfa\xfa"
"The last two bytes of every DAVE frame"
_HEADER = struct.Struct(">BBHII")
_PADDED, _EXTENDED = 0x20, 0x10
ONE_BYTE_EXTENSION = bytes.fromhex("bede0001") + bytes.fromhex("51ff0000")
"One-byte header extensions (RFC 8285): preamble, then one element with its padding"
TWO_BYTE_EXTENSION = bytes.fromhex("10000002") + bytes.fromhex("0500060203040000")
"Two-byte header extensions: preamble, an element without a body, one with two bytes, padding"
RTP_MARKER_BIT = 0x80
"Bit next to the payload type that marks the first packet after a pause"


@dataclass(frozen=True, slots=True)
class SealedPacket:
    """One decrypted RTP packet, without padding and extension."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    counter: int
    "the 32-bit nonce at the packet's end"


def _nonce(counter: bytes) -> bytes:
    return counter + bytes(20)


def seal(
    key: bytes,
    counter: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    payload_type: int = OPUS_PAYLOAD_TYPE,
    contributors: tuple[int, ...] = (),
    extension: bytes = b"",
    padding: int = 0,
) -> bytes:
    """Build one packet. `extension` has the 4-byte preamble and the body; `padding` is in bytes, 0 for none.

    `contributors`: the CSRC list, at most 15.
    """
    first = 0x80 | (_PADDED if padding else 0) | (_EXTENDED if extension else 0) | len(contributors)
    header = _HEADER.pack(first, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    header += b"".join(other.to_bytes(4, "big") for other in contributors) + extension[:4]
    body = extension[4:] + payload
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    tail = counter.to_bytes(4, "big")
    return header + _seal(body, header, _nonce(tail), key) + tail


def ssrc_of(data: bytes) -> int | None:
    """Return the SSRC if `data` looks like an RTP packet of version 2, else None."""
    return int.from_bytes(data[8:12], "big") if len(data) >= 12 + 16 + 4 and data[0] >> 6 == 2 else None


def unseal(key: bytes, data: bytes) -> SealedPacket | None:
    """Decrypt a packet, or return None if it is truncated, forged or malformed."""
    if ssrc_of(data) is None:
        return None
    first, payload_type, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    size = 12 + 4 * (first & 0x0F)
    words = 0
    if first & _EXTENDED:
        words = int.from_bytes(data[size + 2 : size + 4], "big")
        size += 4
    try:
        body = _open(data[size:-4], data[:size], _nonce(data[-4:]), key)
    except (CryptoError, ValueError):
        return None
    if first & _PADDED:
        if not body or not 0 < body[-1] <= len(body):
            return None
        body = body[: -body[-1]]
    if len(body) < 4 * words:
        return None
    return SealedPacket(payload_type, sequence, timestamp, ssrc, body[4 * words :], int.from_bytes(data[-4:], "big"))
