"""The contract of ports.Store, on every implementation."""

import asyncio
import subprocess
import sys
import traceback
import warnings
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.errors import ConfigError, StoreUnavailable
from bot.store.database import SQLITE_CONNECTIONS, alembic_config
from bot.store.repository import SqlStore
from bot.types import Charge, Setting, Usage
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START, answer, said


async def test_history_is_the_newest_lines_oldest_first(store: SqlStore) -> None:
    lines = [said(number) for number in range(5)]
    await store.remember(GUILD, CHANNEL, [lines[2], lines[0], lines[1]])
    await store.remember(GUILD, CHANNEL, lines[3:])
    await store.remember(GUILD, CHANNEL + 1, [said(9)])
    assert await store.history(CHANNEL, 3) == lines[2:]


async def test_an_answer_keeps_its_audio_id_and_whom_it_answers(store: SqlStore) -> None:
    lines = [answer(1, ANNA, BEN), replace(answer(2), interrupted=True), said(3)]
    for _ in range(2):
        await store.remember(GUILD, CHANNEL, lines)
    assert await store.history(CHANNEL, 9) == lines
    assert await store.history(CHANNEL, 1) == lines[2:]


@pytest.mark.parametrize("options", ["", "?mode=memory"])
async def test_few_connections_are_kept_open(tmp_path: Path, options: str) -> None:
    """The option is SQLite's for URIs: SQLAlchemy ignores it, but takes it for a database in memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}{options}")
    await asyncio.gather(*(store.history(CHANNEL, 9) for _ in range(8)))
    pool = store._engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    assert pool.checkedin() == SQLITE_CONNECTIONS
    await store.aclose()


async def test_words_are_found_over_everything_that_is_kept(store: SqlStore) -> None:
    lines = [said(number, text=f"line {number}") for number in range(1200)]
    old, wide = said(-5, text="The Café opens at ten"), said(-4, text="カフェは１０時に開く")
    await store.remember(GUILD, CHANNEL, [old, wide, *lines])
    await store.remember(GUILD, CHANNEL + 1, [said(2000, text="the cafe elsewhere")])
    assert await store.search(CHANNEL, ["CAFE", "ten"], 5) == [old]
    assert await store.search(CHANNEL, ["ｶﾌｪ", "10"], 5) == [wide]
    assert await store.search(CHANNEL, ["聞き手", "line", "7"], 2) == [lines[1187], lines[1197]]
    assert await store.search(CHANNEL, ["café", "eleven"], 5) == await store.search(CHANNEL, [""], 5) == []


async def test_what_was_said_around_a_time_is_found_in_all_channels_of_a_server(store: SqlStore) -> None:
    before, first, second, there = said(-700), said(-500), said(5, BEN), said(1)
    await store.remember(GUILD, CHANNEL, [before, first, answer(2, ANNA), second])
    await store.remember(GUILD, CHANNEL + 1, [there])
    await store.remember(GUILD + 1, CHANNEL + 2, [said(1)])
    assert await store.said_near(GUILD, START, 9) == {CHANNEL: [first, second], CHANNEL + 1: [there]}
    assert await store.said_near(GUILD, START, 1) == {CHANNEL: [first]}
    await store.forget(ANNA)
    assert await store.said_near(GUILD, START, 9) == {CHANNEL: [second]}


async def test_a_line_is_put_right_and_marked(store: SqlStore) -> None:
    lines = [said(1), replace(answer(2, ANNA), interrupted=True), said(3, BEN)]
    await store.remember(GUILD, CHANNEL, lines)
    right = replace(lines[0], text="what she *did* say, and a good deal longer", edited=True)
    assert await store.correct(GUILD, CHANNEL, right)
    assert await store.history(CHANNEL, 9) == [right, *lines[1:]]
    for wrong in (replace(right, id="0" * 32), said(9)):
        assert not await store.correct(GUILD, CHANNEL, wrong)
    assert not await store.correct(GUILD, CHANNEL + 1, right)
    await store.forget(ANNA)
    assert not await store.correct(GUILD, CHANNEL, right)
    assert await store.history(CHANNEL, 9) == [lines[2]]


@pytest.mark.parametrize(("words", "kept"), [("a\0b", "ab"), ("a\ud800b", "a?b"), ("🎧\u202e聞", "🎧\u202e聞")])
async def test_no_letter_is_beyond_it(store: SqlStore, words: str, kept: str) -> None:
    await store.remember(GUILD, CHANNEL, [replace(said(1, text=words), speaker=words)])
    await store.set(Setting(GUILD, None, "persona", words, ANNA, START))
    [line] = await store.history(CHANNEL, 9)
    assert (line.text, line.speaker) == (kept, kept)
    assert [setting.value for setting in await store.settings()] == [kept]


async def test_what_is_written_twice_stands_once(store: SqlStore) -> None:
    for _ in range(2):
        await store.remember(GUILD, CHANNEL, [said_once])
        await store.charge([charge_once])
    assert await store.history(CHANNEL, 9) == [said_once]
    assert await store.charges(GUILD, START) == [charge_once]


said_once = said(1)
charge_once = Charge(
    START, GUILD, CHANNEL, (ANNA, BEN), "reply", "gpt-audio-1.5", Usage(1, 2, 3, 4, 5), Decimal("0.012345"), True
)


async def test_an_unknown_price_stays_unknown(store: SqlStore) -> None:
    charge = Charge(START, GUILD, CHANNEL, (), "reply", "mystery", Usage(), None)
    await store.charge([charge])
    assert await store.charges(GUILD, START) == [charge]
    assert await store.charges(GUILD, START + timedelta(seconds=1)) == []
    assert await store.charges(GUILD + 1, START) == []


async def test_some_lines_are_dropped_and_no_others(store: SqlStore) -> None:
    lines = [said(number) for number in range(3)]
    await store.remember(GUILD, CHANNEL, lines)
    await store.remember(GUILD, CHANNEL + 1, [said_once])
    assert await store.drop(CHANNEL, {lines[0].id, lines[2].id, said_once.id}) == 2
    assert await store.drop(CHANNEL, set()) == 0
    assert await store.history(CHANNEL, 9) == [lines[1]]
    assert await store.history(CHANNEL + 1, 9) == [said_once]


async def test_clear_says_how_much_went(store: SqlStore) -> None:
    await store.remember(GUILD, CHANNEL, [said(1), said(2)])
    await store.remember(GUILD, CHANNEL + 1, [said(3)])
    assert await store.clear(CHANNEL) == 2
    assert await store.history(CHANNEL, 9) == []
    assert len(await store.history(CHANNEL + 1, 9)) == 1


async def test_consent_is_per_server_and_the_last_word_counts(store: SqlStore) -> None:
    await store.consent(GUILD, ANNA, True)
    await store.consent(GUILD, BEN, True)
    await store.consent(GUILD, BEN, False)
    assert await store.consents(GUILD) == {ANNA: True, BEN: False}
    assert await store.consents(GUILD + 1) == {}


async def test_calls_outlast_the_process(store: SqlStore, url: str) -> None:
    await store.call_started(GUILD, CHANNEL)
    await store.call_started(GUILD, CHANNEL + 1)
    await store.call_started(GUILD + 1, CHANNEL)
    await store.call_ended(GUILD + 1)
    again = await SqlStore.open(url)
    assert await again.calls() == {GUILD: CHANNEL + 1}
    await again.aclose()


async def test_several_processes_may_boot_at_once(url: str) -> None:
    stores = await asyncio.gather(*(SqlStore.open(url) for _ in range(4)))
    await asyncio.gather(*(store.remember(GUILD, CHANNEL, [said(i)]) for i, store in enumerate(stores)))
    assert len(await stores[0].history(CHANNEL, 9)) == 4
    for store in stores:
        await store.aclose()


BOOT = """
import asyncio, os, sys
from alembic import command
from sqlalchemy import text
from sqlalchemy.pool import AsyncAdaptedQueuePool
from bot.store.repository import SqlStore

async def boot(number):
    store = await SqlStore.open(sys.argv[1])
    await store.consent(1, number, True)
    await store.aclose()

wait, go = os.pipe()
children = []
for number in range(4):
    if not (child := os.fork()):
        os.close(go)
        os.read(wait, 1)
        asyncio.run(boot(number))
        os._exit(0)
    children.append(child)
os.close(go)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""
"""Imports what they need, and forks four processes, which begin at once."""


def test_several_real_processes_may_boot_at_once(url: str) -> None:
    assert subprocess.run([sys.executable, "-c", BOOT, url]).returncode == 0

    async def consents() -> dict[int, bool]:
        store = await SqlStore.open(url)
        found = await store.consents(1)
        await store.aclose()
        return found

    assert asyncio.run(consents()) == dict.fromkeys(range(4), True)


async def test_the_tables_are_what_the_migrations_make(store: SqlStore) -> None:
    async with store._engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync)))


async def test_no_traceback_quotes_what_was_said(store: SqlStore) -> None:
    async with store._engine.begin() as connection:
        await connection.execute(text("ALTER TABLE messages RENAME TO moved"))
    words = "canary" * 2  # which no line of this file has
    with pytest.raises(StoreUnavailable) as raised:
        await store.remember(GUILD, CHANNEL, [said(1, text=words)])
    assert words not in "".join(traceback.format_exception(raised.value))


async def test_a_database_that_is_gone_is_said_so(store: SqlStore, tmp_path: Path) -> None:
    async with store._engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE messages RENAME TO away")
    with pytest.raises(StoreUnavailable) as caught:
        await store.remember(GUILD, CHANNEL, [said(1)])
    assert "line 1" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "sqlite+aiosqlite:///"),
        ("data/bot.db", "sqlite+aiosqlite:///"),
        ("mysql+nothing://u:canary@h/d", "sqlite+aiosqlite:///"),
        ("postgresql+nodriver://u:canary@h/d", "postgresql+asyncpg://"),
        ("postgresql://u:canary@h/d", "postgresql+asyncpg://"),
        ("postgres://u:canary@h/d", "postgresql+asyncpg://"),
        ("postgresql+asyncpg://u:canary@h/d", "--extra postgres"),
        ("sqlite:///canary.db", "sqlite+aiosqlite:///"),
        ("sqlite+aiosqlite:///file:canary?mode=memory&uri=true", "not a URI"),
        ("sqlite+aiosqlite:///canary.db?uri=true", "not a URI"),
        ("postgresql+asyncpg://u:canary@h:port/d", "port is a number"),
        ("postgresql+asyncpg://u:canary:1@h:/x@h:y/d", "percent-encode"),
    ],
)
async def test_an_unusable_url_is_a_fault_of_the_configuration(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for driver in ("asyncpg", "psycopg2"):
        monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(ConfigError) as caught:
        await SqlStore.open(url)
    assert said in f"{caught.value} {caught.value.hint}"
    assert "canary" not in f"{caught.value} {caught.value.hint}"


async def test_an_option_of_libpq_is_a_fault_of_the_configuration() -> None:
    for option in ("sslmode=require", "canary=1", "host=h&target_session_attrs=any&sslrootcert=x"):
        with pytest.raises(ConfigError, match="libpq") as caught:
            await SqlStore.open(f"postgresql+asyncpg://u:canary@127.0.0.1:1/d?{option}")
        assert "canary" not in str(caught.value)
    for option in ("ssl=disable", "host=127.0.0.1&port=1", "prepared_statement_cache_size=0"):
        with pytest.raises(StoreUnavailable, match="ConnectionRefusedError"):
            await SqlStore.open(f"postgresql+asyncpg://u:canary@127.0.0.1:1/d?{option}")


@pytest.mark.parametrize(("named", "why"), [("folder", "SQLITE_CANTOPEN"), ("text", "SQLITE_NOTADB")])
async def test_what_is_no_database_stays_as_it_is(named: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o755)
    (tmp_path / "text").write_text("some notes of mine" * 100)
    with pytest.raises(StoreUnavailable, match=why):
        await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/{named}")
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "text").read_text() == "some notes of mine" * 100


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/file/bot.db")
