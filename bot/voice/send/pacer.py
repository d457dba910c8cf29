"""One thread that sends every call's next packet each 20 ms.

Each sender has a schedule of its own, counted from its first packet in absolute steps of 20 ms, so nothing drifts and a
first packet need not wait for a grid. Those that fall due together are served in one waking.
"""

import heapq
import itertools
import sys
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import Protocol, Self

import structlog

from bot.audio import FRAME_SECONDS

log = structlog.get_logger(__name__)

SLACK = 0.001
"""Seconds a packet may go early, to share a waking with others."""
CATCH_UP = 0.1
"""Seconds behind that are made up by sending faster; after a longer stall the schedule moves instead."""


SWITCH = 0.0005
"""Seconds a thread may keep the interpreter from another that waits; 0.005 by default. Sealing and sending a packet
give it up twice, so with 100 calls and a busy event loop the 99th percentile of lateness fell from 59 to 12 ms."""


class PacketSource(Protocol):
    """What a lane serves. Both are called in the pacer's thread."""

    def take(self) -> bytes | None:
        """Return the next Opus packet, or None: the lane sleeps until it is woken."""
        ...

    def send(self, packet: bytes, /) -> None: ...


class Lateness:
    """How late packets left, as a histogram: `counts[i]` of them by at most `BOUNDS[i]` seconds, the last beyond."""

    BOUNDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.04, 0.1, 0.5)

    def __init__(self) -> None:
        self.counts = [0] * (len(self.BOUNDS) + 1)
        self.total = 0.0
        self.max = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.BOUNDS, seconds)] += 1
        self.total += max(0.0, seconds)
        self.max = max(self.max, seconds)

    def quantile(self, share: float) -> float:
        """Return the bound below which this share of the packets lies; the maximum beyond the last bound."""
        wanted = share * sum(self.counts)
        for bound, below in zip(self.BOUNDS, itertools.accumulate(self.counts), strict=False):
            if below >= wanted:
                return min(bound, self.max)
        return self.max


class Lane:
    """One sender's place in the schedule."""

    def __init__(self, sender: PacketSource, wake: Callable[["Lane"], None]) -> None:
        self.sender = sender
        self._wake = wake
        self.due: float | None = None
        "when its next packet leaves; None while it sleeps"
        self.free_at = 0.0
        "a packet sent before this would be less than 20 ms after the last"
        self.closed = False
        self.sent = 0
        self.failed = 0
        "packets that could not be made or sent"
        self.skipped = 0
        "steps of 20 ms lost to stalls of the whole process"

    def wake(self) -> None:
        """Say that there is something to send: the first packet leaves at once. From any thread."""
        if not self.closed:
            self._wake(self)

    def close(self) -> None:
        """Leave the schedule. A packet that is leaving just now still may."""
        self.closed = True


class Wheel:
    """The schedule, without the thread: `turn` serves what is due by `clock` and says how long to sleep."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._queue: list[tuple[float, int, Lane]] = []
        self._order = itertools.count()
        self._woken: deque[Lane] = deque()
        self.lateness = Lateness()

    def woken(self, lane: Lane) -> None:
        self._woken.append(lane)

    @property
    def waiting(self) -> bool:
        """Whether a lane was woken since the last turn."""
        return bool(self._woken)

    @property
    def behind(self) -> float:
        """Seconds by which the next packet is overdue; may be asked from any thread."""
        queue = self._queue[:1]
        return max(0.0, self._clock() - queue[0][0]) if queue else 0.0

    def turn(self) -> float | None:
        """Return the seconds until the next packet is due, None when every lane sleeps."""
        while self._woken:
            lane = self._woken.popleft()
            if lane.due is None and not lane.closed:
                self._enter(lane, max(self._clock(), lane.free_at))
        while self._queue and self._queue[0][0] <= self._clock() + SLACK:
            due, _, lane = heapq.heappop(self._queue)
            self._serve(due, lane)
        return max(0.0, self._queue[0][0] - self._clock()) if self._queue else None

    def _enter(self, lane: Lane, due: float) -> None:
        lane.due = due
        heapq.heappush(self._queue, (due, next(self._order), lane))

    def _serve(self, due: float, lane: Lane) -> None:
        behind = self._clock() - due
        if behind > CATCH_UP:
            steps = int(behind / FRAME_SECONDS)
            lane.skipped += steps
            due += steps * FRAME_SECONDS
        packet: bytes | None = b""
        try:
            packet = None if lane.closed else lane.sender.take()
            if packet is not None:
                lane.sender.send(packet)
                lane.sent += 1
        except BaseException:
            # Whatever is wrong with one call, a panic in Rust included, the others' sound must go on.
            if not lane.failed:
                log.exception("packet_not_sent")
            lane.failed += 1
        if packet is None:
            lane.due, lane.free_at = None, due
            return
        self.lateness.add(max(self._clock() - due, behind))
        self._enter(lane, due + FRAME_SECONDS)


class Pacer:
    """The thread, one for the process. Use as a context manager, or call `start` and `close`."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._wheel = Wheel(clock)
        self._change = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._switch = sys.getswitchinterval()

    @property
    def lateness(self) -> Lateness:
        return self._wheel.lateness

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def behind(self) -> float:
        """Seconds by which the next packet is overdue now."""
        return self._wheel.behind

    def add(self, sender: PacketSource) -> Lane:
        """Return a lane for the sender, asleep."""
        return Lane(sender, self._wake)

    def start(self) -> None:
        if self._thread is None:
            sys.setswitchinterval(min(SWITCH, self._switch))
            self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop sending; returns when the thread has ended."""
        with self._change:
            self._closing = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()
            sys.setswitchinterval(self._switch)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake(self, lane: Lane) -> None:
        with self._change:
            self._wheel.woken(lane)
            self._change.notify()

    def _run(self) -> None:
        while not self._closing:
            pause = self._wheel.turn()
            with self._change:
                if not self._wheel.waiting and not self._closing:
                    self._change.wait(pause)
