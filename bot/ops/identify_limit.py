"""How often the bot may IDENTIFY: one shard of a bucket in 5 s, and not without limit per day.

Discord resets the token of a bot that identifies 1000 times a day, as one that crashes at its start would. The store
counts for all processes; while it does not answer, each process counts for itself.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import structlog

from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

DAY_SECONDS = 86_400.0
IDENTIFY_SPACING_SECONDS = 5.25
"""Seconds between two IDENTIFYs of one bucket (Discord's developer docs, "Rate Limiting" of the gateway): 5, and a
little more, because the delay to Discord varies."""
MAX_SHARD_IDENTIFIES = 100
"""IDENTIFYs of one shard in 24 hours."""
MAX_IDENTIFIES = 800
"""The same for all shards together: Discord allows 1000 and more."""
FREE_IDENTIFIES = 12
"""IDENTIFYs of a shard without a pause: enough for restarts by hand or a repeated upgrade."""
MAX_IDENTIFY_PAUSE_SECONDS = 1200.0
"""Longest pause before the daily limit is reached: 72 IDENTIFYs a day."""

Logins = Sequence[tuple[int, float]]
"""(shard, Unix seconds), oldest first."""


def pause(past: Sequence[float], now: float) -> float:
    """Return the seconds that a shard waits before its next IDENTIFY, given the times of the past ones (Unix seconds).

    The first few are free; then each pause is twice the previous one, up to LONGEST; never more than A_DAY in a day.
    """
    day = sorted(at for at in past if now - DAY_SECONDS < at <= now)
    if not day:
        return 0.0
    hour = [at for at in day if now - at < 3600.0]
    wait = 0.0
    if len(hour) >= FREE_IDENTIFIES or len(day) >= MAX_SHARD_IDENTIFIES // 4:
        doublings = min(max(len(hour) - FREE_IDENTIFIES, 0), 12)
        least = (
            MAX_IDENTIFY_PAUSE_SECONDS
            if len(day) >= MAX_SHARD_IDENTIFIES // 4
            else min(2.0**doublings, MAX_IDENTIFY_PAUSE_SECONDS)
        )
        wait = day[-1] + least - now
    if len(day) >= MAX_SHARD_IDENTIFIES:
        wait = max(wait, day[-MAX_SHARD_IDENTIFIES] + DAY_SECONDS - now)
    return max(0.0, wait)


def wait(shard_id: int, buckets: int, logins: Logins, now: float) -> float:
    """Return the seconds to wait before this shard's next IDENTIFY, given the logins of all shards.

    `buckets` is Discord's max_concurrency: shards whose numbers leave the same remainder share one.
    """
    seconds = pause([at for shard, at in logins if shard == shard_id], now)
    day = [at for _, at in logins if now - DAY_SECONDS < at <= now]
    if len(day) >= MAX_IDENTIFIES:
        seconds = max(seconds, day[-MAX_IDENTIFIES] + DAY_SECONDS - now)
    beside = [at for shard, at in logins if shard % buckets == shard_id % buckets and at <= now]
    return max(seconds, max(beside) + IDENTIFY_SPACING_SECONDS - now) if beside else seconds


class IdentifyLog(Protocol):
    """Where logins are recorded; `wait` is the function above with its first two arguments filled in."""

    async def identify(
        self, shard_id: int, wait: Callable[[Logins, float], float], now: float | None = None
    ) -> float: ...


class IdentifyLimit:
    """Lets one shard after the other IDENTIFY."""

    def __init__(
        self,
        logins: IdentifyLog,
        wall: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`wall`: a clock of Unix seconds; None: the store's own."""
        self._logins = logins
        self._wall = wall
        self._sleep = sleep
        self._own: list[tuple[int, float]] = []

    async def take(self, shard_id: int, buckets: int = 1) -> None:
        """Wait until this shard may IDENTIFY, and note that it does."""
        told = False
        while (seconds := await self._ask(shard_id, partial(wait, shard_id, buckets))) > 0:
            if seconds > IDENTIFY_SPACING_SECONDS and not told:
                hint = "it was started too often today"
                log.warning("identify_delayed", shard=shard_id, seconds=round(seconds), hint=hint)
                told = True
            await self._sleep(seconds)

    async def _ask(self, shard_id: int, due: Callable[[Logins, float], float]) -> float:
        now = self._wall() if self._wall else None
        here = time.time() if now is None else now
        try:
            seconds = await self._logins.identify(shard_id, due, now)
        except StoreUnavailable:  # a missing database must not keep the bot offline
            seconds = due(self._own, here)
        if seconds <= 0:
            self._own = [*self._own[-MAX_IDENTIFIES:], (shard_id, here)]
        return seconds
