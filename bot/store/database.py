"""The database: one engine, configured for its kind, and the schema migration at boot."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.errors import ConfigError, StoreUnavailable
from bot.store.damage import SQLITE_TYPES

if TYPE_CHECKING:
    from alembic.config import Config

SQLITE_BUSY_MS = 5000
"""Milliseconds that SQLite waits for another writer."""
SQLITE_CONNECTIONS = 2
"""Kept open, one to write and one to read with: each is a thread and a cache. More are opened while they are needed."""
BOOT_BUSY_SECONDS = 30.0
"""The same at boot, where another process may be migrating or rewriting the file and nobody is in a call."""
LOG_MAX_PAGES = 2000
"""Pages in the write-ahead log after which whoever writes copies it to the file."""
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x6B696B697465
"""PostgreSQL advisory lock of the process that migrates: "kikite"."""
NEWS_LOCK = MIGRATION_LOCK + 1
"""The same for the process that writes news."""
CONNECT_TIMEOUT_SECONDS, STATEMENT_TIMEOUT_SECONDS = 5.0, 30.0
"""Time limits of PostgreSQL for a connection and for a statement."""
PARTS_FAULT = "DATABASE_URL can't be read: percent-encode @ : / ? # in its password; its port is a number"
OPTIONS_FAULT = "DATABASE_URL has an option after its ? that asyncpg does not know (libpq's sslmode is ssl there)"
SQLITE_SCHEME, POSTGRES_SCHEME = "sqlite+aiosqlite", "postgresql+asyncpg"
SQLITE_URI_FAULT = "DATABASE_URL must give the path of a SQLite file itself, not a URI of it: no file: and no uri="
URL_FAULT = f"DATABASE_URL must begin with {SQLITE_SCHEME}:/// or {POSTGRES_SCHEME}://"
OPERATOR_HINT = "Check DATABASE_URL: the server must be reachable, a SQLite file's folder writable and not full."
"""For whoever starts the bot or types a command: nobody is in a call."""
POSTGRES_HINT = "Install it once, then everything knows it: ./dev --no-dev --extra postgres python -m bot doctor"
REWRITE_AT_START = "PRAGMA user_version = 1"
"""Has the next start rewrite a SQLite file; nothing else uses that number."""
MAX_NEWER_REVISIONS = 1
"""Revisions that a schema may be ahead of this version of the bot."""
READ_ONLY_OPTION = "kikite_reads"
"""Execution option of a transaction that only reads."""


class SqliteConnection(sqlite3.Connection):
    """Ends its transaction when it is closed.

    SQLite itself does so only once all statements are gone, and a cancelled task's traceback may keep one for long:
    until then nobody else could write (https://sqlite.org/c3ref/close.html).
    """

    def close(self) -> None:
        try:
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


def parsed_url(url: str) -> URL:
    """Return the parts of a SQLAlchemy URL. Raises ConfigError without printing it: it may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError([URL_FAULT]) from None
    except ValueError:
        raise ConfigError([PARTS_FAULT]) from None
    if parsed.drivername not in (SQLITE_SCHEME, POSTGRES_SCHEME):
        raise ConfigError([URL_FAULT])
    uri = "uri" in parsed.query or (parsed.database or "").startswith("file:")
    if uri and parsed.drivername == SQLITE_SCHEME:
        raise ConfigError([SQLITE_URI_FAULT])
    return parsed


def open_engine(url: str) -> AsyncEngine:
    """Return the engine for a SQLAlchemy URL; make the folder of a SQLite file.

    Raises ConfigError when the URL or its driver cannot be used, without printing the URL (it may hold a password).
    """
    parsed = parsed_url(url)
    sqlite = parsed.drivername == SQLITE_SCHEME
    try:
        if sqlite and parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_SECONDS, "command_timeout": STATEMENT_TIMEOUT_SECONDS}
        if sqlite:
            options = {"factory": SqliteConnection}
        pool: dict[str, Any] = {}
        if sqlite and parsed.database not in (None, "", ":memory:"):
            pool = {"poolclass": AsyncAdaptedQueuePool, "pool_size": SQLITE_CONNECTIONS}
        # Errors show the statement with its values otherwise: the words of people, and tracebacks are logged.
        pool |= {"hide_parameters": True, "pool_pre_ping": not sqlite}
        engine = create_async_engine(parsed, connect_args=options, **pool)
        if not sqlite and not parsed.query.keys() <= _asyncpg_options():
            raise ConfigError([OPTIONS_FAULT])
    except ModuleNotFoundError:
        raise ConfigError(["DATABASE_URL: PostgreSQL needs the extra “postgres”"], hint=POSTGRES_HINT) from None
    except OSError as error:
        raise StoreUnavailable(f"the database's folder cannot be made ({error.strerror})") from error
    if sqlite:
        engine.dialect.colspecs = {**engine.dialect.colspecs, **SQLITE_TYPES}
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _asyncpg_options() -> set[str]:
    import asyncpg  # an optional extra

    # The first is SQLAlchemy's.
    return {"prepared_statement_cache_size", *signature(asyncpg.connect).parameters}


def failures(engine: AsyncEngine) -> tuple[type[Exception], ...]:
    """Return the errors of a database that cannot serve; a failed connect raises asyncpg's own errors unwrapped."""
    if engine.dialect.name != "postgresql":
        return SQLAlchemyError, OSError
    import asyncpg  # an optional extra

    return SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema up to date; safe when several processes boot at once.

    Raises StoreUnavailable.
    """
    try:
        if engine.dialect.name == "sqlite":
            await asyncio.to_thread(_make_wal, engine.url.database)
        async with _alone(engine) as connection:
            await connection.run_sync(_upgrade)
        if engine.dialect.name == "sqlite":
            await asyncio.to_thread(_rewrite_if_due, engine.url.database)
    except (*failures(engine), sqlite3.Error) as error:
        raise StoreUnavailable(f"migration failed ({reason(error)})") from error


def reason(error: Exception) -> str:
    """Return what a database's error is called: SQLITE_FULL, SQLITE_NOTADB, ConnectionRefusedError …"""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlite_errorname", None) or type(cause).__name__


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that no other process's migration can run beside; wait for theirs."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            async with connection.begin():
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                yield connection
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(f"PRAGMA busy_timeout = {BOOT_BUSY_SECONDS * 1000:.0f}")
        try:
            async with connection.begin():
                yield connection
        finally:
            await driver.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration bound to an open connection (env.py takes it from there)."""
    from alembic.config import Config  # with its templates it takes 8 MiB, so only when there is something to migrate

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision that this version of the bot needs: the number that the last migration's file begins with."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _upgrade(connection: Connection) -> None:
    current, newest = current_revision(connection), newest_revision()
    if current == newest:
        return
    if current is not None and current > newest:
        # Migrations only add, so that the version before runs on the schema of the one after it: the way back.
        if int(current) - int(newest) > MAX_NEWER_REVISIONS:
            raise StoreUnavailable(f"the schema {current} is of a newer version; this one knows {newest}")
        return
    # Mako, which Alembic brings, does without its syntax highlighters, which would stay in memory with 5 MiB.
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type] # such an import fails
    from alembic import command

    if connection.dialect.name == "sqlite" and current_revision(connection) is not None:
        connection.exec_driver_sql(REWRITE_AT_START)
    command.upgrade(alembic_config(connection), "head")


def _rewrite_if_due(path: str | None) -> None:
    """Rewrite the file where words that became longer or shorter may have left copies between the rows of its pages.

    Before anybody is in a call, because it stops everybody: 2.5 s for a million lines. If it fails, the next start
    does it.
    """
    if not path or path == ":memory:":
        return
    with closing(sqlite3.connect(path, timeout=BOOT_BUSY_SECONDS)) as connection, suppress(sqlite3.Error):
        if connection.execute("PRAGMA user_version").fetchone() == (1,):
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM messages WHERE guild_id <= 0")
            connection.commit()
            connection.execute("VACUUM")
            connection.execute("PRAGMA user_version = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _make_wal(path: str | None) -> None:
    """Turn the write-ahead log on; the file keeps that setting.

    SQLite ignores busy_timeout here, so this function retries by itself.
    """
    if not path or path == ":memory:":
        return
    give_up = time.monotonic() + BOOT_BUSY_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=BOOT_BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # _begin starts the transactions, not the driver.
    connection.isolation_level = None
    # A byte that is no UTF-8 must not make the other lines unreadable.
    connection.driver_connection.text_factory = lambda data: data.decode("utf-8", "replace")
    cursor = connection.cursor()
    # First, because the other statements may have to wait too.
    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MS}")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_MAX_PAGES}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for another writer, so take the lock at its start.
    only_reads = connection.get_execution_options().get(READ_ONLY_OPTION)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
