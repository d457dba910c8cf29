"""Somebody asks to be forgotten while the call is on: nothing of them is answered, said again, told on or written."""

import asyncio

import pytest

from bot.types import Message
from tests.fake_call import Stage, stage
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


def kept(house: Stage) -> list[str]:
    return [kept.text for kept in house.store.kept if isinstance(kept, Message)]


async def test_answers_go_with_the_words_they_answer() -> None:
    async with stage(ANNA, BEN, answering="always") as house:
        for who, words in ((ANNA, "the canary sings"), (BEN, "what a day")):
            house.transcriber.words.append(words)
            await house.says(who, 1.0, then=5.0)
        await house.erasure.forget_person(ANNA)
        await house.says(BEN, 1.0, then=5.0)
        history = house.engine.requests[-1].history
        assert [(line.speaker_id, line.asked_by) for line in history] == [(BEN, ()), (99, (BEN,))]
        assert [line.text for line in house.call.record.messages].count("what a day") == 1


async def test_an_answer_on_its_way_is_cut_and_leaves_nothing() -> None:
    async with stage() as house:
        house.engine.usual = (0.5, 20.0)
        await house.says(ANNA, 1.0, then=5.0)
        assert kept(house) == ["hello there"]
        await house.erasure.forget_person(ANNA)
        await asyncio.sleep(1.0)
        assert house.link.playbacks[-1].over.done()
        assert kept(house) == ["hello there"], "it was written before, and is the store's to delete"
        assert house.call.record.messages == ()
        assert not house.call.replay()


async def test_what_waits_for_the_floor_is_not_answered() -> None:
    async with stage(ANNA, BEN, answering="always") as house:
        house.link.speak(BEN, 6.0)
        await house.says(ANNA, 1.0, then=1.0)
        await house.erasure.forget_person(ANNA)
        await asyncio.sleep(10.0)
        [request] = house.engine.requests
        assert {part.user_id for part in request.turn.utterances} == {BEN}
        assert [line.speaker_id for line in request.history] == []


async def test_the_last_answer_is_said_again_only_while_nobody_it_answered_is_forgotten() -> None:
    async with stage(ANNA, BEN, answering="always") as house:
        await house.says(BEN, 1.0, then=5.0)
        await house.erasure.forget_person(ANNA)
        assert house.call.replay()
        await asyncio.sleep(1.0)
        await house.erasure.forget_person(BEN)
        await asyncio.sleep(0.1)
        assert house.link.playbacks[-1].over.done()
        assert not house.call.replay()


@pytest.mark.parametrize(("how", "again"), [("cleared", False), ("newest", False), ("older", True)])
async def test_an_answer_that_was_cleared_away_is_not_said_again(how: str, again: bool) -> None:
    async with stage() as house:
        for _ in range(2):
            await house.says(ANNA, 1.0, then=5.0)
        older, newest = (line.id for line in house.call.record.messages if line.role == "assistant")
        assert house.call.replay()
        await asyncio.sleep(0.3)
        sounding = house.link.playbacks[-1].over
        assert not sounding.done()
        if how == "cleared":
            await house.erasure.clear_channel(house.venue.channel_id)
        else:
            await house.erasure.drop_lines(house.venue.channel_id, {older if how == "older" else newest})
        await asyncio.sleep(0.1)
        assert sounding.done() is not again
        assert house.call.replay() is again


async def test_who_agrees_again_is_answered_again() -> None:
    async with stage() as house:
        await house.erasure.forget_person(ANNA)
        await house.says(ANNA, 1.0, then=5.0)
        assert house.engine.requests == []
        await house.calls.consent(house.venue.guild_id, ANNA, True)
        await house.says(ANNA, 1.0, then=5.0)
        assert len(house.engine.requests) == 1
        assert len(kept(house)) == 2
