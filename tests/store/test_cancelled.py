"""Writers that are cancelled at any moment leave no lock behind: whoever comes next opens, migrates and writes."""

import asyncio
import random
from pathlib import Path

import pytest

from bot.store.repository import SqlStore
from tests.store.make import ANNA, CHANNEL, GUILD, cost, said

WRITERS = 6


@pytest.mark.parametrize("rounds", [12, pytest.param(400, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
async def test_writers_cancelled_at_random_moments_leave_no_lock(tmp_path: Path, rounds: int) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    seed = random.randrange(1 << 20)
    print(f"seed {seed}")
    chance = random.Random(seed)

    async def write(store: SqlStore, number: int) -> None:
        while True:
            match chance.randrange(6):
                case 0:
                    await store.remember(GUILD, CHANNEL, [said(number, ANNA, "words " * 50)])
                case 1:
                    await store.charge([cost("0.5", ANNA)])
                case 2:
                    await store.forget(ANNA)
                case 3:
                    await store.history(CHANNEL, 50)
                case 4:
                    await store.clear(CHANNEL)
                case _:
                    await store.consent(GUILD, ANNA, True)

    ended: list[object] = []
    for turn in range(rounds):
        store = await SqlStore.open(url)
        await store.consent(GUILD, turn, True)
        writers = [asyncio.create_task(write(store, WRITERS * turn + number)) for number in range(WRITERS)]
        await asyncio.sleep(chance.uniform(0.0, 0.1))
        for writer in writers:
            writer.cancel()
        ended = await asyncio.gather(*writers, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        await store.aclose()
    store = await SqlStore.open(url)
    agreed = await store.consents(GUILD)
    await store.aclose()
    assert set(range(rounds)) <= agreed.keys(), "what was written stays"
