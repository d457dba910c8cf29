"""Datagrams that no honest server sends to a listener: each kind must cost them nothing but a counter."""

import random
from typing import Literal

from sandbox.voice import rtp
from sandbox.voice.sfu import Leg, Sfu

Kind = Literal["noise", "rtcp", "forged", "stranger", "video", "garbled", "truncated", "replay"]
KINDS: tuple[Kind, ...] = ("noise", "rtcp", "forged", "stranger", "video", "garbled", "truncated", "replay")
VIDEO, SENDER_REPORT = 101, 200


def inject(sfu: Sfu, leg: Leg, kind: Kind, count: int, *, ssrc: int, rng: random.Random) -> None:
    """Send `count` datagrams of one kind to a listener.

    noise: random bytes · rtcp: a sender report · forged: `ssrc`'s header with a bad tag · stranger: well sealed, of an
    SSRC nobody has · video: of `ssrc`, payload type 101 · garbled: of `ssrc`, well sealed, its frame neither DAVE nor
    Opus · truncated: the same, cut short · replay: the newest packets that were forwarded, again.
    """
    for _ in range(count):
        sfu.deliver(leg, _datagram(leg, kind, ssrc, rng))


def _datagram(leg: Leg, kind: Kind, ssrc: int, rng: random.Random) -> bytes:
    if kind == "noise":
        return rng.randbytes(rng.randint(1, 1200))
    if kind == "rtcp":
        return bytes([0x80, SENDER_REPORT, 0, 6]) + ssrc.to_bytes(4, "big") + rng.randbytes(60)
    if kind == "forged":
        header = bytes([0x90, rtp.OPUS]) + rng.randbytes(6) + ssrc.to_bytes(4, "big") + rtp.EXTENSION[:4]
        return header + rng.randbytes(100)
    if kind == "replay":
        return rng.choice(leg.recent) if leg.recent else b""
    leg.counter += 1
    data = rtp.seal(
        leg.key,
        leg.counter,
        rng.randrange(0x10000),
        rng.randrange(0x100000000),
        rng.randrange(0x100000000) if kind == "stranger" else ssrc,
        rng.randbytes(rng.randint(1, 300)),
        payload_type=VIDEO if kind == "video" else rtp.OPUS,
    )
    return data[: rng.randrange(len(data))] if kind == "truncated" else data
