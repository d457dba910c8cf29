"""How often the bot may IDENTIFY: Discord resets the token of one that does it 1000 times a day (a crash loop does)."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

DAY = 86_400.0
SPACING = 5.0
"""Seconds between two IDENTIFYs of one bucket (Discord's developer docs, "Rate Limiting" of the gateway)."""
A_DAY = 100
"""IDENTIFYs of one shard in 24 hours."""
FREE = 12
"""IDENTIFYs that may follow one another at once: restarts by hand, an upgrade that had to be repeated."""
LONGEST = 1200.0
"""Seconds of the longest pause before the day's number is reached: 72 a day."""


def pause(past: Sequence[float], now: float) -> float:
    """Return the seconds to wait before the next IDENTIFY, given the times of the past ones (Unix seconds).

    The first few are free, then each pause is twice the one before, up to LONGEST; never more than A_DAY in a day.
    """
    day = sorted(at for at in past if now - DAY < at <= now)
    if not day:
        return 0.0
    hour = [at for at in day if now - at < 3600.0]
    wait = 0.0
    if len(hour) >= FREE or len(day) >= A_DAY // 4:
        doublings = min(max(len(hour) - FREE, 0), 12)
        least = LONGEST if len(day) >= A_DAY // 4 else min(2.0**doublings, LONGEST)
        wait = day[-1] + least - now
    if len(day) >= A_DAY:
        wait = max(wait, day[-A_DAY] + DAY - now)
    return max(0.0, wait)


class Ledger:
    """The IDENTIFYs of the last day, in a file that outlives the process."""

    def __init__(
        self,
        file: Path | None,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`file` is None where nothing can be kept: then only this process's own count."""
        self._file = file
        self._wall = wall
        self._sleep = sleep
        self._past = self._read()

    async def take(self, shard_id: int) -> None:
        """Wait until this shard may IDENTIFY, and note that it does."""
        past = self._past.setdefault(str(shard_id), [])
        wait = pause(past, self._wall())
        if wait > 0:
            log.warning("identify_delayed", shard=shard_id, seconds=round(wait), hint="it was started too often today")
            await self._sleep(wait)
        now = self._wall()
        self._past[str(shard_id)] = [*[at for at in past if now - at < DAY][-A_DAY:], now]
        self._write()

    def _read(self) -> dict[str, list[float]]:
        with suppress(OSError, ValueError, AttributeError, TypeError):
            if self._file is not None:
                found = json.loads(self._file.read_text(encoding="utf-8"))
                return {str(shard): [float(at) for at in times] for shard, times in found.items()}
        return {}

    def _write(self) -> None:
        if self._file is None:
            return
        with suppress(OSError):  # a full disk must not keep the bot away
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(self._past), encoding="utf-8")
            os.replace(beside, self._file)
