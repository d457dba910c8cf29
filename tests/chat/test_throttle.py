import asyncio
from itertools import pairwise

import aiohttp
import pytest

from bot.chat.throttle import Throttle

pytestmark = pytest.mark.looptime


async def test_it_acts_at_once_then_no_more_often_than_the_gap_and_never_misses_the_last() -> None:
    done: list[tuple[float, int]] = []
    value = 0
    clock = asyncio.get_running_loop().time

    async def act() -> None:
        seen = value
        await asyncio.sleep(0.3)
        done.append((round(clock() - began, 1), seen))

    paced = Throttle(act, 2.0, "test")
    began = clock()
    for value in range(1, 31):  # noqa: B007 (act reads it)
        paced.poke()
        await asyncio.sleep(0.1)
    await paced.idle()
    assert done == [(0.3, 1), (2.3, 20), (4.3, 30)]
    assert done[-1][1] == 30


async def test_cancelling_drops_what_is_due() -> None:
    done: list[int] = []

    async def act() -> None:
        done.append(1)

    paced = Throttle(act, 1.0, "test")
    paced.poke()
    await asyncio.sleep(0.1)
    paced.poke()
    paced.cancel()
    await paced.idle()
    await asyncio.sleep(5.0)
    assert done == [1]


async def test_out_of_reach_it_tries_until_it_shows_what_holds_then() -> None:
    done: list[int] = []
    value = 1
    faults = [OSError(), TimeoutError(), aiohttp.ServerDisconnectedError()]

    async def act() -> None:
        if faults:
            raise faults.pop()
        done.append(value)

    paced = Throttle(act, 2.0, "test")
    paced.poke()
    await asyncio.sleep(3.0)
    value = 2
    await paced.idle()
    assert done == [2]


async def test_in_a_hurry_it_does_not_wait_for_the_gap() -> None:
    done: list[float] = []
    clock = asyncio.get_running_loop().time

    async def act() -> None:
        done.append(clock())

    paced = Throttle(act, 60.0, "test")
    paced.poke()
    await paced.idle()
    paced.poke()
    await asyncio.sleep(1.0)
    paced.hurry()
    await paced.idle()
    assert done[1] - done[0] < 2.0


async def test_what_cannot_wait_goes_before_the_gap_is_over_and_never_beyond_discords_limit() -> None:
    done: list[float] = []
    clock = asyncio.get_running_loop().time

    async def act() -> None:
        done.append(clock())

    paced = Throttle(act, 1.2, "test", gather=0.1)
    paced.poke()
    await paced.idle()
    paced.poke()
    await asyncio.sleep(0.2)
    paced.soon()
    await paced.idle()
    assert done[1] - done[0] == pytest.approx(0.4)
    for _ in range(200):
        paced.soon()
        await asyncio.sleep(0.1)
    await paced.idle()
    assert all(later - earlier >= 5.0 for earlier, later in zip(done, done[5:], strict=False))
    assert len(done) >= 20


async def test_what_cannot_wait_asks_no_sooner_while_discord_is_out_of_reach() -> None:
    tried: list[float] = []
    clock = asyncio.get_running_loop().time

    async def act() -> None:
        tried.append(clock())
        if len(tried) < 3:
            raise OSError

    paced = Throttle(act, 2.0, "test")
    paced.poke()
    await asyncio.sleep(0.1)
    paced.soon()
    await paced.idle()
    assert all(later - earlier >= 2.0 for earlier, later in pairwise(tried))
