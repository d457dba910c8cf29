"""Words at rest are sealed, keys rotate, and a wrong key is said so."""

import asyncio
import base64
import errno
import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.cli.people import open_store
from bot.cli.sealing import reseal
from bot.config import Settings
from bot.errors import ConfigError, Damaged, WrongKey
from bot.jobs.job_folder import folder_beside
from bot.store.inspection import sealed
from bot.store.repository import SqlStore
from bot.store.seal import Seal
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, cost, said

OLD, NEW = base64.urlsafe_b64encode(bytes(range(200, 232))).decode(), base64.b64encode(bytes(range(32))).decode()
SECRET = "a canary sings"


async def opened(url: str, key: str | None) -> SqlStore:
    return await SqlStore.open(url, key)


@pytest.mark.parametrize(
    "key", ["correct horse battery staple", "short", OLD[:-4], f"{OLD},", f"{OLD},word", "é" * 44], ids=range(6)
)
def test_what_is_no_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Seal.of(key)
    assert "STORE_KEY" in str(caught.value)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", [OLD, NEW, f" {NEW} , {OLD} "])
def test_either_alphabet_of_base64_is_a_key(key: str) -> None:
    seal = Seal.of(key)
    assert SECRET not in seal.seal(SECRET, "here")
    assert seal.open(seal.seal(SECRET, "here"), seal.key, "here") == SECRET


async def test_words_and_names_do_not_stand_in_the_file(file: Path) -> None:
    store = await opened(f"sqlite+aiosqlite:///{file}", OLD)
    await store.remember(GUILD, CHANNEL, [said(1, text=SECRET)])
    assert (await store.history(CHANNEL, 9))[0].text == SECRET
    await store.aclose()
    stored = b"".join(path.read_bytes() for path in file.parent.glob("bot.db*"))
    assert SECRET.encode() not in stored
    assert "聞き手".encode() not in stored


async def test_the_wrong_key_is_said_at_start_and_changes_nothing(url: str) -> None:
    store = await opened(url, OLD)
    line = said(1)
    await store.remember(GUILD, CHANNEL, [line])
    await store.aclose()
    for key in (None, NEW):
        with pytest.raises(WrongKey):
            await opened(url, key)
    again = await opened(url, f"{NEW},{OLD}")
    assert await again.history(CHANNEL, 9) == [line]
    await again.aclose()


async def test_keys_rotate_and_open_words_are_sealed_by_and_by(url: str) -> None:
    lines = [said(number) for number in range(5)]
    for key, line in ((None, lines[0]), (OLD, lines[1]), (OLD, lines[2]), (f"{NEW},{OLD}", lines[3])):
        store = await opened(url, key)
        await store.remember(GUILD, CHANNEL, [line])
        await store.aclose()
    store = await opened(url, f"{NEW},{OLD}")
    assert [await store.tidy(START, 2) for _ in range(3)] == [2, 1, 0]
    await store.aclose()
    store = await opened(url, NEW)  # the old key is needed no more
    assert await store.history(CHANNEL, 9) == lines[:4]
    await store.aclose()


@pytest.mark.parametrize(
    "damage",
    [
        "text = substr(text, 1, length(text) - 6) || 'AAAAA='",
        "text = 'x' || text",
        "text = ''",
        "text = 'é'",
        "text = CAST(x'ff00fe' AS TEXT)",
        "speaker = text",
        "text = (SELECT text FROM messages WHERE id = 'line2')",
        "speaker = (SELECT speaker FROM messages WHERE id = 'line2')",
        "speaker_id = speaker_id + 1",
        "channel_id = channel_id, guild_id = 7",
        "sealed = 'gibberish'",
        "at = 'z' || substr(at, 2)",
        "sealed = '2.' || substr(sealed, 4) || 'z'",
    ],
)
async def test_a_damaged_or_moved_line_costs_that_line_and_stops_nothing(file: Path, damage: str) -> None:
    url = f"sqlite+aiosqlite:///{file}"
    store = await opened(url, OLD)
    lines = [replace(said(number, ANNA), id=f"line{number}") for number in range(4)]
    await store.remember(GUILD, CHANNEL, lines)
    await store.aclose()
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(f"UPDATE messages SET {damage} WHERE id = 'line1'")
        raw.commit()
    store = await opened(url, f"{NEW},{OLD}")
    rest = [lines[0], *lines[2:]]
    assert await store.history(CHANNEL, 9) == rest
    assert (store.damaged, store.counts) == ({"line1"}, {"lines_damaged": 1})
    kept = await store.export(ANNA)
    assert [line["text"] for line in kept["messages"]] == [line.text for line in rest]
    assert kept.get("damaged_lines", 0) == (0 if damage.startswith("speaker_id") else 1)
    assert sum([await store.tidy(START, 2) for _ in range(4)]) == 3 + damage.startswith("at"), (
        "the others are sealed anew"
    )
    await store.aclose()
    assert await sealed(url, Seal.of(f"{NEW},{OLD}"))
    store = await opened(url, f"{NEW},{OLD}")
    assert await store.history(CHANNEL, 9) == rest
    assert await store.expire(GUILD, START + timedelta(days=1), 9) >= 3
    await store.aclose()


async def test_words_of_the_first_format_open_and_become_bound_to_their_line(file: Path) -> None:
    url = f"sqlite+aiosqlite:///{file}"
    store = await opened(url, NEW)
    line = said(1, ANNA)
    await store.remember(GUILD, CHANNEL, [line])
    await store.aclose()
    fernet = Fernet(base64.urlsafe_b64encode(base64.b64decode(NEW)))
    words = [fernet.encrypt(word.encode()).decode() for word in (line.speaker, line.text)]
    name = hashlib.sha256(base64.b64decode(NEW)).hexdigest()[:16]
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE messages SET speaker = ?, text = ?, sealed = ?", (*words, name))
        raw.commit()
    store = await opened(url, NEW)
    assert await store.history(CHANNEL, 9) == [line]
    assert [await store.tidy(START, 9) for _ in range(2)] == [1, 0]
    assert await store.history(CHANNEL, 9) == [line]
    await store.aclose()
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT sealed FROM messages").fetchall() == [(Seal.of(NEW).key,)]


def test_files_are_sealed_to_their_names() -> None:
    old, new = Seal.of(OLD), Seal.of(f"{NEW},{OLD}")
    data = SECRET.encode()
    assert old.open_file(old.seal_file(data, "a"), "a") == new.open_file(old.seal_file(data, "a"), "a") == data
    assert new.open_file(data, "a") == data, "from before there was a key"
    assert Seal().seal_file(data, "a") == data
    with pytest.raises(Damaged):
        new.open_file(new.seal_file(data, "a"), "b")
    with pytest.raises(WrongKey):
        old.open_file(new.seal_file(data, "a"), "a")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
async def test_only_the_bots_user_may_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    file = folder / "bot.db"
    file.touch(mode=0o644)
    for _ in range(2):
        store = await opened(f"sqlite+aiosqlite:///{file}", None)
        await store.remember(GUILD, CHANNEL, [said(1)])
        modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
        assert modes.pop("data") == 0o700
        assert {"bot.db", "bot.db-wal", "bot.db-shm"} <= modes.keys()
        assert set(modes.values()) == {0o600}, modes
        await store.aclose()
        folder.chmod(0o777)
        file.chmod(0o666)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
async def test_a_folder_that_others_use_stays_open(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "others").mkdir()
    store = await opened(f"sqlite+aiosqlite:///{folder}/bot.db", None)
    await store.aclose()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "bot.db").stat().st_mode & 0o777 == 0o600


def settings_of(folder: Path, key: str) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        discord_token=SecretStr("none"),
        openai_api_key=SecretStr("none"),
        database_url=f"sqlite+aiosqlite:///{folder}/bot.db",
        store_key=SecretStr(key),
    )


async def test_everything_is_sealed_with_the_new_key_beside_a_running_bot(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    unsealed = await opened(url, None)
    lines = [said(number, ANNA) for number in range(650)]
    await unsealed.remember(GUILD, CHANNEL, lines[:50])
    await unsealed.aclose()
    old = await opened(url, OLD)
    await old.remember(GUILD, CHANNEL, lines[50:600])
    await old.charge([cost("0.1", ANNA, at=datetime.now(UTC))])
    await old.forget(BEN)
    folder_beside(settings_of(tmp_path, OLD)).write("notes-a.json", SECRET.encode())
    running = await opened(url, f"{NEW},{OLD}")

    async def talk() -> None:
        for line in lines[600:]:
            await running.remember(GUILD, CHANNEL, [line])

    settings = settings_of(tmp_path, f"{NEW},{OLD}")
    steps: list[int] = []
    done, _ = await asyncio.gather(reseal(settings, steps.append), talk())
    assert (done.lines, done.files, done.damaged, done.older_keys) == (600, 1, 0, ())
    assert steps == sorted(steps)
    assert "you can remove the others" in done.report()[-1]
    await old.remember(GUILD, CHANNEL, [said(700, ANNA)])  # a bot that nobody restarted
    with closing(sqlite3.connect(tmp_path / "bot.db")) as raw:
        raw.execute("UPDATE messages SET text = 'x', sealed = ? WHERE id = ?", (Seal.of(OLD).key, lines[3].id))
        raw.commit()
    async with open_store(settings) as store:
        assert await store.older_keys() == (Seal.of(OLD).key,)
    again = await reseal(settings, steps.append)
    assert (again.lines, again.files, again.damaged, again.older_keys) == (2, 0, 1, ())
    for store in (old, running):
        await store.aclose()
    only_new = settings_of(tmp_path, NEW)
    assert folder_beside(only_new).read("notes-a.json") == SECRET.encode()
    store = await opened(url, NEW)  # which no line stops, not even the damaged one
    assert len(await store.history(CHANNEL, 999)) == 650
    await store.aclose()
    assert "encrypted with STORE_KEY" in (await reseal(only_new, steps.append)).report()[-1]


async def test_no_key_may_go_that_a_file_still_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk takes none anew."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = folder_beside(settings_of(tmp_path, OLD))
    folder.write("notes-a.json", SECRET.encode())
    settings = settings_of(tmp_path, f"{NEW},{OLD}")
    with monkeypatch.context() as full:
        full.setattr(os, "replace", refuse)
        done = await reseal(settings, lambda _: None)
    assert (done.files, done.older_keys) == (0, (Seal.of(OLD).key,))
    assert "Keep the old keys" in done.report()[-1]
    assert [path.name for path in folder.path.iterdir()] == ["notes-a.json"]
    assert "you can remove the others" in (await reseal(settings, lambda _: None)).report()[-1]


async def test_an_interrupted_sealing_goes_on_where_it_was(url: str) -> None:
    store = await opened(url, OLD)
    await store.remember(GUILD, CHANNEL, [said(number) for number in range(30)])
    await store.aclose()
    first = await opened(url, f"{NEW},{OLD}")
    assert await first.reseal(10) == 10
    await first.aclose()
    second = await opened(url, f"{NEW},{OLD}")
    assert [await second.reseal(10) for _ in range(3)] == [10, 10, 0]
    assert await second.older_keys() == ()
    await second.aclose()
