"""One thread that sends the next packet of every call, each 20 ms.

Each lane has its own schedule in absolute steps of 20 ms from its first packet, so nothing drifts and a first packet
never waits for a common grid. One wake-up serves every lane that is due.
"""

import contextlib
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

MAX_EARLY_SECONDS = 0.001
"""A packet may leave this early, to share a wake-up with others."""
MAX_CATCH_UP_SECONDS = 0.1
"""A delay up to this is made up by sending faster; after a longer stall the schedule moves instead."""

SWITCH_INTERVAL_SECONDS = 0.0005
"""How long a thread may keep the interpreter from one that waits; Python's default is 0.005. Sealing and sending a
packet release it twice: with 100 calls and a busy event loop the 99th percentile of lateness fell from 59 to 12 ms."""


class PacketSource(Protocol):
    """Where a lane gets its packets. The pacer's thread calls both methods."""

    def take(self) -> bytes | None:
        """Return the next Opus packet, or None: the lane then sleeps until it is woken."""
        ...

    def send(self, packet: bytes, /) -> None: ...


class Aside(Protocol):
    """What the pacer's thread does between packets, so that it needs none of its own."""

    on_wake: Callable[[], None]
    "called by it, from any thread, when it has something to do again"

    def run_due(self, now: float) -> float | None:
        """Do a few milliseconds of what is due by now, in seconds of the pacer's clock.

        Return when something is due again, in the past if it was not all; None: nothing until `on_wake`.
        """
        ...


class Lateness:
    """How late packets left, as a histogram: `counts[i]` left at most `BOUNDS[i]` seconds late, the last one later."""

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
        """Return the bound below which this share of the packets lies; the maximum if it lies beyond the last bound."""
        wanted = share * sum(self.counts)
        for bound, below in zip(self.BOUNDS, itertools.accumulate(self.counts), strict=False):
            if below >= wanted:
                return min(bound, self.max)
        return self.max


class Lane:
    """The place of one packet source in the schedule."""

    def __init__(self, source: PacketSource, wake: Callable[["Lane"], None]) -> None:
        self.source = source
        self._wake = wake
        self.due: float | None = None
        "when its next packet leaves; None while it sleeps"
        self.free_at = 0.0
        "a packet before this would follow the last one by less than 20 ms"
        self.closed = False
        self.sent = 0
        self.failed = 0
        "packets that could not be encoded, sealed or sent"
        self.skipped = 0
        "steps of 20 ms lost to stalls of the whole process"

    def wake(self) -> None:
        """Start sending: the first packet leaves at once. From any thread."""
        if not self.closed:
            self._wake(self)

    def close(self) -> None:
        """Leave the schedule. A packet in flight may still leave."""
        self.closed = True


class PacerSchedule:
    """The schedule, without the thread: `run_due` serves the lanes due by `clock` and returns when the next is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._queue: list[tuple[float, int, Lane]] = []
        self._order = itertools.count()
        self._woken: deque[Lane] = deque()
        self.lateness = Lateness()

    def wake(self, lane: Lane) -> None:
        self._woken.append(lane)

    @property
    def behind(self) -> float:
        """Seconds by which the next packet is overdue. From any thread."""
        queue = self._queue[:1]
        return max(0.0, self._clock() - queue[0][0]) if queue else 0.0

    def run_due(self) -> float | None:
        """Return when the next packet is due, by `clock`; None when every lane sleeps."""
        while self._woken:
            lane = self._woken.popleft()
            if lane.due is None and not lane.closed:
                self._enter(lane, max(self._clock(), lane.free_at))
        while self._queue and self._queue[0][0] <= self._clock() + MAX_EARLY_SECONDS:
            due, _, lane = heapq.heappop(self._queue)
            self._serve(due, lane)
        return self._queue[0][0] if self._queue else None

    def _enter(self, lane: Lane, due: float) -> None:
        lane.due = due
        heapq.heappush(self._queue, (due, next(self._order), lane))

    def _serve(self, due: float, lane: Lane) -> None:
        behind = self._clock() - due
        if behind > MAX_CATCH_UP_SECONDS:
            steps = int(behind / FRAME_SECONDS)
            lane.skipped += steps
            due += steps * FRAME_SECONDS
        packet: bytes | None = b""
        try:
            packet = None if lane.closed else lane.source.take()
            if packet is not None:
                lane.source.send(packet)
                lane.sent += 1
        except BaseException:
            # Whatever fails in one call, a Rust panic included, the sound of the others must continue.
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

    def __init__(self, aside: Aside | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._schedule = PacerSchedule(clock)
        self._aside = aside
        self._bell = threading.Lock()  # free: there is something to do; cheaper than a Condition, which makes a lock
        self._bell.acquire()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._default_switch_interval = sys.getswitchinterval()

    @property
    def lateness(self) -> Lateness:
        return self._schedule.lateness

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def behind(self) -> float:
        """Seconds by which the next packet is overdue now."""
        return self._schedule.behind

    def add(self, source: PacketSource) -> Lane:
        """Return a sleeping lane for this source."""
        return Lane(source, self._wake)

    def start(self) -> None:
        if self._thread is None:
            sys.setswitchinterval(min(SWITCH_INTERVAL_SECONDS, self._default_switch_interval))
            if self._aside:
                self._aside.on_wake = self._ring
            self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop sending; return when the thread has ended."""
        self._closing = True
        self._ring()
        if self._thread is not None:
            self._thread.join()
            sys.setswitchinterval(self._default_switch_interval)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake(self, lane: Lane) -> None:
        self._schedule.wake(lane)
        self._ring()

    def _ring(self) -> None:
        """End the thread's pause, or its next one. From any thread."""
        with contextlib.suppress(RuntimeError):  # it has not heard the last time yet
            self._bell.release()

    def run_due(self) -> float | None:
        """Send what is due, then do a little of what is aside; the thread calls this again and again.

        Return the seconds until there is more, None: nothing until a wake.
        """
        dues = [self._schedule.run_due(), self._aside.run_due(self._clock()) if self._aside else None]
        # By the clock as it is now: the work aside took its time.
        return min((max(0.0, due - self._clock()) for due in dues if due is not None), default=None)

    def _run(self) -> None:
        while not self._closing:
            pause = self.run_due()
            self._bell.acquire(timeout=-1 if pause is None else pause)
