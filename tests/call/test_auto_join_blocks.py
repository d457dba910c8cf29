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
from tests.fakes import FakeStore
from tests.made_database import made_database

GUILD, OTHER, CHANNEL, NEXT = 1, 2, 10, 11


def now() -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC)


async def test_it_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    store = await SqlStore.open(made_database(tmp_path))
    blocks = AutoJoinBlocks(store, now)
    await blocks.block(GUILD, CHANNEL)
    await blocks.block(OTHER)
    preferences = Preferences(store, CallSettings(), Caps(), now)
    await preferences.load()
    assert not preferences.changed(GUILD, CHANNEL)  # it is no wish of theirs
    for wanted in (False, True):
        await store.aclose()
        store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
        blocks = AutoJoinBlocks(store, now)
        await blocks.load()
        assert blocks.allowed(GUILD, CHANNEL) is wanted
        assert blocks.allowed(OTHER, CHANNEL) is wanted
        assert blocks.allowed(GUILD, NEXT)
        await blocks.lift(GUILD, CHANNEL)
        await blocks.lift_all(OTHER)
        assert blocks.allowed(GUILD, CHANNEL)
        assert blocks.allowed(OTHER, CHANNEL)
    await store.aclose()


async def test_without_a_store_it_holds_all_the_same() -> None:
    store: Any = FakeStore()
    store.error = StoreUnavailable("gone")
    blocks = AutoJoinBlocks(store, now)
    await blocks.load()
    await blocks.block(GUILD)
    assert not blocks.allowed(GUILD, CHANNEL)
    await blocks.lift_all(GUILD)
    assert blocks.allowed(GUILD, CHANNEL)
