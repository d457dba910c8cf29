import asyncio

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
