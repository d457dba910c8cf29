"""The interpreter: each utterance once, in order, never an answer, never far behind."""

import asyncio

import pytest

from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN, FakeVenue

pytestmark = pytest.mark.looptime

LANGUAGES = ("en", "ja")


def interpreted(fake: FakeCall) -> list[tuple[int, ...]]:
    """Return the utterance ids of each request, and check that it is one to interpret."""
    for request in fake.engine.requests:
        assert request.room.interpret == LANGUAGES
        assert request.history == ()
    return [tuple(utterance.id for utterance in request.turn.utterances) for request in fake.engine.requests]


@pytest.mark.parametrize("preemptive", [False, True])
async def test_forty_utterances_are_interpreted_once_and_in_order(preemptive: bool) -> None:
    async with fake_call(ANNA, BEN, preemptive=preemptive, answering="name") as fake:
        fake.call.interpreter.choose(LANGUAGES)
        for number in range(40):
            await fake.says(BEN if number % 2 else ANNA, 1.5, then=4.0)
        asked = interpreted(fake)
        assert asked == [(number,) for number in range(1, 41)]
        assert fake.outcomes == ["interpreted"] * 20
        assert [spoken.asked_by for spoken in fake.venue.audience.spoken] == [(ANNA,), (BEN,)] * 20


async def test_nobody_waits_behind_more_than_two() -> None:
    """Five utterances without a gap for the bot: the first two are written, the others said, all in order."""
    async with fake_call(ANNA, BEN) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.link.speak(BEN, *[1.0, -0.8] * 5)
        await fake.says(ANNA, 9.4, then=15.0)
        requests = fake.engine.requests
        assert len(requests) == 6
        assert [request.room.text_only for request in requests] == [True, True, True, False, False, False]
        began = [request.turn.utterances[0].started_at for request in requests]
        assert began == sorted(began)


async def test_who_speaks_while_it_is_made_does_not_have_it_made_again() -> None:
    async with fake_call(ANNA, BEN) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.engine.usual = (1.0, 2.0)
        await fake.says(ANNA, 1.0, then=0.8)
        await fake.says(BEN, 2.0, then=10.0)
        assert interpreted(fake) == [(1,), (2,)]
        assert [spoken.interrupted for spoken in fake.venue.audience.spoken] == [False, False]
        assert fake.link.playbacks[0].began is not None


async def test_it_sounds_before_the_end_is_certain() -> None:
    async with fake_call(ANNA, BEN, preemptive=True) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.engine.usual = (0.05, 1.0)
        ended = asyncio.get_running_loop().time() + 2.0
        await fake.says(ANNA, 2.0, then=5.0)
        assert interpreted(fake) == [(1,)]
        [playback] = fake.link.playbacks
        assert playback.began is not None
        assert playback.began - ended < 0.3
        assert fake.outcomes == ["interpreted"]


@pytest.mark.parametrize("first_sound", [0.05, 0.4])
async def test_who_speaks_on_is_interpreted_as_a_whole(first_sound: float) -> None:
    """The bot may have begun in the pause: it falls silent, and nothing of that is remembered or judged."""
    async with fake_call(ANNA, BEN, preemptive=True) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.engine.usual = (first_sound, 1.0)
        await fake.says(ANNA, 2.0, -0.36, 1.5, then=5.0)
        first, *others = fake.engine.requests
        (whole,) = others[-1].turn.utterances
        assert len(whole.pcm) > len(first.turn.utterances[0].pcm)
        assert fake.outcomes == ["interpreted"]
        assert len([one for one in fake.venue.audience.spoken if one.text]) == 1
        began = [one for one in fake.link.playbacks if one.began is not None]
        assert len(began) == (2 if first_sound < 0.1 else 1)


async def test_who_pauses_in_sentences_waits_no_longer_and_pays_for_what_is_dropped() -> None:
    """The request leaves at each pause. What is dropped is neither said nor written; the end waits for no pause."""
    async with fake_call(ANNA, BEN, preemptive=True) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        for _ in range(6):
            await fake.says(ANNA, 1.2, -0.3, 1.2, then=5.0)
        learned = len(fake.store.kept), len(fake.engine.requests), len(fake.link.playbacks), len(fake.outcomes)
        fake.engine.usual = (0.4, 1.0)
        ended = asyncio.get_running_loop().time() + 2.7
        await fake.says(ANNA, 1.2, -0.3, 1.2, then=5.0)
        kept, asked, played, judged = learned
        dropped, whole = fake.engine.requests[asked:]
        assert len(whole.turn.utterances[0].pcm) > len(dropped.turn.utterances[0].pcm)
        assert [getattr(one, "kind", "") for one in fake.store.kept[kept:]].count("speculation") == 1
        [playback] = fake.link.playbacks[played:]
        assert playback.began is not None
        assert playback.began - ended < 0.4 + 0.3
        assert fake.outcomes[judged:] == ["interpreted"]


async def test_a_breath_after_the_end_is_no_speech() -> None:
    async with fake_call(ANNA, BEN, preemptive=True) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.engine.usual = (0.05, 2.0)
        await fake.says(ANNA, 2.0, -0.32, 0.06, then=5.0)
        assert interpreted(fake) == [(1,)]
        assert fake.outcomes == ["interpreted"]


async def test_stop_and_speech_over_it_silence_it() -> None:
    async with fake_call(ANNA, BEN) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.engine.usual = (0.3, 8.0)
        await fake.says(ANNA, 1.0, then=2.0)
        fake.transcriber.words.append("stop")
        fake.transcriber.words.append("stop")
        await fake.says(BEN, 0.7, then=3.0)
        first, *_ = fake.venue.audience.spoken
        assert first.interrupted
        assert sum(playback.began is not None for playback in fake.link.playbacks) == 1, "stop is not interpreted"
        assert fake.outcomes[-1] == "stop"


async def test_what_is_asked_in_writing_is_answered() -> None:
    async with fake_call(ANNA, BEN) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        fake.call.ask(BEN, "What time is it?")
        await asyncio.sleep(5)
        (request,) = fake.engine.requests
        assert request.room.interpret == ()


async def test_it_ends_and_a_name_is_needed_again() -> None:
    async with fake_call(ANNA, BEN, answering="name") as fake:
        assert not fake.call.interpreter.choose(LANGUAGES)
        await fake.says(ANNA, 1.0, then=5.0)
        assert fake.call.interpreter.choose(())
        await fake.says(ANNA, 1.0, then=5.0)  # no follow-up either: nobody was answered
        assert len(fake.engine.requests) == 1
        assert fake.outcomes == ["interpreted", "not_addressed"]


async def test_two_calls_are_interpreted_each_in_its_own_languages() -> None:
    class Elsewhere(FakeVenue):
        guild_id = 6

    async with fake_call(ANNA, BEN) as fake:
        fake.call.interpreter.choose(LANGUAGES)
        there = Elsewhere(ANNA, BEN, channel_id=8)
        second = await fake.calls.join(there, ANNA)
        second.interpreter.choose(("de", "fr"))
        await asyncio.sleep(0.1)
        for number in range(10):
            fake.link.speak(BEN if number % 2 else ANNA, 1.5)
            there.links[-1].speak(ANNA if number % 2 else BEN, 1.5)
            await asyncio.sleep(6.0)
        first = [request for request in fake.engine.requests if request.room.interpret == LANGUAGES]
        others = [request for request in fake.engine.requests if request.room.interpret == ("de", "fr")]
        assert (len(first), len(others), len(fake.engine.requests)) == (10, 10, 20)
        assert [one.turn.utterances[0].user_id for one in first] == [ANNA, BEN] * 5
        assert [one.turn.utterances[0].user_id for one in others] == [BEN, ANNA] * 5
        second.interpreter.choose(())
        await fake.says(ANNA, 1.5, then=6.0)
        assert fake.engine.requests[-1].room.interpret == LANGUAGES
