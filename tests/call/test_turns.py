"""What turn-taking promises, kept by a whole call in virtual time."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.audio import SPEAK_RATE
from bot.types import AudioDelta, ReplyDone, ReplyEvent, TextDelta, Usage
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN, now

pytestmark = pytest.mark.looptime


def hesitant(rng: random.Random, pauses: int) -> list[float]:
    """Return a sentence of words with pauses of 120 to 450 ms between them."""
    words = [rng.randint(20, 40) / 50 for _ in range(pauses + 1)]
    silences = [-rng.randint(120, 450) / 1000 for _ in range(pauses)]
    return [length for pair in zip(words, silences, strict=False) for length in pair] + words[-1:]


def wasted(fake: FakeCall) -> Counter[str]:
    """Return how many requests were thrown away: by the model, for answers, or for words ahead of the end."""
    return Counter(kept.model for kept in fake.store.kept if getattr(kept, "kind", None) == "speculation")


async def test_500_hesitations() -> None:
    """No sentence is cut, none is answered before its end, and at most a quarter of the requests is wasted."""
    rng = random.Random(1)
    sentences, pauses_each = 125, 4
    async with fake_call(preemptive=True, endpointing_delay=None) as fake:
        fake.engine.usual = (0.3, 0.5)
        fake.transcriber.delay = 0.1
        for sentence in range(sentences):
            lengths = hesitant(rng, pauses_each)
            await fake.says(ANNA, *lengths)
            assert len(fake.link.playbacks) == sentence, "it sounded before the end"
            await asyncio.sleep(1.6)
            assert len(fake.link.playbacks) == sentence + 1
        requests = fake.engine.requests
        assert len(fake.venue.audience.spoken) == sentences
        thrown = wasted(fake)
        assert thrown["gpt-audio-1.5"] == len(requests) - sentences
        assert thrown["gpt-audio-1.5"] <= 0.25 * len(requests)
        assert thrown["gpt-transcribe"] <= 0.25 * sentences


async def test_hesitations_where_words_decide() -> None:
    """With several people the words are asked for ahead, and wasted no oftener."""
    rng = random.Random(2)
    async with fake_call(ANNA, BEN, preemptive=True, endpointing_delay=None, answering="name") as fake:
        fake.engine.usual = (0.3, 0.5)
        fake.transcriber.delay = 0.1
        for sentence in range(40):
            fake.transcriber.usual = "Kikite, what next?"
            await fake.says(ANNA, *hesitant(rng, 2))
            assert len(fake.link.playbacks) == sentence
            await asyncio.sleep(2.0)
            assert len(fake.link.playbacks) == sentence + 1
        assert wasted(fake).total() <= 0.25 * (wasted(fake).total() + 2 * 40)


@pytest.mark.parametrize("first", [1.5, 0.2], ids=["while it thinks", "together with its first sound"])
async def test_who_begins_first_or_together_is_answered_too(first: float) -> None:
    """The answer to Anna is kept back, and both are answered at once, in the order they began."""
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.script += [(first, 4.0), (0.2, 1.0)]
        await fake.says(ANNA, 1.0, then=0.8)
        await fake.says(BEN, 1.0, then=4.0)
        asked = [[utterance.user_id for utterance in request.turn.utterances] for request in fake.engine.requests]
        assert asked == [[ANNA], [ANNA, BEN]]
        assert len([line for line in fake.venue.audience.spoken if line.text]) == 1
        assert fake.outcomes == ["answered", "answered"]


async def test_speculation_is_off_where_it_may_not_be_paid_for() -> None:
    """Under a tight budget, for long speech, and where the server switched it off."""
    async with fake_call(preemptive=True, endpointing_delay=None) as fake:
        await fake.says(ANNA, 16.0, then=0.4)
        assert not fake.engine.requests
        await asyncio.sleep(5.0)
        fake.settings = replace(fake.settings, preemptive=False)
        await fake.says(ANNA, 1.0, then=0.4)
        assert len(fake.engine.requests) == 1
        await asyncio.sleep(5.0)
    async with fake_call(preemptive=True, endpointing_delay=None, cap=Decimal("0.073")) as fake:
        for _ in range(3):
            await fake.says(ANNA, 1.0, then=5.0)  # costs 0.02, with its transcript
        await fake.says(ANNA, 1.0, then=0.4)
        assert len(fake.engine.requests) == 3
        await asyncio.sleep(5.0)
        assert len(fake.engine.requests) == 4


WORDS = (
    "The story of the moon is a long one and it begins with a young planet that was about the size of Mars. "
    "It struck the earth, and the rubble of both gathered in a ring that slowly became what we see tonight. "
)
MORAS = (
    "月の話はとても長いです。むかし、火星くらいの大きさの若い星が、地球にぶつかりました。"
    "そのかけらが集まって、月になりました。"
)


async def spoken(text: str, length: float, ahead: float) -> AsyncGenerator[ReplyEvent, None]:
    """Stream evenly spoken words as they sound, the transcript running so many times as fast."""
    step, piece = 0.1, bytes(round(0.1 * SPEAK_RATE) * 2)
    sent = 0
    for number in range(round(length / step)):
        due = min(len(text), round(len(text) * ahead * (number + 1) * step / length))
        if due > sent:
            yield TextDelta(text[sent:due])
            sent = due
        yield AudioDelta(b"\x01" + piece[1:])
        await asyncio.sleep(step)
    yield ReplyDone(Usage(audio_in=10, audio_out=round(20 * length)), audio_id="audio_x")


def said_by(text: str, length: float, at: float) -> str:
    return text[: round(len(text) * at / length)]


@pytest.mark.parametrize("cut_after", [2.0, 5.5])
@pytest.mark.parametrize(("text", "rate"), [(WORDS, 13.0), (WORDS, 16.0), (WORDS, 19.0), (MORAS, 6.0), (MORAS, 8.0)])
async def test_after_a_barge_in_only_what_was_heard_is_remembered(text: str, rate: float, cut_after: float) -> None:
    """The transcript runs at twice the sound's speed; the voice's own speed is learned from one whole answer."""
    length = round(len(text) / rate, 1)
    async with fake_call() as fake:
        fake.engine.script += [spoken(text, length, 2.0), spoken(text, length, 2.0)]
        await fake.says(ANNA, 1.0, then=length + 3.0)
        await fake.says(ANNA, 1.0)
        while len(fake.link.playbacks) < 2 or fake.link.playbacks[1].began is None:
            await asyncio.sleep(0.02)
        await asyncio.sleep(cut_after)
        spoke_at = now()
        fake.link.speak(ANNA, 1.5)
        playout = await fake.link.playbacks[1].wait()
        assert playout.interrupted
        assert now() - spoke_at <= 0.6
        await asyncio.sleep(5.0)
        line = next(line for line in fake.venue.audience.spoken if line.interrupted)
        truth = said_by(text, length, playout.played)
        assert text.startswith(line.text)
        assert 0.7 * len(truth) <= len(line.text) <= 1.15 * len(truth)
        [cut] = [message for message in fake.engine.requests[-1].history if message.interrupted]
        assert (cut.text, cut.audio_id) == (line.text, None)
