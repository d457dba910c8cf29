"""Housekeeping of stored data: changes by other processes, words past their retention, servers the bot left."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, time, timedelta

import structlog

from bot.call.preferences import Preferences
from bot.errors import StoreError
from bot.ports import Store
from bot.privacy.erasure import Erasure
from bot.types import News

log = structlog.get_logger(__name__)

ROUND_INTERVAL_SECONDS = 3600.0
NEW_DAY_SECONDS = 60.0
"""After midnight in UTC a round lets go of what is kept until the day is over; clocks are corrected by less."""
NEWS_RETRY_SECONDS = 5.0
"""Before the store is asked again after it could not serve."""
MAX_BATCH_LINES = 500
"""Deleted or sealed in one transaction: a call's line must not wait long behind it."""
PURGE_DELAY = timedelta(days=7)
"""A server's data stays this long after the bot was removed: whoever invites it again in time loses nothing."""

Present = Callable[[int], bool | None]
"""Whether the bot is in a server; None: another process knows."""


class Retention:
    """One process's housekeeping. `run` it until cancelled."""

    def __init__(
        self,
        store: Store,
        preferences: Preferences,
        erasure: Erasure,
        present: Present,
        now: Callable[[], datetime],
    ) -> None:
        self.counts: Counter[str] = Counter()
        "expired, sealed, purged, failed"
        self._store = store
        self._preferences = preferences
        self._erasure = erasure
        self._present = present
        self._now = now

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_news(), name="retention:news")
            group.create_task(self._make_rounds(), name="retention:rounds")

    async def round(self) -> None:
        """Delete once what is past its retention. Raises StoreError."""
        now = self._now()
        for guild_id in await self._store.guilds():
            present = self._present(guild_id)
            if present:
                await self._store.returned(guild_id)
            elif present is False and now - await self._store.departed(guild_id, now) >= PURGE_DELAY:
                await self._store.purge(guild_id)
                self.counts["purged"] += 1
                log.info("server_purged", guild=guild_id)
                continue
            await self._expire(guild_id, now)
        while sealed := await self._store.tidy(now, MAX_BATCH_LINES):
            self.counts["sealed"] += sealed

    async def _expire(self, guild_id: int, now: datetime) -> None:
        days = self._preferences.of(guild_id, None).retention_days
        # Charges name people for at least a day: today's caps are counted by name.
        before = now - timedelta(days=days)
        while gone := await self._store.expire(guild_id, before, MAX_BATCH_LINES, idle_only=days == 0):
            self.counts["expired"] += gone
        if days == 0:
            await self._store.expire(guild_id, now - timedelta(days=1), MAX_BATCH_LINES)

    async def _make_rounds(self) -> None:
        while True:
            try:
                await self.round()
            except StoreError as error:
                self.counts["failed"] += 1
                log.warning("retention_failed", reason=str(error))
            await asyncio.sleep(min(ROUND_INTERVAL_SECONDS, self._until_new_day()))

    def _until_new_day(self) -> float:
        """Return the seconds until the round that follows midnight in UTC."""
        began = self._now().astimezone(UTC) - timedelta(seconds=NEW_DAY_SECONDS)
        midnight = datetime.combine(began.date() + timedelta(days=1), time(), UTC)
        return (midnight - began).total_seconds()

    async def _follow_news(self) -> None:
        while True:
            try:
                async with aclosing(self._store.watch()) as news:
                    async for item in news:
                        await self._follow(item)
            except StoreError as error:
                self.counts["failed"] += 1
                log.warning("news_missed", reason=str(error))
            await asyncio.sleep(NEWS_RETRY_SECONDS)

    async def _follow(self, news: News) -> None:
        if news.kind == "settings":
            await self._preferences.load()
        else:
            await self._erasure.repeat(news)
