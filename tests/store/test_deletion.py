"""Deleted words leave no byte in a large SQLite file, on a full disk or when the process ends halfway."""

import asyncio
import base64
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store import deletion
from bot.store.repository import SqlStore
from bot.store.spare_room import SpareRoom
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, said
from tests.store.small_disk import needs_a_small_disk, on_a_disk

SINGERS = range(2**61, 2**61 + 12)


def file_bytes(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize("ids", ["snowflakes", "small"])
async def test_a_large_file_keeps_no_byte_of_whoever_is_forgotten(
    file: Path, ids: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines are written, expire and are cleared between, so that SQLite moves those of others about."""
    monkeypatch.setattr(deletion, "VACUUM_MAX_BYTES", 0)  # as if the file were larger
    monkeypatch.setattr(deletion, "BLANK_MARGIN_LINES", 300)
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    chance = random.Random(11)
    singers = list(SINGERS) if ids == "snowflakes" else list(range(1, 13))
    clock = 0
    for round_number, gone in enumerate(singers):
        lines = []
        for _ in range(400):
            who = chance.choice(singers[round_number:])
            text = f"canary{who:020} " * chance.choice((1, 2, 5, 20, 200))
            clock += 1
            lines.append(answer(clock, who, text=text) if chance.random() < 0.3 else said(clock, who, text))
        for start, channel in enumerate((CHANNEL, CHANNEL + 1, CHANNEL + 2)):
            await store.remember(GUILD if ids == "snowflakes" else 1, channel, lines[start::3])
        await store.expire(GUILD if ids == "snowflakes" else 1, START + timedelta(seconds=clock - 900), 300)
        if round_number % 3 == 2:
            await store.clear(CHANNEL + 2)
        await store.forget(gone)
        assert f"canary{gone:020}".encode() not in file_bytes(file)
        await store.tidy(START, 500)
        assert not (await store.export(gone))["messages"]
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = raw.execute("SELECT count(*), sum(guild_id <= 0) FROM messages").fetchone()
    assert rows[0] < 2000, f"{rows}: what is dead at the beginning goes, too"
    assert await store.history(CHANNEL, 9) == []
    await store.aclose()


async def test_the_others_lines_are_all_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "VACUUM_MAX_BYTES", 0)
    monkeypatch.setattr(deletion, "BLANK_MARGIN_LINES", 0)
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    lines = [said(number, ANNA if number % 2 else BEN, f"line {number} " * 9) for number in range(600)]
    await store.remember(GUILD, CHANNEL, lines)
    assert (await store.forget(ANNA)).messages == 300
    await store.tidy(START, 500)
    assert await store.history(CHANNEL, 999) == lines[::2]
    assert await store.guilds() == {GUILD}
    await store.remember(GUILD, CHANNEL, [said(700, ANNA, "again")])
    assert [line.text for line in await store.history(CHANNEL, 1)] == ["again"]
    await store.aclose()


@pytest.mark.parametrize("how", ["sealed anew", "of an earlier version"])
async def test_the_next_start_removes_copies_that_the_file_may_have(
    file: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "VACUUM_MAX_BYTES", 0)
    chance = random.Random(3)
    url, key = f"sqlite+aiosqlite:///{file}", base64.b64encode(bytes(32)).decode()
    store = await SqlStore.open(url)
    lines = [said(number, (ANNA, BEN)[number % 2], "canary" * chance.choice((1, 5, 50, 400))) for number in range(600)]
    await store.remember(GUILD, CHANNEL, lines)
    await store.aclose()
    if how == "sealed anew":
        store = await SqlStore.open(url, key)
        await store.tidy(START, 50)
        while await store.tidy(START, 50):
            pass
        await store.aclose()
    else:
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("DELETE FROM messages WHERE rowid % 7 < 5")  # leaves the words of the others in gaps, too
            raw.execute("UPDATE messages SET text = 'y'")
            raw.execute("UPDATE alembic_version SET version_num = '0005'")
            for later in ("forgettings", "holds", "erasures"):
                raw.execute(f"DROP TABLE {later}")
            raw.commit()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"canary" in file_bytes(file)
    store = await SqlStore.open(url, key)
    assert b"canary" not in file_bytes(file)
    await store.aclose()


async def test_what_was_begun_is_finished_by_the_next_process(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await SqlStore.open(url)
    lines = [said(number, ANNA if number % 2 else BEN) for number in range(500)]
    await store.remember(GUILD, CHANNEL, lines)
    forgetting = asyncio.create_task(store.forget(ANNA))
    while (left := len(await store.history(CHANNEL, 999))) == 500:
        await asyncio.sleep(0)
    forgetting.cancel()
    await asyncio.gather(forgetting, return_exceptions=True)
    assert 250 <= left < 500
    await store.aclose()
    store = await SqlStore.open(url)
    await store.tidy(START, 9)
    assert await store.history(CHANNEL, 999) == lines[::2]
    await store.aclose()


ON_A_FULL_DISK = """
import asyncio, os, sys
from pathlib import Path
from bot.errors import StoreUnavailable
from bot.store.repository import SqlStore
from bot.types import AWAY_SETTING, Setting
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, said

async def main(folder):
    store = await SqlStore.open(f"sqlite+aiosqlite:///{folder}/bot.db")
    for start in range(0, 600, 100):
        lines = [said(start + number, (ANNA, BEN)[number % 2], "a canary sings " * 40) for number in range(100)]
        await store.remember(GUILD, CHANNEL, lines)
    await store.set(Setting(GUILD, None, f"own_voice:{BEN}", "sage", BEN, START))
    file = os.open(folder + "/full", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        pass
    try:
        for number in range(1000, 3000, 100):
            await store.remember(GUILD, CHANNEL, [said(number + one, BEN, "x" * 2000) for one in range(100)])
        print("not full")
    except StoreUnavailable:
        pass
    await store.consent(GUILD, BEN, False)
    await store.unset(GUILD, None, f"own_voice:{BEN}")
    await store.set(Setting(GUILD, CHANNEL, AWAY_SETTING, "yes", None, START))
    taken_back = await store.consents(GUILD) == {BEN: False}, [one.name for one in await store.settings()] == ["away"]
    gone = await store.forget(ANNA)
    left = await store.export(ANNA)
    found = sum(b"canary" in path.read_bytes() for path in Path(folder).glob("bot.db*"))
    print(*taken_back, gone.messages, left["messages"], len((await store.export(BEN))["messages"]) >= 300)
    await store.aclose()
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        pass
    store = await SqlStore.open(f"sqlite+aiosqlite:///{folder}/bot.db")
    print((await store.forget(BEN)).messages >= 300, len(await store.history(CHANNEL, 9)))
    await store.aclose()

asyncio.run(main(sys.argv[1]))
"""


@needs_a_small_disk
def test_taking_back_and_forgetting_work_on_a_full_disk(tmp_path: Path) -> None:
    """Filled to the last block, and filled again before the next start."""
    told = [line for line in on_a_disk(16, tmp_path, ON_A_FULL_DISK) if "warning" not in line]
    assert told == ["True True 300 [] True", "True 0"]


def test_the_room_kept_aside_is_real_and_given_once(tmp_path: Path) -> None:
    room = SpareRoom(tmp_path / "bot.db")
    assert not room.release()
    room.keep()
    room.keep()
    [file] = tmp_path.iterdir()
    assert file.stat().st_blocks * 512 >= 2**22
    assert file.stat().st_mode & 0o777 == 0o600
    assert [room.release(), room.release(), list(tmp_path.iterdir())] == [True, False, []]


async def test_without_room_a_full_disk_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    calls = 0

    async def full() -> int:
        nonlocal calls
        calls += 1
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise StoreUnavailable("full") from error

    for expected in (2, 3):  # with the room, and without
        with pytest.raises(StoreUnavailable):
            await store._despite_full_disk(full)
        assert calls == expected
    await store.aclose()
