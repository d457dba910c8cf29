"""Whether the process is alive: how late the event loop and the pacer run."""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.voice.send.pacer import Pacer

HEARTBEAT_SECONDS = 0.25
"""Time between two measurements of the loop's lag."""
LAG_WINDOW_BEATS = 40
"""Measurements that count: 10 s, so that one long hiccup does not get the process killed."""
STUCK_LOOP_SECONDS = 2.0
"""A median lag above this means that the loop is stuck."""
STUCK_PACER_SECONDS = 5.0
"""A packet overdue by more than this means that the pacer is stuck."""


class Lag:
    """How late the loop wakes a task, as a histogram like pacer.Lateness."""

    BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

    def __init__(self) -> None:
        self.counts = [0] * (len(self.BOUNDS) + 1)
        self.total = 0.0
        self._last: deque[float] = deque(maxlen=LAG_WINDOW_BEATS)

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.BOUNDS, seconds)] += 1
        self.total += seconds
        self._last.append(seconds)

    @property
    def median(self) -> float:
        """Return the window's median, seconds; 0.0 until the window is a quarter full."""
        if len(self._last) < LAG_WINDOW_BEATS // 4:
            return 0.0
        return sorted(self._last)[len(self._last) // 2]


class Health:
    """What /livez reports. `beating` keeps it up to date."""

    def __init__(self, pacer: Pacer) -> None:
        self.lag = Lag()
        self._pacer = pacer

    def trouble(self) -> str | None:
        """Return what is stuck, None when the process lives."""
        if self.lag.median > STUCK_LOOP_SECONDS:
            return f"the event loop runs {self.lag.median:.1f} s late"
        if not self._pacer.alive:
            return "the pacer's thread has ended"
        if (behind := self._pacer.behind) > STUCK_PACER_SECONDS:
            return f"the pacer runs {behind:.1f} s late"
        return None

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Measure the loop's lag while the context lasts."""
        task = asyncio.create_task(self._beat(), name="heartbeat")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _beat(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + HEARTBEAT_SECONDS
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self.lag.add(max(0.0, clock() - due))
