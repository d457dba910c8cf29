"""Deletes what is past its time: old lines, servers that the bot left, old keys, and the bytes of deleted rows."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, delete, select, union, update

from bot.store.base import rows_changed
from bot.store.charges import ChargeRepository
from bot.store.messages import MessageRepository
from bot.store.tables import (
    CallRow,
    ChargePersonRow,
    ChargeRow,
    ConsentRow,
    DepartureRow,
    MessageRow,
    NewsRow,
    SettingRow,
)

log = structlog.get_logger(__name__)

NEWS_LIFETIME = timedelta(hours=1)
SCRUB_RETRY_SECONDS = (0.0, 0.05, 0.2, 1.0)
"""Seconds before each attempt to empty the write-ahead log while another connection reads."""


class RetentionRepository(MessageRepository, ChargeRepository):
    async def expire(self, guild_id: int, before: datetime, limit: int, *, idle_only: bool = False) -> int:
        old = select(MessageRow.id).where(MessageRow.guild_id == guild_id, MessageRow.at < before)
        if idle_only:
            on = select(CallRow.channel_id).where(CallRow.guild_id == guild_id)
            old = old.where(MessageRow.channel_id.not_in(on))
        charges = select(ChargeRow.id).where(ChargeRow.guild_id == guild_id, ChargeRow.at < before)
        named = select(ChargePersonRow.charge_id).where(ChargePersonRow.charge_id.in_(charges)).limit(limit)
        async with self._transaction() as connection:
            gone = await rows_changed(connection, delete(MessageRow).where(MessageRow.id.in_(old.limit(limit))))
            if not idle_only:
                gone += await rows_changed(
                    connection, delete(ChargePersonRow).where(ChargePersonRow.charge_id.in_(named))
                )
        return gone

    async def guilds(self) -> set[int]:
        tables = (MessageRow, ChargeRow, ConsentRow, SettingRow, CallRow, DepartureRow)
        found = union(*(select(table.guild_id) for table in tables))
        async with self._transaction(reads=True) as connection:
            return set((await connection.execute(found)).scalars())

    async def departed(self, guild_id: int, at: datetime) -> datetime:
        async with self._transaction() as connection:
            await self._add(connection, DepartureRow, [{"guild_id": guild_id, "at": at}])
            since = await connection.scalar(select(DepartureRow.at).where(DepartureRow.guild_id == guild_id))
        return since or at

    async def returned(self, guild_id: int) -> None:
        async with self._transaction() as connection:
            await connection.execute(delete(DepartureRow).where(DepartureRow.guild_id == guild_id))

    async def purge(self, guild_id: int) -> None:
        charges = select(ChargeRow.id).where(ChargeRow.guild_id == guild_id)
        async with self._transaction() as connection:
            await connection.execute(delete(ChargePersonRow).where(ChargePersonRow.charge_id.in_(charges)))
            for table in (MessageRow, ChargeRow, ConsentRow, SettingRow, CallRow, DepartureRow):
                await connection.execute(delete(table).where(table.guild_id == guild_id))
            await self._tell(connection, "settings", guild_id)
        await self._scrub()

    async def tidy(self, now: datetime, limit: int) -> int:
        async with self._transaction() as connection:
            await connection.execute(delete(NewsRow).where(NewsRow.at < now - NEWS_LIFETIME))
            await self._forget_purses(connection, now)
        sealed = await self._reseal(limit)
        await self._scrub()
        return sealed

    async def _reseal(self, limit: int) -> int:
        """Seal lines that are unsealed or under an older key, so that the operator can drop the older key one day."""
        key = self._seal.key
        if key is None:
            return 0
        columns = (MessageRow.id, MessageRow.speaker, MessageRow.text, MessageRow.sealed)
        async with self._transaction() as connection:
            rows = []
            for older in (MessageRow.sealed.is_(None), MessageRow.sealed < key, MessageRow.sealed > key):
                left = select(*columns).where(older).limit(limit - len(rows))
                rows += (await connection.execute(left)).mappings().all()
            fresh = await asyncio.to_thread(lambda: [self._resealed(row) for row in rows])
            if fresh:
                table = MessageRow.__table__
                await connection.execute(update(table).where(table.c.id == bindparam("line")), fresh)  # pyright: ignore[reportArgumentType]
        return len(fresh)

    def _resealed(self, row: Any) -> dict[str, Any]:
        return {
            "line": row["id"],
            "speaker": self._seal.seal(self._seal.open(row["speaker"], row["sealed"])),
            "text": self._seal.seal(self._seal.open(row["text"], row["sealed"])),
            "sealed": self._seal.key,
        }

    async def _scrub(self, *, deep: bool = False) -> None:
        """Remove the bytes of deleted rows from SQLite's files, unless another connection holds them open.

        `secure_delete` blanks them in the pages. The write-ahead log keeps them until it is emptied, and a page that
        was split may keep a copy between its cells until it is rewritten (`deep`).
        """
        if not self._sqlite:
            return
        for pause in SCRUB_RETRY_SECONDS:
            await asyncio.sleep(pause)
            try:
                if await self._empty_log(deep):
                    return
            except (*self._failures, sqlite3.Error) as error:
                log.info("scrub_failed", reason=type(error).__name__)
        log.warning("scrub_late")  # the next round of retention tries again

    async def _empty_log(self, deep: bool) -> bool:
        """Return whether the write-ahead log is empty now."""
        async with self._engine.connect() as connection:
            # Use the driver's connection: neither statement works within a transaction.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if deep:
                await driver.execute("VACUUM")
            async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                busy, *_ = await cursor.fetchone()
        return not busy
