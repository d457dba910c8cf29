"""The clock of a call: one tick per 20 ms, even if the event loop is late."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from bot.audio import FRAME_SECONDS

MIN_TICK_SLEEP_SECONDS = 0.001
"""Shortest sleep between ticks. A coarse clock might not advance during a shorter one."""
MAX_CATCH_UP_TICKS = 250
"""Ticks to catch up on after the loop was blocked. Older ones are skipped."""


async def ticks(clock: Callable[[], float], counts: Counter[str]) -> AsyncGenerator[float, None]:
    """Yield the time of each tick. A late loop catches up tick by tick. Counts ticks_late and ticks_skipped."""
    due = clock()
    while True:
        now = clock()
        behind = int((now - due) / FRAME_SECONDS)
        if behind > MAX_CATCH_UP_TICKS:
            counts["ticks_skipped"] += behind - MAX_CATCH_UP_TICKS
            due += (behind - MAX_CATCH_UP_TICKS) * FRAME_SECONDS
        counts["ticks_late"] += behind
        while due <= now:
            yield due
            due += FRAME_SECONDS
        await asyncio.sleep(max(due - clock(), MIN_TICK_SLEEP_SECONDS))
