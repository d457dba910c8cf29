"""Words at rest are sealed, keys rotate, and a wrong key is said so."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import ConfigError, WrongKey
from bot.store.repository import SqlStore
from bot.store.seal import Seal
from tests.store.make import ANNA, CHANNEL, GUILD, START, said

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
    assert SECRET not in seal.seal(SECRET)
    assert seal.open(seal.seal(SECRET), seal.key) == SECRET


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


async def test_changed_words_are_never_read_as_garbage(file: Path) -> None:
    url = f"sqlite+aiosqlite:///{file}"
    store = await opened(url, OLD)
    await store.remember(GUILD, CHANNEL, [said(1, ANNA)])
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE messages SET text = substr(text, 1, length(text) - 6) || 'AAAAA='")
        raw.commit()
    with pytest.raises(WrongKey):
        await store.history(CHANNEL, 9)
    await store.aclose()
