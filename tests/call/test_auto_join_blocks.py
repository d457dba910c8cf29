"""Where the bot was sent away: at once, over a restart, and until somebody wants it again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.billing.budget import Caps
from bot.call.auto_join_blocks import AutoJoinBlocks
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.errors import StoreUnavailable
from bot.store.repository import SqlStore
from tests.fakes import NoStore

GUILD, OTHER, CHANNEL, NEXT = 1, 2, 10, 11


def now() -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC)


async def test_it_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    away = AutoJoinBlocks(store, now)
    await away.put_out(GUILD, CHANNEL)
    await away.put_out(OTHER)
    preferences = Preferences(store, CallSettings(), Caps(), now)
    await preferences.load()
    assert not preferences.changed(GUILD, CHANNEL)  # it is no wish of theirs
    for wanted in (False, True):
        await store.aclose()
        store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
        away = AutoJoinBlocks(store, now)
        await away.load()
        assert away.wanted(GUILD, CHANNEL) is wanted
        assert away.wanted(OTHER, CHANNEL) is wanted
        assert away.wanted(GUILD, NEXT)
        await away.over(GUILD, CHANNEL)
        await away.called(OTHER)
        assert away.wanted(GUILD, CHANNEL)
        assert away.wanted(OTHER, CHANNEL)
    await store.aclose()


async def test_without_a_store_it_holds_all_the_same() -> None:
    store: Any = NoStore()
    store.error = StoreUnavailable("gone")
    away = AutoJoinBlocks(store, now)
    await away.load()
    await away.put_out(GUILD)
    assert not away.wanted(GUILD, CHANNEL)
    await away.called(GUILD)
    assert away.wanted(GUILD, CHANNEL)
