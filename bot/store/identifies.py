"""When each shard logged in, across all processes."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.base import Repository
from bot.store.database import MIGRATION_LOCK
from bot.store.tables import IdentifyRow

IDENTIFY_LOCK = MIGRATION_LOCK + 2
"""PostgreSQL advisory lock of the process that wants to log in."""
IDENTIFY_WINDOW_SECONDS = 86_400.0

Wait = Callable[[Sequence[tuple[int, float]], float], float]
"""Takes the last day's (shard, Unix seconds), oldest first, and the time now; returns the seconds to wait, or 0.0."""


class IdentifyRepository(Repository):
    async def identify(self, shard_id: int, wait: Wait, now: float | None = None) -> float:
        """Record that a shard logs in now if `wait` allows it; return the seconds to wait, 0.0 if it was recorded.

        Processes ask one at a time. `now` defaults to the database's own clock where it has one, so that the clock
        error of a process does not matter.
        """
        async with self._transaction() as connection:
            if not self._sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": IDENTIFY_LOCK})
            if now is None:
                now = time.time() if self._sqlite else await self._clock(connection)
            await connection.execute(delete(IdentifyRow).where(IdentifyRow.at < now - IDENTIFY_WINDOW_SECONDS))
            day = select(IdentifyRow.shard_id, IdentifyRow.at).where(IdentifyRow.at <= now).order_by(IdentifyRow.at)
            seconds = wait([(shard, at) for shard, at in await connection.execute(day)], now)
            if seconds <= 0:
                await self._add(connection, IdentifyRow, [{"shard_id": shard_id, "at": now}])
        return max(0.0, seconds)

    @staticmethod
    async def _clock(connection: AsyncConnection) -> float:
        at = await connection.scalar(select(func.clock_timestamp()))
        assert at is not None
        return at.timestamp()
