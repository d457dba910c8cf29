"""Looks after what is remembered: news of other processes, words that have outlived their time, servers left."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime, timedelta

import structlog

from bot.call.preferences import Preferences
from bot.errors import StoreError
from bot.ports import Store
from bot.privacy.erasure import Erasure
from bot.types import News

log = structlog.get_logger(__name__)

ROUND = 3600.0
"""Seconds between two rounds."""
AGAIN = 5.0
"""Seconds after which the store is asked again when it could not serve."""
BATCH = 500
"""Lines deleted or sealed in one transaction, so that no call's line waits long."""
FAREWELL = timedelta(days=7)
"""How long a server's data stays after the bot was removed from it."""

Present = Callable[[int], bool | None]
"""Whether the bot is in a server; None: not this process's to know."""


class Retention:
    """The housekeeping of one process. `run` it until cancelled."""

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
            group.create_task(self._heed_news(), name="upkeep:news")
            group.create_task(self._make_rounds(), name="upkeep:rounds")

    async def round(self) -> None:
        """Let go what has outlived its time, once. Raises StoreError."""
        now = self._now()
        for guild_id in await self._store.guilds():
            present = self._present(guild_id)
            if present:
                await self._store.returned(guild_id)
            elif present is False and now - await self._store.departed(guild_id, now) >= FAREWELL:
                await self._store.purge(guild_id)
                self.counts["purged"] += 1
                log.info("server_purged", guild=guild_id)
                continue
            await self._expire(guild_id, now)
        while sealed := await self._store.tidy(now, BATCH):
            self.counts["sealed"] += sealed

    async def _expire(self, guild_id: int, now: datetime) -> None:
        days = self._preferences.of(guild_id, None).retention_days
        # Names stay in the ledger for a day at least: the caps of today are counted by them.
        before = now - timedelta(days=days)
        while gone := await self._store.expire(guild_id, before, BATCH, idle_only=days == 0):
            self.counts["expired"] += gone
        if days == 0:
            await self._store.expire(guild_id, now - timedelta(days=1), BATCH)

    async def _make_rounds(self) -> None:
        while True:
            try:
                await self.round()
            except StoreError as error:
                self.counts["failed"] += 1
                log.warning("upkeep_failed", reason=str(error))
            await asyncio.sleep(ROUND)

    async def _heed_news(self) -> None:
        while True:
            try:
                async with aclosing(self._store.watch()) as news:
                    async for item in news:
                        await self._heed(item)
            except StoreError as error:
                self.counts["failed"] += 1
                log.warning("news_missed", reason=str(error))
            await asyncio.sleep(AGAIN)

    async def _heed(self, news: News) -> None:
        if news.kind == "settings":
            await self._preferences.load()
        else:
            await self._erasure.repeat(news)
