"""An echo that stops an answer must not cost people the answer."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.audio import SPEAK_RATE
from bot.types import AudioDelta, CallState, ReplyDone, ReplyEvent, TextDelta, Usage
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime

LENGTH = 10.0


async def fifty_words() -> AsyncGenerator[ReplyEvent, None]:
    yield TextDelta(" ".join(f"word{number}" for number in range(50)))
    yield AudioDelta(b"\x01\x00" * round(LENGTH * SPEAK_RATE))
    yield ReplyDone(Usage())


async def echo_over_the_answer(fake: FakeCall) -> None:
    """Ben's loudspeaker returns two seconds of a long answer, which only its words give away."""
    while not fake.link.playbacks or fake.call.state is not CallState.SPEAKING:
        await asyncio.sleep(0.02)
    await asyncio.sleep(2.0)
    fake.transcriber.words.append("word10 word11 word12 word13")
    await fake.says(BEN, 2.0, then=1.5)


def asked(fake: FakeCall) -> list[list[int]]:
    """Return whose utterances each request was about."""
    return [[utterance.user_id for utterance in request.turn.utterances] for request in fake.engine.requests]


async def test_an_answer_that_an_echo_stopped_is_given_again_once() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.script += [fifty_words() for _ in range(4)]
        await fake.says(ANNA, 1.0)
        await echo_over_the_answer(fake)
        assert fake.link.playbacks[0].over.result().interrupted
        again = [request.turn.utterances for request in fake.engine.requests if request.turn.heard(ANNA)]
        assert len(again) == 2
        assert again[0] == again[1]
        await echo_over_the_answer(fake)
        await asyncio.sleep(12.0)
        assert sum(turn == [ANNA] for turn in asked(fake)) == 2, "an echo that is not understood does not loop"
        assert fake.call.state is CallState.LISTENING


async def test_it_is_heard_to_its_end() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.script += [fifty_words() for _ in range(4)]
        await fake.says(ANNA, 1.0)
        await echo_over_the_answer(fake)
        await asyncio.sleep(12.0)
        last = fake.link.playbacks[-1].over.result()
        assert (last.interrupted, last.played) == (False, pytest.approx(LENGTH))
        assert asked(fake)[-1] == [ANNA]
        assert not fake.venue.audience.spoken[-1].interrupted


@pytest.mark.parametrize("leaves", ["withdraws", "stops"])
async def test_it_is_not_given_again_to_who_wants_none(leaves: str) -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.script += [fifty_words() for _ in range(4)]
        fake.transcriber.delay = 1.0
        await fake.says(ANNA, 1.0, then=1.0)
        while fake.call.state is not CallState.SPEAKING:
            await asyncio.sleep(0.02)
        await asyncio.sleep(2.0)
        fake.transcriber.words.append("word10 word11 word12 word13")
        await fake.says(BEN, 2.0, then=0.2)
        if leaves == "stops":
            fake.call.stop()
        else:
            await fake.erasure.withdraw(fake.venue.guild_id, ANNA)
        await asyncio.sleep(12.0)
        assert asked(fake).count([ANNA]) == 1


async def test_somebody_who_really_speaks_over_it_is_answered_instead() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.script += [fifty_words() for _ in range(4)]
        await fake.says(ANNA, 1.0, then=3.0)
        fake.transcriber.words.append("no, the other one")
        await fake.says(BEN, 2.0, then=13.0)
        assert asked(fake) == [[ANNA], [BEN]]
