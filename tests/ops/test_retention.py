"""Rounds and news: what goes when, and that every process heeds what another one did."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from bot.billing.budget import Caps
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.ops import retention
from bot.ops.retention import Retention
from bot.ports.holder import Holder
from bot.privacy.erasure import Erasure
from bot.store import change_feed
from bot.store.repository import SqlStore
from bot.types import Charge, Message, Usage

GUILD, OTHER, LOUNGE, ANNA = 1, 2, 11, 21
DAY = timedelta(days=1)


class Clock:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Calls(Holder):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def forget_person(self, user_id: int) -> None:
        self.told.append(("forget", user_id))

    def clear_channel(self, channel_id: int) -> None:
        self.told.append(("cleared", channel_id))


class Disk(Calls):
    reads_disk = True


class House:
    """One process's share."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self.store = store
        self.calls = Calls()
        self.present: dict[int, bool | None] = {GUILD: True, OTHER: True}
        self.preferences = Preferences(store, CallSettings(retention_days=30), Caps(), clock)
        self.disk = Disk()
        erasure = Erasure(store, [self.calls, self.disk])
        self.retention = Retention(store, self.preferences, erasure, self.present.get, clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def house(url: str, clock: Clock) -> AsyncIterator[House]:
    store = await SqlStore.open(url)
    yield House(store, clock)
    await store.aclose()


async def say(house: House, clock: Clock, guild: int, *ages: timedelta) -> None:
    lines = [Message("user", ANNA, "Anna", str(age.days), clock.now - age) for age in ages]
    await house.store.remember(guild, guild + 10, lines)


async def left(house: House, guild: int = GUILD) -> list[str]:
    return [line.text for line in await house.store.history(guild + 10, 999)]


@pytest.mark.parametrize(
    ("days", "stays"), [(None, ["29", "1", "0"]), ("7", ["1", "0"]), ("3650", ["31", "29", "1", "0"]), ("0", [])]
)
async def test_words_stay_as_long_as_the_server_wants(
    house: House, clock: Clock, days: str | None, stays: list[str]
) -> None:
    if days is not None:
        await house.preferences.change(GUILD, None, "retention", days, ANNA)
    for guild in (GUILD, OTHER):
        await say(house, clock, guild, 31 * DAY, 29 * DAY, DAY, timedelta(seconds=1))
    await house.retention.round()
    assert await left(house) == stays
    assert await left(house, OTHER) == ["29", "1", "0"]


async def test_a_thousand_lines_go_in_one_round(house: House, clock: Clock) -> None:
    await say(house, clock, GUILD, *(40 * DAY for _ in range(1_200)))
    await house.retention.round()
    assert house.retention.counts["expired"] == 1_200


async def test_while_the_call_lasts(house: House, clock: Clock) -> None:
    await house.preferences.change(GUILD, None, "retention", "0", ANNA)
    await say(house, clock, GUILD, timedelta(seconds=5))
    await house.store.call_started(GUILD, GUILD + 10)
    await house.retention.round()
    assert await left(house) == ["0"]
    await house.store.call_ended(GUILD)
    await house.retention.round()
    assert await left(house) == []


async def test_todays_bills_name_people_for_todays_caps(house: House, clock: Clock) -> None:
    await house.preferences.change(GUILD, None, "retention", "0", ANNA)
    for age in (timedelta(hours=1), 2 * DAY):
        charge = Charge(clock.now - age, GUILD, LOUNGE, (ANNA,), "reply", "m", Usage(), Decimal(1))
        await house.store.charge([charge])
    await house.retention.round()
    assert [charge.user_ids for charge in await house.store.charges(GUILD, clock.now - 3 * DAY)] == [(), (ANNA,)]


async def test_a_server_is_purged_a_week_after_the_bot_was_removed(house: House, clock: Clock) -> None:
    await say(house, clock, GUILD, DAY)
    await say(house, clock, OTHER, DAY)
    house.present[GUILD] = False
    await house.retention.round()
    clock.now += timedelta(days=6, hours=23)
    await house.retention.round()
    assert await left(house) == ["1"]
    clock.now += timedelta(hours=2)
    house.present[GUILD] = None  # another process's to know
    await house.retention.round()
    assert await left(house) == ["1"]
    house.present[GUILD] = False
    await house.retention.round()
    assert (await left(house), await left(house, OTHER)) == ([], ["1"])
    assert GUILD not in await house.store.guilds()


async def test_who_invites_the_bot_again_in_time_keeps_everything(house: House, clock: Clock) -> None:
    await say(house, clock, GUILD, DAY)
    for days, present in ((0, False), (6, True), (1, False), (6, False)):
        clock.now += timedelta(days=days)
        house.present[GUILD] = present
        await house.retention.round()
    assert await left(house) == ["1"]


async def test_every_process_heeds_what_another_did(
    house: House, url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(change_feed.POLL_SECONDS, "sqlite", 0.02)
    store = await SqlStore.open(url)
    other = House(store, clock)
    running = asyncio.create_task(other.retention.run())
    await house.preferences.change(GUILD, None, "voice", "sage", ANNA)
    await house.store.forget(ANNA)
    await say(house, clock, GUILD, DAY)  # what a process writes that has not heard of it yet
    await house.store.clear(LOUNGE)
    async with asyncio.timeout(60):
        while min(len(other.calls.told), len(other.disk.told)) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    await store.aclose()
    assert other.calls.told == [("forget", ANNA), ("cleared", LOUNGE)]
    assert other.disk.told == [("forget", ANNA), ("cleared", LOUNGE)]
    assert other.preferences.of(GUILD, None).voice == "sage"


async def test_the_hashes_of_a_day_go_when_it_is_over_and_not_an_hour_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "NEW_DAY_SECONDS", 0.1)
    now = datetime.now(UTC)
    await house.store.charge([Charge(now, GUILD, LOUNGE, (ANNA,), "reply", "m", Usage(), Decimal(1))])
    await house.store.forget(ANNA)
    [before] = await house.store.charges(GUILD, now - DAY)
    assert len(before.nameless) == 1
    late, began = datetime.combine(now.date(), time(23, 59, 58), UTC), monotonic()
    house.retention._now = lambda: late + timedelta(seconds=monotonic() - began)
    running = asyncio.create_task(house.retention.run())
    async with asyncio.timeout(60):
        while (await house.store.charges(GUILD, now - DAY))[0].nameless:
            await asyncio.sleep(0.05)
    assert house.retention._now().date() == late.date() + DAY
    running.cancel()
    await asyncio.wait([running])
