"""A call and its store: read at the start, written to beside, and never waited for."""

import asyncio

import pytest

from bot.call.ticks import TickMember
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


async def talk(fake: FakeCall) -> list[float]:
    """Talk, and return when each answer began to sound."""
    fake.transcriber.words += ["Kikite, hello", "not for you", "Kikite, and now?"]
    for who in (ANNA, BEN, ANNA):
        await fake.says(who, 1.0, then=15.0)
    fake.call.ask(BEN, "and in writing?")
    await asyncio.sleep(5.0)
    return [round(playback.began or 0.0, 2) for playback in fake.link.playbacks]


async def test_nothing_is_read_between_a_question_and_its_answer() -> None:
    async with fake_call(ANNA, BEN) as fake:
        assert {"consents", "history", "charges"} <= set(fake.store.asked)
        fake.store.asked.clear()
        assert len(await talk(fake)) == 3
        assert set(fake.store.asked) == {"remember", "charge"}


async def test_a_store_that_does_not_answer_delays_nobody() -> None:
    times = []
    for hanging in (False, True):
        async with fake_call(ANNA, BEN) as fake:
            start = asyncio.get_running_loop().time()
            fake.store.hanging = hanging
            times.append([round(at - start, 2) for at in await talk(fake)])
            await fake.calls.leave(fake.venue.guild_id)
    assert times[0] == times[1]


async def test_an_answer_stands_below_its_question_however_late_the_ticks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    hear = TickMember.hear
    monkeypatch.setattr(TickMember, "hear", lambda member, at: hear(member, at - 4.0))
    async with fake_call(ANNA) as fake:
        await asyncio.sleep(5.0)  # the first ticks are for times before the call
        fake.call.ask(ANNA, "and in writing?")
        await asyncio.sleep(5.0)
        assert [line.role for line in fake.call.record.messages] == ["user", "assistant"]
