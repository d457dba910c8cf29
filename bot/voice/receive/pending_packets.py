"""Packets that cannot be opened yet, kept in order of arrival."""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

PACKETS: Final = 25
SECONDS: Final = 0.5
"""The end-to-end key or the name behind an SSRC may come some 300 ms after the first sound."""


class PendingPacket(NamedTuple):
    """A payload whose transport encryption is off."""

    sequence: int
    timestamp: int
    payload: bytes
    arrived: float
    fresh: bool
    "as in Jitter.push"


class PendingPackets:
    """One SSRC's queue, retried from its head before anything newer is tried.

    davey refuses every nonce below the first it accepted in an epoch, so an older packet after a newer one is lost.
    """

    def __init__(self) -> None:
        self._queue: deque[PendingPacket] = deque()
        self._tried: object = None

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, packet: PendingPacket, keys: object) -> bool:
        """Keep a packet that `keys` did not open; return whether the oldest had to go for it."""
        full = len(self._queue) >= PACKETS
        if full:
            self._queue.popleft()
        self._queue.append(packet)
        self._tried = keys
        return full

    def retry(self, keys: object, opens: Callable[[PendingPacket], bool]) -> None:
        """Offer each packet to `opens`, unless all were with these `keys`; those it takes leave the queue."""
        if self._queue and keys != self._tried:
            self._tried = keys
            self._queue = deque(packet for packet in self._queue if not opens(packet))

    def probe(self, opens: Callable[[PendingPacket], bool]) -> None:
        """Offer the head to `opens` in any case, and the others if it takes it: keys may change unseen."""
        if self._queue and opens(self._queue[0]):
            self._queue.popleft()
            self._queue = deque(packet for packet in self._queue if not opens(packet))

    def expire(self, now: float) -> int:
        """Drop what waited too long and return how many packets that were."""
        count = 0
        while self._queue and now - self._queue[0].arrived > SECONDS:
            self._queue.popleft()
            count += 1
        return count

    def clear(self) -> int:
        """Drop everything and return how many packets that were."""
        count = len(self._queue)
        self._queue.clear()
        return count
