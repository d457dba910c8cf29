"""A damaged cell of a SQLite file costs its row, whichever cell and whatever stands there; it is counted and said."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, Float, Table

from bot.store.backup_file import SAVED_TABLES
from bot.store.repository import SqlStore
from bot.store.tables import Base
from bot.types import Hold, Setting
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, cost
from tests.store.test_backup import KEY, content, fill

DAMAGE = {"text": "abc", "bytes": b"\xff\x00\xfe", "fraction": 1.5, "nothing": None}
MANY = 99


async def read(store: SqlStore) -> dict[str, Any]:
    """Everything that people and the bot read, but what names extra places and people."""
    return {
        "history": await store.history(CHANNEL, MANY),
        "found": await store.search(CHANNEL, ["words"], MANY),
        "near": await store.said_near(GUILD, START, MANY),
        "charges": await store.charges(GUILD, START),
        "settings": await store.settings(),
        "words": [(await store.export(who))["messages"] for who in (ANNA, BEN)],
    }


def harmful(column: Any, kind: str) -> bool:
    """Whether this is damage at all in a column."""
    match kind:
        case "nothing":
            return not column.nullable
        case "fraction":  # SQLite itself makes text of it where a column holds text
            return not isinstance(column.type, Float) and column.type.python_type is not str
        case "text":
            return column.type.python_type is not str
        case _:
            return True


def add_damaged(raw: sqlite3.Connection, table: Table, kind: str) -> int:
    """Add a row for each column of a table, like its first one and damaged in that column; return how many."""
    raw.row_factory = sqlite3.Row
    first, added = dict(raw.execute(f"SELECT * FROM {table.name} ORDER BY rowid LIMIT 1").fetchone()), 0
    for number, column in enumerate(table.columns, 10):
        last = list(table.primary_key.columns)[-1]
        own: Any = f"2020-01-{number}" if isinstance(last.type, Date) else number
        row = first | {last.name: f"id{number}" if last.type.python_type is str else own}
        if harmful(column, kind):
            row[column.name] = b"other" if column.foreign_keys and kind == "bytes" else DAMAGE[kind]
            names = ", ".join(row)
            raw.execute(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
            added += not column.foreign_keys  # what belongs to no line or charge is nothing that is kept
    return added


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "sealed"])
@pytest.mark.parametrize("kind", DAMAGE)
async def test_a_damaged_cell_costs_its_row_and_stops_nothing(
    file: Path, tmp_path: Path, kind: str, key: str | None
) -> None:
    url, now = f"sqlite+aiosqlite:///{file}", datetime.now(UTC)
    store = await SqlStore.open(url, key)
    await fill(store)
    await store.charge([cost("0.1", ANNA, at=now)])
    await store.forget(ANNA)  # leaves a nameless purse
    await store.charge([cost("0.1", BEN, at=now)])
    await store.remember(GUILD, CHANNEL, [answer(8, BEN, text="words for him")])
    await store.set(Setting(GUILD, None, f"own_voice:{BEN}", "sage", BEN, START))
    await store.call_started(GUILD, CHANNEL)
    await store.departed(GUILD + 9, now)
    hold = Hold(GUILD, (BEN,), Decimal("0.1"), Decimal(9), (Decimal(9),), now, "hold")
    assert await store.hold(hold, lambda *_: Decimal(0))
    await store.identify(0, lambda *_: 0.0, now.timestamp())
    await store.aclose()
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("INSERT INTO forgettings VALUES (9)")
        raw.commit()
    store = await SqlStore.open(url, key)
    before, rows = await read(store), await content(store)
    await store.aclose()
    with closing(sqlite3.connect(file)) as raw:
        if kind == "nothing":
            raw.execute("PRAGMA writable_schema = ON")
            raw.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '')")
            raw.commit()
    with closing(sqlite3.connect(file)) as raw:
        damaged = {
            table.name: add_damaged(raw, table, kind) for table in Base.metadata.sorted_tables if table.name != "news"
        }
        raw.commit()
    store = await SqlStore.open(url, key)
    assert await read(store) == before
    assert {GUILD} <= await store.guilds()
    assert (await store.calls())[GUILD] == CHANNEL
    assert (await store.consents(GUILD))[BEN]
    assert await store.hold(
        Hold(GUILD, (BEN,), Decimal("0.1"), Decimal(9), (Decimal(9),), now, "h2"), lambda *_: Decimal(0)
    )
    saved = await store.backup(tmp_path / "bot.backup")
    assert saved.damaged == sum(count for name, count in damaged.items() if name in SAVED_TABLES)
    assert saved.rows == sum(map(len, rows.values()))
    other = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/other.db", key)
    assert (await other.restore(tmp_path / "bot.backup")).rows == saved.rows
    assert await content(other) == rows
    await other.aclose()
    assert (await store.restore(tmp_path / "bot.backup")).rows == saved.rows
    await store.tidy(now, MANY)
    assert (await store.forget(BEN)).consents == 1
    assert BEN not in await store.consents(GUILD)
    await store.aclose()
