"""Two processes, one database: what one changes the other learns, and nobody hears of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from bot.errors import StoreUnavailable
from bot.store import change_feed
from bot.store.repository import SqlStore
from bot.types import News, Setting
from tests.store.make import ANNA, BEN, CHANNEL, GUILD, START


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(change_feed.POLL_SECONDS, "sqlite", 0.05)


@pytest.fixture
async def other(store: SqlStore, url: str) -> AsyncIterator[SqlStore]:
    other = await SqlStore.open(url)
    yield other
    await other.aclose()


async def test_the_other_process_learns_in_order(store: SqlStore, other: SqlStore) -> None:
    heard: list[News] = []

    async def listen() -> None:
        async with aclosing(other.watch()) as watching:
            async for item in watching:
                heard.append(item)  # noqa: PERF401 (they are looked at while it listens)

    listening = asyncio.create_task(listen())
    await other.unset(GUILD, None)  # its own: not told
    for value in ("sage", "ash"):
        await store.set(Setting(GUILD, None, "voice", value, ANNA, START))
    await store.clear(CHANNEL)
    await store.forget(ANNA)
    async with asyncio.timeout(60):
        while len(heard) < 4:
            await asyncio.sleep(0.01)
    listening.cancel()
    await asyncio.wait([listening])
    assert heard == [
        News("settings", GUILD, 0),
        News("settings", GUILD, 0),
        News("cleared", 0, CHANNEL),
        News("forgotten", 0, ANNA),
    ]
    assert [setting.value for setting in await other.settings()] == ["ash"]


async def test_what_was_news_before_is_not_told(store: SqlStore, url: str) -> None:
    await store.forget(ANNA)
    late = await SqlStore.open(url)
    await store.forget(BEN)
    async with aclosing(late.watch()) as watching:
        assert await anext(watching) == News("forgotten", 0, BEN)
    await late.aclose()


async def test_what_could_not_be_heeded_is_told_again_and_what_was_is_not(store: SqlStore, other: SqlStore) -> None:
    await store.forget(ANNA)
    await store.forget(BEN)
    for _ in range(2):  # the first time it fails
        async with aclosing(other.watch()) as watching:
            assert await anext(watching) == News("forgotten", 0, ANNA)
    async with aclosing(other.watch()) as watching:
        assert [await anext(watching) for _ in range(2)] == [News("forgotten", 0, who) for who in (ANNA, BEN)]
        await store.clear(CHANNEL)
        assert await anext(watching) == News("cleared", 0, CHANNEL)
    async with aclosing(other.watch()) as watching:
        assert await anext(watching) == News("cleared", 0, CHANNEL)


async def test_settings_are_set_replaced_and_dropped(store: SqlStore) -> None:
    settings = [
        Setting(GUILD, None, "voice", "sage", ANNA, START),
        Setting(GUILD, CHANNEL, "voice", "ash", ANNA, START),
        Setting(GUILD, CHANNEL, "answering", "name", ANNA, START),
        Setting(GUILD + 1, None, "voice", "echo", ANNA, START),
    ]
    for setting in settings:
        await store.set(setting)
        await store.set(setting)
    found = await store.settings()
    assert len(found) == 4
    assert all(setting in found for setting in settings)
    assert await store.unset(GUILD, CHANNEL, "voice") == 1
    assert await store.unset(GUILD, CHANNEL) == 1
    assert await store.unset(GUILD, CHANNEL) == 0
    assert len(await store.settings()) == 2


async def test_news_missed_while_the_line_was_cut_are_read_after(postgres: Callable[[], str]) -> None:
    url = postgres()
    store, other = await SqlStore.open(url), await SqlStore.open(url)
    heard: list[News] = []
    cuts, gone = 0, asyncio.Event()

    async def listen() -> None:
        nonlocal cuts
        while True:
            try:
                async with aclosing(other.watch()) as watching:
                    async for item in watching:
                        heard.append(item)  # noqa: PERF401 (as above)
            except StoreUnavailable:
                cuts += 1
                await gone.wait()

    async def until(count: int) -> None:
        async with asyncio.timeout(60):
            while len(heard) < count:
                await asyncio.sleep(0.01)

    listening = asyncio.create_task(listen())
    await store.clear(1)
    await until(1)
    async with store._engine.begin() as connection:  # as a restart of the server does
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ended = await connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 60000) {others}")
        assert all(row[0] for row in ended.all()), "none of them lives on for a moment"
    gone.set()
    await store.clear(2)
    await until(2)
    listening.cancel()
    await asyncio.wait([listening])
    await other.aclose()
    await store.aclose()
    assert heard == [News("cleared", 0, 1), News("cleared", 0, 2)]
    assert cuts == 1
