"""A backup brings everything back, into either database, and nothing that was deleted since."""

import base64
import errno
import gzip
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import BadBackup, WrongKey
from bot.store.backup import Saved
from bot.store.backup_file import SAVED_TABLES
from bot.store.repository import SqlStore
from bot.types import AWAY_SETTING, Setting
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, cost, said

KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
ELSEWHERE, AWAY = CHANNEL + 100, GUILD + 100


async def fill(store: SqlStore) -> None:
    now = datetime.now(UTC)
    await store.remember(GUILD, CHANNEL, [said(1, ANNA, "anna's canary"), answer(2, ANNA), said(3, BEN, "ben's words")])
    await store.remember(GUILD, ELSEWHERE, [said(4, BEN, "in another channel")])
    await store.remember(AWAY, CHANNEL + 200, [said(5, BEN, "in another server")])
    await store.charge([cost("0.5", ANNA, BEN, at=now), cost("0.25", BEN, at=now, guild=AWAY)])
    await store.consent(GUILD, ANNA, True)
    await store.consent(GUILD, BEN, True)
    await store.set(Setting(GUILD, None, "persona", "a pirate", ANNA, START))
    await store.forget(999)  # the key of the day's purses, and of the erasures


async def content(store: SqlStore) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async with store._engine.connect() as connection:
        for name, table in SAVED_TABLES.items():
            rows = (await connection.execute(select(*table.columns))).mappings()
            found[name] = sorted(str(dict(row)) for row in rows if row.get("guild_id", 1) > 0)
    return found


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "sealed"])
async def test_all_of_it_comes_back_and_into_the_other_database(url: str, key: str | None, tmp_path: Path) -> None:
    file = tmp_path / "bot.backup"
    store = await SqlStore.open(url, key)
    await fill(store)
    before = await content(store)
    assert await store.backup(file) == Saved(sum(map(len, before.values())), damaged=0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ("canary" in gzip.decompress(file.read_bytes()).decode()) == (key is None)
    await store.remember(GUILD, CHANNEL, [said(9, BEN, "after the backup")])
    done = await store.restore(file)
    assert (done.left_out, done.fresh) == (0, False)
    assert await content(store) == before
    await store.aclose()
    other = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/other.db", key)
    assert (await other.restore(file)).fresh
    assert await content(other) == before
    assert [line.text for line in await other.history(CHANNEL, 9)] == ["anna's canary", "answer 2", "ben's words"]
    await other.aclose()


async def test_what_was_deleted_since_stays_deleted(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "bot.backup"
    await fill(store)
    await store.set(Setting(GUILD, None, f"own_voice:{ANNA}", "sage", ANNA, START))
    [kept] = [line for line in await store.history(CHANNEL, 9) if line.text == "ben's words"]
    await store.backup(file)
    await store.forget(ANNA)
    await store.clear(ELSEWHERE)
    await store.drop(CHANNEL, {kept.id})
    await store.purge(AWAY)
    for _ in range(2):  # and a second time
        assert (await store.restore(file)).left_out >= 6
        assert await store.history(CHANNEL, 9) == []
        assert await store.history(ELSEWHERE, 9) == []
        assert await store.guilds() == {GUILD}
        assert await store.consents(GUILD) == {BEN: True}
        [charge] = await store.charges(GUILD, START)
        assert charge.user_ids == (BEN,)
        [setting] = await store.settings()
        assert (setting.value, setting.changed_by) == ("a pirate", None)
        shown = str(await content(store))
        assert "canary" not in shown
        assert str(ANNA) not in shown.replace(str(GUILD), "").replace(str(CHANNEL), "")
    later = tmp_path / "later.backup"
    await store.backup(later)
    await store.remember(GUILD, CHANNEL, [said(20, ANNA, "back again")])
    await store.backup(later)
    await store.restore(later)
    assert [line.text for line in await store.history(CHANNEL, 9)] == ["back again"], "she came back after that"


async def test_who_withdrew_since_stays_unheard(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "bot.backup"
    await fill(store)
    await store.consent(AWAY, BEN, False)
    await store.backup(file)
    await store.consent(GUILD, BEN, False)
    await store.consent(AWAY, BEN, True)
    await store.consent(GUILD, 77, False)  # who is not in the backup at all
    await store.restore(file)
    assert await store.consents(GUILD) == {ANNA: True, BEN: False, 77: False}
    assert await store.consents(AWAY) == {BEN: False}


async def test_what_was_put_right_since_stays_right(store: SqlStore, tmp_path: Path) -> None:
    file, later = tmp_path / "bot.backup", tmp_path / "later.backup"
    await fill(store)
    first, _, third = await store.history(CHANNEL, 9)
    await store.backup(file)
    for line in (first, third):
        assert await store.correct(GUILD, CHANNEL, replace(line, text="right", edited=True))
    await store.expire(GUILD, first.at + timedelta(seconds=1), 100)
    await store.backup(later)
    for _ in range(2):  # and a second time
        assert (await store.restore(file)).left_out == 1, "the other line that was put right is gone since"
        assert [line.text for line in await store.history(CHANNEL, 9)] == ["answer 2", "right"]
    assert (await store.restore(later)).left_out == 0
    assert [(line.text, line.edited) for line in await store.history(CHANNEL, 9)][1:] == [("right", True)]


@pytest.mark.parametrize("fresh", [False, True], ids=["into the same", "into a new one"])
async def test_it_stays_away_from_where_it_was_sent_away(store: SqlStore, tmp_path: Path, fresh: bool) -> None:
    file = tmp_path / "bot.backup"
    await fill(store)
    await store.set(Setting(GUILD, CHANNEL, AWAY_SETTING, "yes", None, START))
    await store.backup(file)
    await store.unset(GUILD, CHANNEL, AWAY_SETTING)
    other = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/other.db") if fresh else store
    await other.set(Setting(GUILD, ELSEWHERE, AWAY_SETTING, "yes", None, START))
    assert (await other.restore(file)).fresh == fresh
    away = {note.channel_id for note in await other.settings() if note.name == AWAY_SETTING}
    assert away == ({CHANNEL, ELSEWHERE} if fresh else {ELSEWHERE}), (
        "an empty database does not know that it may return"
    )
    await other.aclose()


async def test_a_voice_that_was_switched_off_since_reads_nothing(store: SqlStore, tmp_path: Path) -> None:
    file, later = tmp_path / "bot.backup", tmp_path / "later.backup"

    async def voices() -> dict[tuple[int, str], str]:
        return {(kept.guild_id, kept.name): kept.value for kept in await store.settings()}

    for guild, who in ((GUILD, ANNA), (GUILD, BEN), (AWAY, ANNA)):
        await store.set(Setting(guild, None, f"own_voice:{who}", "sage", who, START))
    await store.backup(file)
    for who in (ANNA, BEN):
        await store.unset(GUILD, None, f"own_voice:{who}")
    await store.set(Setting(GUILD, None, f"own_voice:{BEN}", "verse", BEN, START))
    for _ in range(2):  # and a second time
        assert (await store.restore(file)).left_out == 1
        assert await voices() == {(GUILD, f"own_voice:{BEN}"): "sage", (AWAY, f"own_voice:{ANNA}"): "sage"}
    await store.set(Setting(GUILD, None, f"own_voice:{ANNA}", "verse", ANNA, START))
    await store.backup(later)
    await store.restore(later)
    assert len(await voices()) == 3, "she wants it again"
    await store.unset(GUILD, None, f"own_voice:{ANNA}")
    assert str(ANNA) not in str((await content(store))["erasures"])


async def test_what_is_no_whole_backup_changes_nothing(store: SqlStore, tmp_path: Path) -> None:
    file, broken = tmp_path / "bot.backup", tmp_path / "broken"
    await fill(store)
    await store.backup(file)
    before = await content(store)
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)

    def head(**changes: object) -> str:
        return json.dumps(json.loads(lines[0]) | changes) + "\n"

    long_ago = (datetime.now(UTC) - timedelta(days=500)).isoformat()
    for data, said_of_it in (
        (b"no gzip", "damaged"),
        (file.read_bytes()[:-20], "damaged"),
        (gzip.compress(b'{"a": 1}\n'), "not a backup"),
        (gzip.compress("".join(lines[:-1]).encode()), "end"),
        (gzip.compress("".join([head(schema="9999"), *lines[1:]]).encode()), "newer"),
        (gzip.compress("".join([head(taken=long_ago), *lines[1:]]).encode()), "older"),
        (gzip.compress("".join([lines[0], '["unknown", {}]\n', *lines[1:]]).encode()), "not known"),
        (gzip.compress(head(taken="yesterday").encode()), "head"),
        (gzip.compress(b'{"kikite_backup": 1}\n'), "head"),
        *(
            (gzip.compress("".join([lines[0], f"{row}\n", *lines[1:]]).encode()), r"row 1 .* damaged")
            for row in (
                "7",
                '["consents"]',
                '["consents", [1, 2]]',
                '["consents", {}]',
                '["forgettings", {"user_id": "7"}]',
                '["forgettings", {"user_id": null}]',
                '["forgettings", {"user_id": 7, "more": 1}]',
                '["departures", {"guild_id": 7, "at": "yesterday"}]',
            )
        ),
    ):
        broken.write_bytes(data)
        with pytest.raises(BadBackup, match=said_of_it):
            await store.restore(broken)
    assert await content(store) == before


@pytest.mark.parametrize("what", ["all", "a persona"])
async def test_a_backup_under_another_key_is_refused_whole(url: str, what: str, tmp_path: Path) -> None:
    store = await SqlStore.open(url, KEY)
    if what == "all":
        await fill(store)
    else:
        await store.set(Setting(GUILD, None, "persona", "a pirate", ANNA, START))
    await store.backup(tmp_path / "bot.backup")
    await store.aclose()
    other = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/other.db", OTHER)
    await other.remember(GUILD, CHANNEL, [said(1)])
    with pytest.raises(WrongKey):
        await other.restore(tmp_path / "bot.backup")
    assert len(await other.history(CHANNEL, 9)) == 1
    await other.aclose()


@pytest.mark.parametrize("named", ["a folder", "the database", "a note", "an archive"])
async def test_it_takes_the_place_of_another_backup_only(named: str, tmp_path: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/kept/bot.db")
    await fill(store)
    places = {"a folder": "kept", "the database": "kept/bot.db", "a note": "note", "an archive": "photos.gz"}
    file = tmp_path / places[named]
    (tmp_path / "note").write_text("DISCORD_TOKEN=…")
    (tmp_path / "photos.gz").write_bytes(gzip.compress(b"photos"))
    with pytest.raises(OSError, match="something else than a backup"):
        await store.backup(file)
    assert (tmp_path / "note").read_text() == "DISCORD_TOKEN=…"
    assert gzip.decompress((tmp_path / "photos.gz").read_bytes()) == b"photos"
    assert len(await store.history(CHANNEL, 9)) == 3
    for _ in range(2):
        await store.backup(tmp_path / "bot.backup")
    await store.aclose()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.backup", "kept", "note", "photos.gz"]


async def test_a_backup_that_breaks_off_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that is full, for instance."""
    store, file = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/kept/bot.db"), tmp_path / "bot.backup"
    await fill(store)
    await store.backup(file)
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await store.backup(file)
    await store.aclose()
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.backup", "kept"]
