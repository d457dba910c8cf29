"""Somebody asks to be forgotten while the call is on: nothing of them is answered, said again, told on or written."""

import asyncio

import pytest

from bot.types import Message
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


def kept(fake: FakeCall) -> list[str]:
    return [kept.text for kept in fake.store.kept if isinstance(kept, Message)]


async def test_answers_go_with_the_words_they_answer() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        for who, words in ((ANNA, "the canary sings"), (BEN, "what a day")):
            fake.transcriber.words.append(words)
            await fake.says(who, 1.0, then=5.0)
        await fake.erasure.forget_person(ANNA)
        await fake.says(BEN, 1.0, then=5.0)
        history = fake.engine.requests[-1].history
        assert [(line.speaker_id, line.asked_by) for line in history] == [(BEN, ()), (99, (BEN,))]
        assert [line.text for line in fake.call.record.messages].count("what a day") == 1


async def test_an_answer_on_its_way_is_cut_and_leaves_nothing() -> None:
    async with fake_call() as fake:
        fake.engine.usual = (0.5, 20.0)
        await fake.says(ANNA, 1.0, then=5.0)
        assert kept(fake) == ["hello there"]
        await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(1.0)
        assert fake.link.playbacks[-1].over.done()
        assert kept(fake) == ["hello there"], "it was written before, and is the store's to delete"
        assert fake.call.record.messages == ()
        assert not fake.call.replay()


async def test_what_waits_for_the_floor_is_not_answered() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.link.speak(BEN, 6.0)
        await fake.says(ANNA, 1.0, then=1.0)
        await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(10.0)
        [request] = fake.engine.requests
        assert {part.user_id for part in request.turn.utterances} == {BEN}
        assert [line.speaker_id for line in request.history] == []


async def test_the_last_answer_is_said_again_only_while_nobody_it_answered_is_forgotten() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        await fake.says(BEN, 1.0, then=5.0)
        await fake.erasure.forget_person(ANNA)
        assert fake.call.replay()
        await asyncio.sleep(1.0)
        await fake.erasure.forget_person(BEN)
        await asyncio.sleep(0.1)
        assert fake.link.playbacks[-1].over.done()
        assert not fake.call.replay()


@pytest.mark.parametrize(("how", "again"), [("cleared", False), ("newest", False), ("older", True)])
async def test_an_answer_that_was_cleared_away_is_not_said_again(how: str, again: bool) -> None:
    async with fake_call() as fake:
        for _ in range(2):
            await fake.says(ANNA, 1.0, then=5.0)
        older, newest = (line.id for line in fake.call.record.messages if line.role == "assistant")
        assert fake.call.replay()
        await asyncio.sleep(0.3)
        sounding = fake.link.playbacks[-1].over
        assert not sounding.done()
        if how == "cleared":
            await fake.erasure.clear_channel(fake.venue.channel_id)
        else:
            await fake.erasure.drop_lines(fake.venue.channel_id, {older if how == "older" else newest})
        await asyncio.sleep(0.1)
        assert sounding.done() is not again
        assert fake.call.replay() is again


async def test_who_agrees_again_is_answered_again() -> None:
    async with fake_call() as fake:
        await fake.erasure.forget_person(ANNA)
        await fake.says(ANNA, 1.0, then=5.0)
        assert fake.engine.requests == []
        await fake.calls.consent(fake.venue.guild_id, ANNA, True)
        await fake.says(ANNA, 1.0, then=5.0)
        assert len(fake.engine.requests) == 1
        assert len(kept(fake)) == 2
