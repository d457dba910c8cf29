"""The base of every part of the store: one engine, one seal, transactions that raise the bot's own errors."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable, RowMapping, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreUnavailable
from bot.store.database import NEWS_LOCK, READ_ONLY_OPTION, failures, reason
from bot.store.seal import Seal
from bot.store.tables import Base, NewsRow

RowT = TypeVar("RowT")

NEWS_CHANNEL = "kikite_news"
STICKY_SQLITE_ERRORS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""SQLite errors that stick to a connection even when the file is well again: open a new connection."""
READ_BATCH_ROWS = 200
"""Rows read at a time: this takes a few milliseconds."""
MAX_OWN_NEWS = 1000
"""Numbers of own news to remember; a process does not write more between two polls."""


class Repository:
    """Base class of the parts of the store."""

    def __init__(self, engine: AsyncEngine, seal: Seal, policy: str) -> None:
        """`policy` is the version of the privacy text that people agree to."""
        self._engine = engine
        self._seal = seal
        self._policy = policy
        self._failures = failures(engine)
        self._own: deque[int] = deque(maxlen=MAX_OWN_NEWS)
        "numbers of the news that this process wrote"
        self._writing = asyncio.Lock()
        "held by this process's writer: SQLite has one at a time, and waiting for a lock is fairer than polling"

    @property
    def _sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def _transaction(self, *, reads: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction; with `reads` it never waits for a writer. Raises StoreUnavailable."""
        engine = self._engine.execution_options(**{READ_ONLY_OPTION: True}) if reads else self._engine
        turn = self._writing if self._sqlite and not reads else nullcontext()
        try:
            async with turn, engine.begin() as connection:
                yield connection
        except self._failures as error:
            # Log only the driver's message: SQLAlchemy's shows the statement with its values.
            cause = getattr(error, "orig", None) or error
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF in STICKY_SQLITE_ERRORS:
                await self._engine.dispose()
            raise StoreUnavailable(reason(error)) from error

    def _insert(self, table: type[Base]) -> Any:
        # Both dialects offer ON CONFLICT, each with its own class.
        if self._sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # 2 MiB

        return postgresql.insert(table)

    async def _add(self, connection: AsyncConnection, table: type[Base], rows: list[dict[str, Any]]) -> None:
        """Insert rows and leave existing ones as they are, so that a retried write changes nothing."""
        if rows:
            await connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    async def _put(self, connection: AsyncConnection, table: type[Base], row: dict[str, Any], key: list[str]) -> None:
        """Insert a row, or replace the one with this key."""
        insert = self._insert(table).values(row)
        news = {name: insert.excluded[name] for name in row if name not in key}
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_=news))

    async def _tell(self, connection: AsyncConnection, kind: str, guild_id: int = 0, subject: int = 0) -> None:
        """Tell every process of a change once this transaction commits."""
        if not self._sqlite:
            # One writer at a time: numbers become visible in order, and no reader skips one.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": NEWS_LOCK})
            await connection.execute(text(f"NOTIFY {NEWS_CHANNEL}"))
        row = {"at": datetime.now(UTC), "kind": kind, "guild_id": guild_id, "subject": subject}
        number = await connection.scalar(self._insert(NewsRow).values(row).returning(NewsRow.id))
        assert number is not None
        self._own.append(number)


async def read_all(
    connection: AsyncConnection, statement: Executable, make: Callable[[RowMapping], RowT | None]
) -> list[RowT]:
    """Read any number of rows without blocking the event loop: in batches, each converted by `make` in a thread.

    Rows of which `make` returns None are left out.
    """
    found: list[RowT] = []
    async for rows in (await connection.stream(statement)).mappings().partitions(READ_BATCH_ROWS):
        found += await asyncio.to_thread(lambda rows=rows: [made for row in rows if (made := make(row)) is not None])
    return found


async def rows_changed(connection: AsyncConnection, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and return how many rows it changed."""
    done = await connection.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount


def writable(text: str) -> str:
    """Return text that every database accepts: UTF-8 has no lone surrogates, and PostgreSQL no zero bytes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
