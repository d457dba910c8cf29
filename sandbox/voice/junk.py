"""Datagrams that no honest server sends. Each kind must have no effect on a listener except on a counter."""

import random
from typing import Literal

from sandbox.voice import rtp
from sandbox.voice.sfu import Leg, Sfu

JunkKind = Literal["noise", "rtcp", "forged", "stranger", "video", "garbled", "truncated", "replay"]
JUNK_KINDS: tuple[JunkKind, ...] = ("noise", "rtcp", "forged", "stranger", "video", "garbled", "truncated", "replay")
VIDEO_PAYLOAD_TYPE = 101


def inject(sfu: Sfu, leg: Leg, kind: JunkKind, count: int, *, ssrc: int, rng: random.Random) -> None:
    """Send `count` datagrams of one kind to a listener.

    noise: random bytes · rtcp: a sender report · forged: `ssrc`'s header with a bad tag · stranger: well encrypted,
    from an SSRC that nobody has · video: from `ssrc`, payload type 101 · garbled: from `ssrc`, well encrypted, but its
    frame is neither DAVE nor Opus · truncated: the same, cut short · replay: recently forwarded packets again.
    """
    for _ in range(count):
        sfu.deliver(leg, _datagram(leg, kind, ssrc, rng))


def _datagram(leg: Leg, kind: JunkKind, ssrc: int, rng: random.Random) -> bytes:
    if kind == "noise":
        return rng.randbytes(rng.randint(1, 1200))
    if kind == "rtcp":
        return bytes([0x80, rtp.SENDER_REPORT, 0, 6]) + ssrc.to_bytes(4, "big") + rng.randbytes(60)
    if kind == "forged":
        header = (
            bytes([0x90, rtp.OPUS_PAYLOAD_TYPE])
            + rng.randbytes(6)
            + ssrc.to_bytes(4, "big")
            + rtp.ONE_BYTE_EXTENSION[:4]
        )
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
        payload_type=VIDEO_PAYLOAD_TYPE if kind == "video" else rtp.OPUS_PAYLOAD_TYPE,
    )
    return data[: rng.randrange(len(data))] if kind == "truncated" else data
