"""Waiting for what is still on its way, however slow the machine is."""

import asyncio
from collections.abc import Callable

LOOK_SECONDS = 0.02
LOOKS = 10
"""0.2 s: longer than any path or buffer here holds sound back."""


async def settled(count: Callable[[], object], looks: int = LOOKS) -> None:
    """Return once `count()` was the same `looks` times in a row; while the loop stands still, nobody looks."""
    same, last = 0, count()
    while same < looks:
        await asyncio.sleep(LOOK_SECONDS)
        now = count()
        same, last = (same + 1 if now == last else 0), now
