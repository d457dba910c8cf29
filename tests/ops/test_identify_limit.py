"""The budget of IDENTIFYs, on a clock of its own, kept by a real store."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.errors import StoreUnavailable
from bot.ops import identify_limit as identify
from bot.ops.identify_limit import (
    DAY_SECONDS,
    FREE_IDENTIFIES,
    IDENTIFY_SPACING_SECONDS,
    MAX_IDENTIFIES,
    MAX_SHARD_IDENTIFIES,
    IdentifyLimit,
    IdentifyLog,
    Logins,
    pause,
    wait,
)
from bot.store.database import open_engine
from bot.store.repository import SqlStore
from bot.store.tables import IdentifyRow
from tests.made_database import made_database
from tests.store import conftest as stores

postgres = stores.postgres
START = 1_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Paper:
    """A register in memory, quicker than a database."""

    def __init__(self) -> None:
        self.logins: list[tuple[int, float]] = []

    async def identify(self, shard_id: int, wait: Callable[[Logins, float], float], now: float | None = None) -> float:
        assert now is not None
        if (seconds := wait(self.logins, now)) <= 0:
            self.logins.append((shard_id, now))
        return seconds


class Away:
    """A database that does not answer."""

    async def identify(self, shard_id: int, wait: object, now: float | None = None) -> float:
        raise StoreUnavailable


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = await SqlStore.open(made_database(tmp_path))
    yield opened
    await opened.aclose()


def most_in_a_day(times: Sequence[float]) -> int:
    return max(sum(start <= at < start + DAY_SECONDS for at in times) for start in times)


async def crash(register: IdentifyLog, times: int, alive: Callable[[], float]) -> list[float]:
    """Start and crash; each time a new process, which knows nothing but the register. Return when it logged in."""
    clock, logins = Clock(), []
    for _ in range(times):
        await IdentifyLimit(register, clock, clock.sleep).take(0)
        logins.append(clock.now)
        clock.now += alive()
    return logins


@pytest.mark.parametrize("alive", [(0.0,), (1.0,), (60.0,), (600.0,), (0.0, 1.0, 300.0, 3000.0)])
async def test_a_thousand_crashes_cost_at_most_a_hundred_identifies_a_day(alive: tuple[float, ...]) -> None:
    logins = await crash(Paper(), 1000, partial(random.Random(1).choice, alive))
    assert most_in_a_day(logins) <= MAX_SHARD_IDENTIFIES
    assert all(later - earlier >= 5.0 for earlier, later in itertools.pairwise(logins))


async def test_the_store_remembers_them_from_process_to_process(store: SqlStore) -> None:
    assert await crash(store, 150, lambda: 0.0) == await crash(Paper(), 150, lambda: 0.0)


async def test_a_few_restarts_by_hand_wait_for_nothing(store: SqlStore) -> None:
    clock = Clock()
    for _ in range(FREE_IDENTIFIES):
        before = clock.now
        await IdentifyLimit(store, clock, clock.sleep).take(0)
        assert clock.now == before
        clock.now += 10.0


async def test_shards_of_other_buckets_do_not_wait_for_one_another(store: SqlStore) -> None:
    clock = Clock()
    ledger = IdentifyLimit(store, clock, clock.sleep)
    for shard in range(16):
        await ledger.take(shard, 16)
    assert clock.now == START
    await ledger.take(16, 16)
    assert clock.now == pytest.approx(START + IDENTIFY_SPACING_SECONDS)


async def test_processes_keep_a_bucket_s_distance_also_from_one_that_was_killed(
    postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL's clock: four processes with two buckets, one of which is gone right after it logged in."""
    monkeypatch.setattr(identify, "IDENTIFY_SPACING_SECONDS", 0.5)
    url = postgres()

    async def process(*shards: int) -> None:
        store = await SqlStore.open(url)
        for shard in shards:
            await IdentifyLimit(store).take(shard, 2)
        await store.aclose()

    await process(0)
    await asyncio.gather(process(2, 4), process(1, 3), process(6))
    engine = open_engine(url)
    async with engine.connect() as connection:
        rows = await connection.execute(select(IdentifyRow.shard_id, IdentifyRow.at))
        logins = [(shard, at) for shard, at in rows]
    await engine.dispose()
    assert {shard for shard, _ in logins} == {0, 1, 2, 3, 4, 6}
    for bucket in (0, 1):
        times = sorted(at for shard, at in logins if shard % 2 == bucket)
        assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(times))


async def test_while_the_store_is_away_the_process_counts_for_itself() -> None:
    clock = Clock()
    ledger = IdentifyLimit(Away(), clock, clock.sleep)
    for _ in range(FREE_IDENTIFIES + 3):
        await ledger.take(0)
    assert clock.now >= START + IDENTIFY_SPACING_SECONDS * (FREE_IDENTIFIES + 2)


def test_what_was_yesterday_is_forgotten() -> None:
    assert pause([0.0] * 200, DAY_SECONDS + 1) == 0.0


def test_all_shards_together_stay_below_what_discord_allows() -> None:
    logins = [(number % 16, float(number)) for number in range(MAX_IDENTIFIES)]
    assert wait(5, 16, logins, 20_000.0) == DAY_SECONDS - 20_000.0
    assert wait(5, 16, logins[:-1], 20_000.0) < DAY_SECONDS - 20_000.0


def test_a_clock_that_ran_ahead_keeps_nobody_waiting() -> None:
    assert wait(0, 1, [(0, 2e9)], 1e9) == 0.0
