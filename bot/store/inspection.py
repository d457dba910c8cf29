"""Inspects a database for `doctor` without changing it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from bot.errors import Damaged, StoreUnavailable
from bot.store.database import current_revision, failures, newest_revision, open_engine, parsed_url, reason
from bot.store.messages import BOUND_COLUMNS, place
from bot.store.seal import Seal
from bot.store.tables import MessageRow

PROBED_LINES = 10
"""Lines under a key to try until one opens."""


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
    parsed = parsed_url(url)
    name = parsed.database or ":memory:"
    kept = parsed.get_backend_name() == "sqlite" and name != ":memory:"
    return Path(name) if kept else None


async def sealed(url: str, seal: Seal) -> bool:
    """Decrypt the newest line under each key; return whether there was any. Raises WrongKey and StoreUnavailable.

    The schema must exist.
    """
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_open_one_of_each, seal)
    except failures(engine) as error:
        raise StoreUnavailable(reason(error)) from error
    finally:
        await engine.dispose()


def _open_one_of_each(connection: Connection, seal: Seal) -> bool:
    if "sealed" not in {column["name"] for column in inspect(connection).get_columns("messages")}:
        return False  # a schema from before encryption
    keys = connection.scalars(select(MessageRow.sealed).where(MessageRow.sealed.is_not(None)).distinct()).all()
    opened = [_open_one_of(connection, seal, key or "") for key in keys]
    return any(opened)


def _open_one_of(connection: Connection, seal: Seal, key: str) -> bool:
    """Decrypt the newest line under a key, damaged ones passed over; return whether one opened. Raises WrongKey."""
    columns = (MessageRow.id, MessageRow.text, *(getattr(MessageRow, name) for name in BOUND_COLUMNS))
    newest = (
        select(*columns)
        .where(MessageRow.sealed == key, MessageRow.guild_id > 0)
        .order_by(MessageRow.at.desc())
        .limit(PROBED_LINES)
    )
    for row in connection.execute(newest).mappings():
        with suppress(Damaged):
            seal.open(row["text"], key, place("text", row))
            return True
    return False


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
        raise StoreUnavailable(reason(error)) from error
    finally:
        await engine.dispose()
