"""Deletes lines in short transactions, so that no byte of them stays in SQLite's files.

`secure_delete` blanks a deleted row in its page. But when a page becomes too empty, SQLite spreads its rows and those
of its neighbours over fewer pages and does not blank the gaps: copies of rows that are deleted later would lie in them.
So a row's words are overwritten in place, by as many bytes, and the blank row belongs to nobody. Blank rows go once
they are among nothing but blank rows, or when a small file is rewritten (VACUUM). The write-ahead log keeps pages as
they were until it is emptied.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, bindparam, delete, select, text, update

from bot.errors import StoreUnavailable
from bot.store.base import rows_changed
from bot.store.database import SQLITE_BUSY_MS
from bot.store.inspection import sqlite_file
from bot.store.messages import MessageRepository
from bot.store.spare_room import SpareRoom
from bot.store.tables import AnswerPersonRow, MessageRow

log = structlog.get_logger(__name__)

DoneT = TypeVar("DoneT")

LISTED_LINES = 5000
"""Lines that are looked up at a time, before anybody waits; sorted by time, neighbours share the pages written."""
DELETED_BATCH_LINES = 50
"""Lines deleted in one transaction: this takes some 5 ms, for which a call's line waits."""
CHECKPOINT_BATCHES = 4
"""Batches after which the log is copied to the file, by whom nobody waits for: fewer pages than SQLite's own limit."""
BLANK_MARGIN_LINES = 2000
"""Blank rows that stay before the oldest line: SQLite copies rows of a page's neighbours, and a page has far fewer."""
SCRUB_RETRY_SECONDS = (0.0, 0.05, 0.2, 1.0)
"""Seconds before each attempt to empty the write-ahead log while another connection reads."""
CHECKPOINT_BUSY_MS = 20
"""Milliseconds that emptying the log waits for readers: whoever writes waits with it."""
VACUUM_MAX_BYTES = 4 * 2**20
"""Size of a file that is rewritten at once: this takes some 20 ms."""
DISK_FULL_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
INTEGER_SIZES = ((0, 1, 0), (-128, 127, -1), (-(2**15), 2**15 - 1, -(2**14)), (-(2**23), 2**23 - 1, -(2**22)))
INTEGER_SIZES += ((-(2**31), 2**31 - 1, -(2**30)), (-(2**47), 2**47 - 1, -(2**46)))
"""Smallest and largest integer of each size in SQLite's records, and one of that size that is nobody's id."""


def _nobody(column: str) -> str:
    """Return the SQL of an id that nobody has, zero or less, and that takes as many bytes as the one in a column."""
    cases = " ".join(f"WHEN {column} BETWEEN {low} AND {high} THEN {nobody}" for low, high, nobody in INTEGER_SIZES)
    return f"CASE {cases} ELSE {-(2**62)} END"


def _blank(column: str) -> str:
    """Return the SQL of as many zero bytes as there are in a column; NULL stays NULL."""
    return f"CAST(zeroblob(length(CAST({column} AS BLOB))) AS TEXT)"


_OVERWRITE = text(
    "UPDATE messages SET "
    + ", ".join(f"{column} = {_nobody(column)}" for column in ("guild_id", "channel_id", "speaker_id"))
    + ", "
    + ", ".join(f"{column} = {_blank(column)}" for column in ("speaker", "text", "audio_id"))
    + " WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_BLANK_WORDS = text(
    f"UPDATE messages SET speaker = {_blank('speaker')}, text = {_blank('text')}"
    " WHERE id = :id AND channel_id = :channel_id"
)
_OLDEST_LINE = text("SELECT rowid FROM messages WHERE guild_id > 0 ORDER BY rowid LIMIT 1")
_NEWEST_ROW = text("SELECT max(rowid) FROM messages")
_RECLAIM = text(
    "DELETE FROM messages WHERE rowid IN (SELECT rowid FROM messages WHERE rowid < :end ORDER BY rowid LIMIT :limit)"
)


class DeletionRepository(MessageRepository):
    async def _delete_lines(self, which: ColumnElement[bool], limit: int | None = None) -> int:
        """Delete lines in batches, at most `limit`; return how many."""
        gone = batches = 0
        before, listed = [], await self._list_lines(which, limit)
        while listed and listed != before:  # the same again: none of them can be found by its id
            for start in range(0, len(listed), DELETED_BATCH_LINES):
                batch = listed[start : start + DELETED_BATCH_LINES]
                began = time.monotonic()
                gone += await self._despite_full_disk(lambda batch=batch: self._delete_batch(batch))
                await asyncio.sleep((time.monotonic() - began) / 4)  # other processes wait by polling
                batches += 1
                if self._sqlite and batches % CHECKPOINT_BATCHES == 0:
                    await self._copy_log()
            before, listed = listed, await self._list_lines(which, None if limit is None else limit - gone)
        return gone

    async def _list_lines(self, which: ColumnElement[bool], limit: int | None) -> list[str]:
        """Return the ids of some of these lines, oldest first."""
        size = LISTED_LINES if limit is None else min(LISTED_LINES, limit)
        some = select(MessageRow.id, MessageRow.at).where(which).limit(size).subquery()
        async with self._transaction(reads=True) as connection:
            return list(await connection.scalars(select(some.c.id).order_by(some.c.at)))

    async def _delete_batch(self, ids: list[str]) -> int:
        async with self._transaction() as connection:
            if not self._sqlite:
                return await rows_changed(connection, delete(MessageRow).where(MessageRow.id.in_(ids)))
            await connection.execute(delete(AnswerPersonRow).where(AnswerPersonRow.message_id.in_(ids)))
            return await rows_changed(connection, _OVERWRITE.bindparams(ids=ids))

    async def _rewrite_line(self, row: dict[str, Any]) -> bool:
        """Replace the words of a line, and what was there by as many zero bytes first; False: there is no such line."""
        meant = (MessageRow.id == row["id"]) & (MessageRow.channel_id == row["channel_id"])
        new = {name: row[name] for name in ("speaker", "text", "sealed", "interrupted")}
        async with self._transaction() as connection:
            if self._sqlite:
                await connection.execute(_BLANK_WORDS.bindparams(id=row["id"], channel_id=row["channel_id"]))
            return await rows_changed(connection, update(MessageRow).where(meant).values(**new)) > 0

    async def _reclaim(self) -> None:
        """Delete the blank rows before the oldest line, all but some, in batches."""
        done = DELETED_BATCH_LINES if self._sqlite else 0
        while done == DELETED_BATCH_LINES:
            async with self._transaction() as connection:
                end = await connection.scalar(_OLDEST_LINE) or await connection.scalar(_NEWEST_ROW) or 0
                done = await rows_changed(
                    connection, _RECLAIM.bindparams(end=end - BLANK_MARGIN_LINES, limit=DELETED_BATCH_LINES)
                )
            await asyncio.sleep(0)

    async def _despite_full_disk(self, work: Callable[[], Awaitable[DoneT]]) -> DoneT:
        """Do something that deletes. Where the disk is full, free the room kept aside and do it again."""
        try:
            return await work()
        except StoreUnavailable as error:
            cause = getattr(error.__cause__, "orig", None) or error.__cause__
            full = getattr(cause, "sqlite_errorcode", 0) & 0xFF in DISK_FULL_ERRORS
            if not (full and (room := self._spare_room) and room.release()):
                raise
        log.warning("disk_full")
        await self._scrub()  # an empty log is room, too
        done = await work()
        await self._scrub()
        return done

    async def _taken_back(self, work: Callable[[], Awaitable[DoneT]]) -> DoneT:
        """Write down what somebody takes back, also on a full disk."""
        done = await self._despite_full_disk(work)
        await self._keep_room()
        return done

    async def _keep_room(self) -> None:
        """Set the room aside again."""
        if room := self._spare_room:
            await asyncio.to_thread(room.keep)

    @property
    def _spare_room(self) -> SpareRoom | None:
        file = sqlite_file(self._engine.url.render_as_string(hide_password=False))
        return SpareRoom(file) if file else None

    async def _scrub(self, *, deep: bool = False) -> None:
        """Remove the bytes of deleted rows from SQLite's files, unless another connection holds them open.

        `deep`: remove blank rows from a small file, too.
        """
        if not self._sqlite:
            return
        try:
            if deep:
                await self._rewrite_small()
        except (StoreUnavailable, *self._failures, sqlite3.Error) as error:
            log.warning("rewrite_failed", reason=type(error).__name__)
        for pause in SCRUB_RETRY_SECONDS:
            await asyncio.sleep(pause)
            try:
                if await self._empty_log():
                    return
            except (*self._failures, sqlite3.Error) as error:
                log.info("scrub_failed", reason=type(error).__name__)
        log.warning("scrub_late")  # the next round of retention tries again

    async def _rewrite_small(self) -> None:
        """Delete the blank rows of a small file, and write it anew without gaps."""
        async with self._driver() as driver:
            size = 1
            for fact in ("page_count", "page_size"):
                async with driver.execute(f"PRAGMA {fact}") as read:
                    size *= (await read.fetchone())[0]
            if size <= VACUUM_MAX_BYTES:
                await driver.execute("DELETE FROM messages WHERE guild_id <= 0")
                await driver.execute("VACUUM")

    async def _copy_log(self) -> None:
        """Copy what is in the write-ahead log to the file, in three rounds; others wait for the last and least only.

        Each round copies what was written during the one before. The log begins anew once all of it is copied;
        otherwise it would grow until a call's line has to copy it. SQLite syncs the file, which takes longest, at the
        end of the first round that finds nothing new: nobody may wait for that.
        """
        with suppress(*self._failures, sqlite3.Error):
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                for turn in (nullcontext(), nullcontext(), self._writing):
                    async with turn, driver.execute("PRAGMA wal_checkpoint(PASSIVE)"):
                        pass

    async def _empty_log(self) -> bool:
        """Return whether the write-ahead log is empty now."""
        await self._copy_log()
        async with self._driver() as driver:
            await driver.execute(f"PRAGMA busy_timeout = {CHECKPOINT_BUSY_MS}")
            try:
                async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                    busy, *_ = await cursor.fetchone()
            finally:
                await driver.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
        return not busy

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[Any]:
        """Yield the driver's connection, for statements that work in no transaction."""
        async with self._writing, self._engine.connect() as connection:
            yield (await connection.get_raw_connection()).driver_connection
