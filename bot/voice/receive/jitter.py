"""Puts one SSRC's packets in order and finds what is missing (RFC 3550 appendix A.1, with a small window).

Sequence numbers decide the order and what is lost; RTP timestamps only say how long a gap is.
"""

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

WINDOW: Final = 3
"""Packets behind a missing one after which it is given up."""
WAIT: Final = 0.06
"""Seconds after which it is given up even if fewer came: so that the last words do not wait for more."""
CAPACITY: Final = 150
"""Packets kept: 3 s, more than a blocked event loop lets pile up."""
MAX_DROPOUT: Final = 3000
"""A jump forward beyond this is a new stream, not loss (RFC 3550)."""
MAX_MISORDER: Final = 100
"""A jump back beyond this is a new stream, not disorder (RFC 3550)."""


class Late(StrEnum):
    """Why a packet was not taken; each is a field of ReceiverStats."""

    DUPLICATE = "duplicate"
    "it is here already, or was"
    LATE = "late"
    "its place was filled by concealment"
    REPLAYED = "replayed"
    "far behind, and its nonce is not new"
    OVERFLOW = "overflow"
    "too many wait"


class JitterSlot(NamedTuple):
    """The next packet in order."""

    payload: bytes
    timestamp: int
    "32 bits, as sent"
    arrived: float
    lost: int
    "packets missing just before it"
    restarted: bool
    "begins a new stream: nothing before it counts"


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
        "what comes out next; None until the stream's first packet came out"
        self._lost: deque[int] = deque(maxlen=MAX_MISORDER)
        "given up lately, to tell a late packet from a second copy"
        self._finished: list[JitterSlot] = []
        "what was left of the stream before a restart"

    def __len__(self) -> int:
        return len(self._waiting) + len(self._finished)

    def push(self, sequence: int, timestamp: int, payload: bytes, arrived: float, fresh: bool = True) -> Late | None:
        """Take a packet, or say why not.

        `fresh`: its nonce is newer than all before. Only such a packet may start the stream anew, no replay.
        """
        if self._next is None and not self._waiting:
            extended = self._highest = sequence
        else:
            step = (sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
            if not -MAX_MISORDER <= step <= MAX_DROPOUT:
                if not fresh:
                    return Late.REPLAYED
                if len(self) >= CAPACITY:
                    return Late.OVERFLOW
                self.restart()
                extended = self._highest = sequence
            else:
                extended = self._highest + step
        if self._next is not None and extended < self._next:
            return Late.LATE if extended in self._lost else Late.DUPLICATE
        if extended in self._waiting:
            return Late.DUPLICATE
        if len(self) >= CAPACITY:
            return Late.OVERFLOW
        self._highest = max(self._highest, extended)
        self._waiting[extended] = _Waiting(payload, timestamp, arrived)
        return None

    def pop(self, now: float) -> Iterator[JitterSlot]:
        """Yield what is in order, and what has waited long enough for the packets before it."""
        while self._finished:
            yield self._finished.pop(0)
        while self._waiting:
            # Packets that came before the first pop may be out of order too, so the lowest of them begins.
            if (
                self._next is not None
                and self._next not in self._waiting
                and len(self._waiting) < WINDOW
                and now - min(packet.arrived for packet in self._waiting.values()) < WAIT
            ):
                return
            yield self._take()

    def _take(self) -> JitterSlot:
        expected = self._next
        first = expected if expected in self._waiting else min(self._waiting)
        lost = 0 if expected is None else first - expected
        if lost:
            self._lost.extend(range(max(first - lost, first - MAX_MISORDER), first))
        self._next = first + 1
        packet = self._waiting.pop(first)
        return JitterSlot(packet.payload, packet.timestamp, packet.arrived, lost, restarted=expected is None)

    def restart(self) -> None:
        """Let all that waits out, and take the next packet as the first of a new stream."""
        while self._waiting:
            self._finished.append(self._take())
        self._next = None
        self._lost.clear()
