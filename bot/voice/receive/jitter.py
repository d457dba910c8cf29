"""The jitter buffer: puts one SSRC's packets in order and finds the lost ones (RFC 3550 appendix A.1, small window).

Sequence numbers tell the order and the losses; RTP timestamps only tell how long a gap is.
"""

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

REORDER_WINDOW_PACKETS: Final = 3
"""A missing packet counts as lost once this many packets behind it have arrived."""
REORDER_WAIT_SECONDS: Final = 0.06
"""It counts as lost after this time even with fewer behind it: the last words of a turn must not wait for more."""
MAX_BUFFERED_PACKETS: Final = 150
"""3 s, more than piles up behind a blocked event loop."""
MAX_DROPOUT_PACKETS: Final = 3000
"""A jump forward beyond this is a new stream, not loss (RFC 3550)."""
MAX_MISORDER_PACKETS: Final = 100
"""A jump back beyond this is a new stream, not disorder (RFC 3550)."""


class Late(StrEnum):
    """Why the buffer refused a packet; each is a field of ReceiverStats."""

    DUPLICATE = "duplicate"
    "a copy is here, or was"
    LATE = "late"
    "concealment has filled its place"
    REPLAYED = "replayed"
    "far behind, with a nonce that is not new"
    OVERFLOW = "overflow"
    "too many packets wait"


class JitterSlot(NamedTuple):
    """The next packet in order."""

    payload: bytes
    timestamp: int
    "32 bits, as sent"
    arrived: float
    lost: int
    "packets lost just before it"
    restarted: bool
    "starts a new stream: nothing before it counts"


class _Waiting(NamedTuple):
    payload: bytes
    timestamp: int
    arrived: float


class JitterBuffer:
    """The reorder buffer of one SSRC."""

    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}
        "by extended sequence number"
        self._highest = 0
        self._next: int | None = None
        "the number that comes out next; None until the stream's first packet came out"
        self._lost: deque[int] = deque(maxlen=MAX_MISORDER_PACKETS)
        "numbers lately counted as lost, to tell a late packet from a second copy"
        self._finished: list[JitterSlot] = []
        "the rest of the stream before a restart"

    def __len__(self) -> int:
        return len(self._waiting) + len(self._finished)

    @property
    def waiting(self) -> bool:
        return bool(self._waiting or self._finished)

    def push(self, sequence: int, timestamp: int, payload: bytes, arrived: float, fresh: bool = True) -> Late | None:
        """Take a packet, or return why not.

        `fresh`: its nonce is higher than every one before. Only such a packet may restart the stream; a replay may not.
        """
        if self._next is None and not self._waiting:
            extended = self._highest = sequence
        else:
            step = (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
            if not -MAX_MISORDER_PACKETS <= step <= MAX_DROPOUT_PACKETS:
                if not fresh:
                    return Late.REPLAYED
                if len(self) >= MAX_BUFFERED_PACKETS:
                    return Late.OVERFLOW
                self.restart()
                extended = self._highest = sequence
            else:
                extended = self._highest + step
        if self._next is not None and extended < self._next:
            return Late.LATE if extended in self._lost else Late.DUPLICATE
        if extended in self._waiting:
            return Late.DUPLICATE
        if len(self) >= MAX_BUFFERED_PACKETS:
            return Late.OVERFLOW
        self._highest = max(self._highest, extended)
        self._waiting[extended] = _Waiting(payload, timestamp, arrived)
        return None

    def pop(self, now: float) -> Iterator[JitterSlot]:
        """Yield the packets that are in order, and those that have waited long enough for the ones before them."""
        while self._finished:
            yield self._finished.pop(0)
        while self._waiting:
            # Packets that came before the first pop may be out of order too, so the lowest number starts.
            if (
                self._next is not None
                and self._next not in self._waiting
                and len(self._waiting) < REORDER_WINDOW_PACKETS
                and now - min(packet.arrived for packet in self._waiting.values()) < REORDER_WAIT_SECONDS
            ):
                return
            yield self._take()

    def _take(self) -> JitterSlot:
        expected = self._next
        first = expected if expected in self._waiting else min(self._waiting)
        lost = 0 if expected is None else first - expected
        if lost:
            self._lost.extend(range(max(first - lost, first - MAX_MISORDER_PACKETS), first))
        self._next = first + 1
        packet = self._waiting.pop(first)
        return JitterSlot(packet.payload, packet.timestamp, packet.arrived, lost, restarted=expected is None)

    def restart(self) -> None:
        """Release every waiting packet, and take the next one as the first of a new stream."""
        while self._waiting:
            self._finished.append(self._take())
        self._next = None
        self._lost.clear()
