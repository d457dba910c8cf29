"""RTP as Discord carries it: aead_xchacha20_poly1305_rtpsize around RFC 3550 headers.

The sandbox's own, written apart from bot/voice so that one's mistake is not the other's.
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

MODE = "aead_xchacha20_poly1305_rtpsize"
OPUS = 0x78
"Payload type of audio, the marker bit aside"
SILENCE = b"\xf8\xff\xfe"
"An Opus frame of silence: never encrypted end to end"
MARKER = b"\xfa\xfa"
"The last two bytes of every DAVE frame"
_HEADER = struct.Struct(">BBHII")
_PADDED, _EXTENDED = 0x20, 0x10
EXTENSION = bytes.fromhex("bede0001") + bytes.fromhex("51ff0000")
"One-byte header extensions (RFC 8285): preamble, then one element with its padding"
TWO_BYTE_EXTENSION = bytes.fromhex("10000002") + bytes.fromhex("0500060203040000")
"Two-byte header extensions: preamble, an element without a body, one with two bytes, padding"
MARKED = 0x80
"Bit beside the payload type: the first packet after a pause"


@dataclass(frozen=True, slots=True)
class SealedPacket:
    """One RTP packet, opened and stripped of padding and extension."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    counter: int
    "the 32 bits of nonce at the packet's end"


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
    payload_type: int = OPUS,
    contributors: tuple[int, ...] = (),
    extension: bytes = b"",
    padding: int = 0,
) -> bytes:
    """Build one packet. `extension` holds the 4-byte preamble and the body; `padding` is in bytes, 0 for none.

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
    """Return the SSRC of what looks like an RTP packet of version 2, else None."""
    return int.from_bytes(data[8:12], "big") if len(data) >= 12 + 16 + 4 and data[0] >> 6 == 2 else None


def unseal(key: bytes, data: bytes) -> SealedPacket | None:
    """Open a packet, or return None when it is cut short, forged or malformed."""
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
