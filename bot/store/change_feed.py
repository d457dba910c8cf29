"""Changes that every process learns of: numbered rows. PostgreSQL notifies (LISTEN/NOTIFY), SQLite is polled."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import func, select

from bot.errors import StoreUnavailable
from bot.store.base import NEWS_CHANNEL, Repository
from bot.store.tables import NewsRow
from bot.types import News

POLL_SECONDS = {"sqlite": 2.0, "postgresql": 30.0}
"""Seconds between polls, by database; on PostgreSQL only in case a notification is lost."""


class ChangeFeed(Repository):
    _seen = 0
    "number of the last news that was handled"

    async def catch_up(self) -> None:
        """Treat all news so far as known."""
        async with self._transaction(reads=True) as connection:
            self._seen = await connection.scalar(select(func.max(NewsRow.id))) or 0

    async def watch(self) -> AsyncGenerator[News]:
        bell = asyncio.Event()
        async with self._listening(bell) as listening:
            while listening():
                bell.clear()
                for number, item in await self._unread():
                    if number not in self._own:
                        yield item
                    self._seen = number  # only now: if handling fails, the news comes again
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS[self._engine.dialect.name]):
                        await bell.wait()
        raise StoreUnavailable("the connection that listens was lost")

    @asynccontextmanager
    async def _listening(self, bell: asyncio.Event) -> AsyncIterator[Callable[[], bool]]:
        """Set `bell` on notifications where the database has them; yield a check that they still arrive."""
        if self._sqlite:
            yield lambda: True
            return
        ring = lambda *_: bell.set()  # noqa: E731
        try:
            # No transaction on this connection: PostgreSQL delivers no notification within one.
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                driver.add_termination_listener(ring)
                await driver.add_listener(NEWS_CHANNEL, ring)
                try:
                    yield lambda: not driver.is_closed()
                finally:
                    driver.remove_termination_listener(ring)
                    await driver.remove_listener(NEWS_CHANNEL, ring)
        except self._failures as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def _unread(self) -> list[tuple[int, News]]:
        fresh = select(NewsRow.id, NewsRow.kind, NewsRow.guild_id, NewsRow.subject).order_by(NewsRow.id)
        async with self._transaction(reads=True) as connection:
            rows = (await connection.execute(fresh.where(NewsRow.id > self._seen))).all()
        return [(row.id, News(row.kind, row.guild_id, row.subject)) for row in rows]
