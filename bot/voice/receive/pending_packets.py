"""Packets that cannot be opened yet, kept in order of arrival."""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

MAX_PENDING_PACKETS: Final = 25
MAX_PENDING_SECONDS: Final = 0.5
"""The end-to-end key, or the person behind an SSRC, may become known some 300 ms after the first sound."""


class PendingPacket(NamedTuple):
    """A payload after transport decryption."""

    sequence: int
    timestamp: int
    payload: bytes
    arrived: float
    fresh: bool
    "as in JitterBuffer.push"


class PendingPackets:
    """One SSRC's queue, retried from its head before anything newer is tried.

    davey refuses every nonce below the first that it accepted in an epoch: an older packet after a newer one is lost.
    """

    def __init__(self) -> None:
        self._queue: deque[PendingPacket] = deque()
        self._tried_keys: object = None

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, packet: PendingPacket, keys: object) -> bool:
        """Keep a packet that `keys` did not open; return whether it displaced the oldest."""
        full = len(self._queue) >= MAX_PENDING_PACKETS
        if full:
            self._queue.popleft()
        self._queue.append(packet)
        self._tried_keys = keys
        return full

    def retry(self, keys: object, opens: Callable[[PendingPacket], bool]) -> None:
        """Offer each packet to `opens`, unless that was done with these `keys`; those it takes leave the queue."""
        if self._queue and keys != self._tried_keys:
            self._tried_keys = keys
            self._queue = deque(packet for packet in self._queue if not opens(packet))

    def probe(self, opens: Callable[[PendingPacket], bool]) -> None:
        """Offer the head to `opens` whatever the keys, and the rest if it takes the head: keys may change unseen."""
        if self._queue and opens(self._queue[0]):
            self._queue.popleft()
            self._queue = deque(packet for packet in self._queue if not opens(packet))

    def expire(self, now: float) -> int:
        """Drop the packets that waited too long and return how many."""
        count = 0
        while self._queue and now - self._queue[0].arrived > MAX_PENDING_SECONDS:
            self._queue.popleft()
            count += 1
        return count

    def clear(self) -> int:
        """Drop all packets and return how many."""
        count = len(self._queue)
        self._queue.clear()
        return count
