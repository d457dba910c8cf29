"""The SSRCs of a call: whose each is, and the packets that wait until that is known."""

from collections.abc import Iterator, Set
from typing import Final

from bot.voice.receive.pending_packets import PendingPackets
from bot.voice.receive.token_bucket import TokenBucket

MAX_UNKNOWN_SSRCS: Final = 64
"""SSRCs whose person is unknown; each keeps at most 25 packets."""
MAX_KNOWN_SSRCS: Final = 1024
"""SSRCs whose person is known; the oldest goes first."""
MAX_PACKETS_PER_SECOND: Final = 150.0
"""Per SSRC. A microphone sends 50, or 100 with frames of 10 ms."""
MAX_BURST_PACKETS: Final = 200
"""Packets of one SSRC at once: 4 s of speech, more than the network or a blocked event loop gathers."""


class Ssrc:
    """One SSRC."""

    __slots__ = ("_bucket", "highest_nonce", "last_arrival", "last_trial", "number", "pending", "proven", "user_id")

    def __init__(self, number: int) -> None:
        self.number = number
        self.user_id: int | None = None
        self.proven = False
        "a packet was decrypted as this person's"
        self.pending = PendingPackets()
        self.last_arrival = 0.0
        "when the last authentic packet came"
        self.highest_nonce = -1
        "nonces are a 32-bit counter, so a replay has a lower one"
        self.last_trial: tuple[object, float] = (None, 0.0)
        "the keys with which its person was last looked for, and when"
        self._bucket = TokenBucket(MAX_PACKETS_PER_SECOND, MAX_BURST_PACKETS)

    def admit(self, arrived: float) -> bool:
        """Record a packet's arrival; return False when more come than a microphone sends."""
        if arrived > self.last_arrival:
            self.last_arrival = arrived
        return self._bucket.take(arrived)


class SsrcTable:
    """All SSRCs of a call: one per person, and a few whose person is unknown."""

    def __init__(self, max_unknown: int = MAX_UNKNOWN_SSRCS) -> None:
        self._max_unknown = max_unknown
        self._known: dict[int, Ssrc] = {}
        self._unknown: dict[int, Ssrc] = {}
        self._by_user: dict[int, int] = {}

    def __iter__(self) -> Iterator[Ssrc]:
        yield from self._known.values()
        yield from self._unknown.values()

    def __len__(self) -> int:
        return len(self._known) + len(self._unknown)

    @property
    def mapped_users(self) -> Set[int]:
        """The people whose SSRC is known."""
        return self._by_user.keys()

    def at(self, number: int) -> Ssrc | None:
        """Return the SSRC of a packet; None when it is new and too many are unknown already."""
        ssrc = self._known.get(number) or self._unknown.get(number)
        if ssrc is None and len(self._unknown) < self._max_unknown:
            ssrc = self._unknown[number] = Ssrc(number)
        return ssrc

    def of(self, user_id: int) -> Ssrc | None:
        number = self._by_user.get(user_id)
        return None if number is None else self._known[number]

    def bind(self, number: int, user_id: int) -> tuple[Ssrc, Ssrc | None]:
        """Make `number` the one SSRC of `user_id`; return it, and the SSRC that it displaced."""
        ssrc = self._known.get(number) or self._unknown.get(number) or Ssrc(number)
        if ssrc.user_id == user_id:
            return ssrc, None
        self.drop(ssrc)
        former = self.of(user_id)
        if former:
            self.drop(former)
        elif len(self._known) >= MAX_KNOWN_SSRCS:
            former = next(iter(self._known.values()))
            self.drop(former)
        ssrc.user_id = user_id
        ssrc.proven = False
        self._known[number] = ssrc
        self._by_user[user_id] = number
        return ssrc, former

    def drop(self, ssrc: Ssrc) -> None:
        """Forget an SSRC."""
        self._unknown.pop(ssrc.number, None)
        if self._known.pop(ssrc.number, None) and ssrc.user_id is not None:
            del self._by_user[ssrc.user_id]
