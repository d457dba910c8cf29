"""The SSRCs of a call: whose each is, and what is kept of it while that is not known."""

from collections.abc import Iterator, Set
from typing import Final

from bot.voice.receive.pending_packets import PendingPackets
from bot.voice.receive.token_bucket import TokenBucket

MAX_UNKNOWN: Final = 64
"""SSRCs of nobody known that are looked at; each holds at most 25 packets."""
MAX_KNOWN: Final = 1024
"""SSRCs of people; the oldest goes first."""
RATE: Final = 150.0
"""Packets per second and SSRC. A microphone sends 50, or 100 with frames of 10 ms."""
BURST: Final = 200
"""Packets of one SSRC at once: 4 s of speech, more than the network or a blocked loop gathers."""


class Ssrc:
    """One SSRC."""

    __slots__ = ("_bucket", "arrived", "hold", "nonce", "proven", "ssrc", "tried", "user_id")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.user_id: int | None = None
        self.proven = False
        "a packet was decrypted as this person's"
        self.hold = PendingPackets()
        self.arrived = 0.0
        "when the last authentic packet came"
        self.nonce = -1
        "the highest nonce seen: a 32-bit counter, so a replay has a lower one"
        self.tried: tuple[object, float] = (None, 0.0)
        "with which keys, and when, it was last asked whose it is"
        self._bucket = TokenBucket(RATE, BURST)

    def admit(self, arrived: float) -> bool:
        """Note a packet's arrival; False when more come than a microphone sends."""
        self.arrived = max(self.arrived, arrived)
        return self._bucket.take(arrived)


class SsrcTable:
    """All SSRCs of a call: one per person, and a few of nobody known."""

    def __init__(self, max_unknown: int = MAX_UNKNOWN) -> None:
        self._max_unknown = max_unknown
        self._known: dict[int, Ssrc] = {}
        self._unknown: dict[int, Ssrc] = {}
        self._ssrcs: dict[int, int] = {}

    def __iter__(self) -> Iterator[Ssrc]:
        yield from self._known.values()
        yield from self._unknown.values()

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)

    @property
    def named(self) -> Set[int]:
        """The people whose SSRC is known."""
        return self._ssrcs.keys()

    def at(self, ssrc: int) -> Ssrc | None:
        """Return the source of a packet; None when it is unknown and too many are."""
        source = self._known.get(ssrc) or self._unknown.get(ssrc)
        if source is None and len(self._unknown) < self._max_unknown:
            source = self._unknown[ssrc] = Ssrc(ssrc)
        return source

    def of(self, user_id: int) -> Ssrc | None:
        ssrc = self._ssrcs.get(user_id)
        return None if ssrc is None else self._known[ssrc]

    def bind(self, ssrc: int, user_id: int) -> tuple[Ssrc, Ssrc | None]:
        """Make `ssrc` the one SSRC of `user_id`; return its source, and the one that had to go for it."""
        source = self._known.get(ssrc) or self._unknown.get(ssrc) or Ssrc(ssrc)
        if source.user_id == user_id:
            return source, None
        self.drop(source)
        former = self.of(user_id)
        if former:
            self.drop(former)
        elif len(self._known) >= MAX_KNOWN:
            former = next(iter(self._known.values()))
            self.drop(former)
        source.user_id = user_id
        source.proven = False
        self._known[ssrc] = source
        self._ssrcs[user_id] = ssrc
        return source, former

    def drop(self, source: Ssrc) -> None:
        """Forget an SSRC."""
        self._unknown.pop(source.ssrc, None)
        if self._known.pop(source.ssrc, None) and source.user_id is not None:
            del self._ssrcs[source.user_id]
