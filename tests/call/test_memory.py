"""A call and its store: read at the start, written to beside, and never waited for."""

import asyncio

import pytest

from tests.fake_call import Stage, stage
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


async def talk(house: Stage) -> list[float]:
    """Talk, and return when each answer began to sound."""
    house.transcriber.words += ["Kikite, hello", "not for you", "Kikite, and now?"]
    for who in (ANNA, BEN, ANNA):
        await house.says(who, 1.0, then=15.0)
    house.call.ask(BEN, "and in writing?")
    await asyncio.sleep(5.0)
    return [round(playback.began or 0.0, 2) for playback in house.link.playbacks]


async def test_nothing_is_read_between_a_question_and_its_answer() -> None:
    async with stage(ANNA, BEN) as house:
        assert {"consents", "history", "charges"} <= set(house.store.asked)
        house.store.asked.clear()
        assert len(await talk(house)) == 3
        assert set(house.store.asked) == {"remember", "charge"}


async def test_a_store_that_does_not_answer_delays_nobody() -> None:
    times = []
    for hanging in (False, True):
        async with stage(ANNA, BEN) as house:
            start = asyncio.get_running_loop().time()
            house.store.hanging = hanging
            times.append([round(at - start, 2) for at in await talk(house)])
            await house.calls.leave(house.venue.guild_id)
    assert times[0] == times[1]
