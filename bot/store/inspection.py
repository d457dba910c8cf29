"""Inspects a database for `doctor` without changing it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, select
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigError, StoreUnavailable
from bot.store.database import current_revision, failures, newest_revision, open_engine
from bot.store.seal import Seal
from bot.store.tables import MessageRow


@dataclass(frozen=True, slots=True)
class Schema:
    """The version of a database's schema."""

    kind: str
    "sqlite or postgresql"
    current: str | None
    "revision; None: the database is empty"
    head: str
    "revision that this version of the bot needs"


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for another kind. Raises ConfigError."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError([f"DATABASE_URL cannot be used ({type(error).__name__})"]) from None
    kept = parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:"
    return Path(str(parsed.database)) if kept else None


async def sealed(url: str, seal: Seal) -> bool:
    """Decrypt the newest line under each key; return whether there was any. Raises WrongKey and StoreUnavailable.

    The schema must exist.
    """
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_open_one_of_each, seal)
    except failures(engine) as error:
        raise StoreUnavailable(type(getattr(error, "orig", None) or error).__name__) from error
    finally:
        await engine.dispose()


def _open_one_of_each(connection: Connection, seal: Seal) -> bool:
    if "sealed" not in {column["name"] for column in inspect(connection).get_columns("messages")}:
        return False  # a schema from before encryption
    keys = connection.scalars(select(MessageRow.sealed).where(MessageRow.sealed.is_not(None)).distinct()).all()
    for key in keys:
        newest = select(MessageRow.text).where(MessageRow.sealed == key).order_by(MessageRow.at.desc()).limit(1)
        seal.open(connection.scalar(newest) or "", key)
    return bool(keys)


async def schema(url: str) -> Schema:
    """Return the version of the schema. Raises ConfigError and StoreUnavailable."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return Schema("sqlite", None, newest_revision())
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(current_revision)
        return Schema(engine.dialect.name, current, newest_revision())
    except failures(engine) as error:
        raise StoreUnavailable(type(getattr(error, "orig", None) or error).__name__) from error
    finally:
        await engine.dispose()
