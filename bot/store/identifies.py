"""When which shard logged in, over all processes."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.base import Repository
from bot.store.database import MIGRATION_LOCK
from bot.store.tables import IdentifyRow

IDENTIFY_LOCK = MIGRATION_LOCK + 2
"""PostgreSQL advisory lock of whoever wants to log in."""
IDENTIFY_WINDOW_SECONDS = 86_400.0

Wait = Callable[[Sequence[tuple[int, float]], float], float]
"""Given the last day's (shard, Unix seconds), oldest first, and now: the seconds to wait, 0.0: none."""


class IdentifyRepository(Repository):
    async def identify(self, shard_id: int, wait: Wait, now: float | None = None) -> float:
        """Book that a shard logs in now, if `wait` lets it; return the seconds it is to wait, 0.0: it was booked.

        One process after the other asks. `now`: the database's own clock where it has one, so that no other one's
        error counts.
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
