"""Every schema there ever was, with data in it, becomes today's; `schemas/` has a SQLite dump of each.

A new migration needs a new dump: `python -m tests.store.test_schemas` writes those that are missing.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from bot.errors import StoreUnavailable
from bot.store import database
from bot.store.database import MIGRATIONS, alembic_config, newest_revision, open_engine
from bot.store.repository import SqlStore
from tests.store.small_disk import needs_a_small_disk, on_a_disk

SCHEMAS = Path(__file__).parent / "schemas"
REVISIONS = sorted(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = (
    "INSERT INTO messages (id, guild_id, channel_id, at, role, speaker_id, speaker, text, interrupted) "
    "VALUES ('m1', 1, 2, '2026-11-01 12:00:00.000000', 'user', 11, 'Änna', '聞き手?', false)",
    "INSERT INTO charges (id, at, guild_id, channel_id, kind, model, text_in, audio_in, cached_in, text_out, "
    "audio_out, micro_dollars, estimated) "
    "VALUES ('c1', '2026-11-01 12:00:00.000000', 1, 2, 'reply', 'm', 1, 2, 3, 4, 5, 12345, true)",
    "INSERT INTO charge_people (charge_id, user_id) VALUES ('c1', 11)",
    "INSERT INTO consents (guild_id, user_id, agreed, at) VALUES (1, 11, true, '2026-11-01 12:00:00.000000')",
    "INSERT INTO consents (guild_id, user_id, agreed, at) VALUES (1, 12, false, '2026-11-01 12:00:00.000000')",
    "INSERT INTO calls (guild_id, channel_id, started_at) VALUES (1, 2, '2026-11-01 12:00:00.000000')",
)
"""What every schema since the first could hold."""


def test_the_newest_revision_is_known_without_alembic() -> None:
    assert newest_revision() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


async def test_the_start_waits_for_another_process_that_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SQLITE_BUSY_MS", 50)
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(SqlStore.open(f"sqlite+aiosqlite:///{path}"))
        await asyncio.sleep(0.5)
        other.execute("COMMIT")
        store = await opening
        async with store._engine.connect() as connection:  # in a call nobody waits that long
            assert (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar() == 50
        await store.aclose()


async def fill(url: str, revision: str) -> None:
    """Make a database of an old schema with rows in it."""
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
        for row in ROWS:
            await connection.exec_driver_sql(row)
    await engine.dispose()


async def check(url: str) -> None:
    """Open it as the bot does, and find everything."""
    store = await SqlStore.open(url)
    async with store._engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync)))
    [message] = await store.history(2, 9)
    assert (message.speaker, message.text, message.interrupted) == ("Änna", "聞き手?", False)
    [charge] = await store.charges(1, LONG_AGO)
    assert (charge.cost, charge.user_ids, charge.estimated) == (Decimal("0.012345"), (11,), True)
    assert await store.consents(1) == {12: False}, "who agreed before texts had versions is asked again"
    assert await store.calls() == {1: 2}
    await store.aclose()


def test_every_schema_has_its_dump() -> None:
    assert sorted(path.stem for path in SCHEMAS.glob("*.sql")) == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
async def test_sqlite_files_of_every_version_upgrade(revision: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SCHEMAS / f"{revision}.sql").read_text("utf-8"))
    await check(f"sqlite+aiosqlite:///{file}")


ON_A_FULL_DISK = """
import asyncio, os, sqlite3, sys
from contextlib import closing
from bot.errors import StoreUnavailable
from bot.store.repository import SqlStore

async def main(folder, schema):
    file = folder + "/bot.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(open(schema, encoding="utf-8").read())
    with closing(sqlite3.connect(file)) as connection:
        [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    full = os.open(folder + "/full", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(full, bytes(4096))
    except OSError:
        pass
    for free in (0, 12, 24, 48, 1000):
        os.truncate(full, max(os.fstat(full).st_size - free * 4096, 0))
        try:
            store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
        except StoreUnavailable as error:
            print(free, "SQLITE_FULL" in str(error) or "SQLITE_IOERR" in str(error))
        else:
            print(free, "opened", len(await store.history(2, 9)), len(await store.consents(1)))
            await store.aclose()
            return
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)

asyncio.run(main(*sys.argv[1:]))
"""


@needs_a_small_disk
def test_a_migration_that_the_disk_has_no_room_for_changes_nothing_and_is_done_later(tmp_path: Path) -> None:
    """Filled, and freed little by little."""
    *refused, opened = on_a_disk(6, tmp_path, ON_A_FULL_DISK, SCHEMAS / "0001.sql")
    assert len(refused) >= 2
    assert all(line.endswith(" True") for line in refused), refused
    assert opened.endswith(" opened 1 1")


@pytest.mark.parametrize("revision", REVISIONS)
async def test_postgresql_of_every_version_upgrades(revision: str, postgres: Callable[[], str]) -> None:
    url = postgres()
    await fill(url, revision)
    await check(url)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_migration_goes_back_too(revision: str, url: str) -> None:
    await fill(url, "head")
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), revision))
    await engine.dispose()
    await check(url)


async def test_a_schema_one_version_ahead_is_used_and_one_further_ahead_is_refused(url: str) -> None:
    await fill(url, "head")
    for ahead in (1, 2):
        engine = open_engine(url)
        async with engine.begin() as connection:
            number = f"{int(newest_revision()) + ahead:04}"
            await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{number}'")
        await engine.dispose()
        if ahead == 1:
            store = await SqlStore.open(url)
            assert len(await store.history(2, 9)) == 1
            await store.aclose()
        else:
            with pytest.raises(StoreUnavailable, match="newer version"):
                await SqlStore.open(url)


async def test_answers_from_before_are_forgotten_with_those_who_had_just_spoken(url: str) -> None:
    await fill(url, "0003")
    engine = open_engine(url)
    lines = [("user", 21), ("user", 22), ("assistant", 9), ("assistant", 9), ("user", 22), ("assistant", 9)]
    async with engine.begin() as connection:
        for number, (role, speaker) in enumerate(lines):
            for channel in (3, 4):
                await connection.exec_driver_sql(
                    "INSERT INTO messages (id, guild_id, channel_id, at, role, speaker_id, speaker, text, interrupted) "
                    f"VALUES ('{channel}-{number}', 1, {channel}, '2026-11-02 12:00:0{number}.000000', '{role}', "
                    f"{speaker}, '', '{number}', false)"
                )
    await engine.dispose()
    store = await SqlStore.open(url)
    assert (await store.forget(21)).messages == 2 * 3
    assert [line.text for line in await store.history(3, 9)] == ["1", "4", "5"]
    assert [line.asked_by for line in await store.history(4, 9)] == [(), (), (22,)]
    await store.aclose()


def write_dumps() -> None:
    for revision in REVISIONS:
        path = SCHEMAS / f"{revision}.sql"
        if not path.exists():
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(fill(f"sqlite+aiosqlite:///{folder}/bot.db", revision))
                with closing(sqlite3.connect(f"{folder}/bot.db")) as connection:
                    path.write_text("\n".join(connection.iterdump()) + "\n", "utf-8")


if __name__ == "__main__":
    write_dumps()
