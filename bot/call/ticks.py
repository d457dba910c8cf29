"""The clock of a call: every 20 ms, also after the loop was late."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from bot.audio import FRAME_SECONDS

SHORTEST_SLEEP = 0.001
"""Seconds; a clock may not see less pass."""
FURTHEST_BEHIND = 250
"""Ticks made up for after the loop was blocked; what is older is skipped."""


async def ticks(clock: Callable[[], float], counts: Counter[str]) -> AsyncGenerator[float, None]:
    """Yield the time of each tick; a late loop catches up tick by tick. `counts` gets ticks_late and ticks_skipped."""
    due = clock()
    while True:
        now = clock()
        behind = int((now - due) / FRAME_SECONDS)
        if behind > FURTHEST_BEHIND:
            counts["ticks_skipped"] += behind - FURTHEST_BEHIND
            due += (behind - FURTHEST_BEHIND) * FRAME_SECONDS
        counts["ticks_late"] += behind
        while due <= now:
            yield due
            due += FRAME_SECONDS
        await asyncio.sleep(max(due - clock(), SHORTEST_SLEEP))
