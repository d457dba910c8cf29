"""How often a call ticks, in virtual time: it rests, and does ticks together, and yet decides at the same moments."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from bot.call import conversation
from bot.call.conversation import MAX_BUNDLED_TICKS, MAX_FEW_BUNDLED_TICKS, Conversation
from bot.talk.decisions import Decision
from bot.types import CallState
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN, now

pytestmark = pytest.mark.looptime


async def test_a_call_that_rests_hears_the_first_sound_at_its_next_step() -> None:
    async with fake_call() as fake:
        await asyncio.sleep(5.033)
        ticks: list[float] = []
        frames = fake.link.frames
        fake.link.frames = lambda at: (ticks.append(at), frames(at))[1]  # type: ignore[method-assign]
        await asyncio.sleep(2.0)
        assert 3 <= len(ticks) <= 5
        ticks.clear()
        begin = now()
        fake.link.speak(ANNA, 0.2)
        await asyncio.sleep(0.099)
        assert len(ticks) in {4, 5}
        assert begin <= ticks[0] <= begin + 0.021


async def test_an_answer_ends_the_rest() -> None:
    """Its sound, its earcon and what people see of it come at ticks, of which a call that rests has few."""
    async with fake_call() as fake:
        for rested in (5.033, 5.2, 5.3, 5.467):
            fake.engine.script.append((0.2, 1.0))
            await asyncio.sleep(rested)
            fake.call.ask(ANNA, "How far is the moon?")
            await asyncio.sleep(0.05)
            assert fake.call.state is CallState.THINKING
            await asyncio.sleep(0.2)
            assert fake.call.state is CallState.SPEAKING
            await asyncio.sleep(3.0)


async def test_a_call_that_waits_for_an_answer_or_speaks_ticks_less_often() -> None:
    async with fake_call() as fake:
        ticks: list[float] = []
        frames = fake.link.frames
        fake.link.frames = lambda at: (ticks.append(at), frames(at))[1]  # type: ignore[method-assign]
        fake.engine.script.append((0.925, 3.0))
        fake.call.ask(ANNA, "How far is the moon?")
        begin = now()
        await asyncio.sleep(0.9)
        assert fake.call.state is CallState.THINKING
        assert len(ticks) <= 16
        await asyncio.sleep(0.1)
        [playback] = fake.link.playbacks
        assert playback.began is not None and playback.began - begin < 0.94
        assert fake.call.state is CallState.SPEAKING, "the first sound ends the rest"
        ticks.clear()
        await asyncio.sleep(2.0)
        assert 24 <= len(ticks) <= 27


async def test_ticks_are_done_together_while_nothing_can_be_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    wakes: dict[int, int] = {}
    story: dict[int, list[tuple[float, float]]] = {}
    for bundled in (1, MAX_BUNDLED_TICKS):
        monkeypatch.setattr(conversation, "MAX_BUNDLED_TICKS", bundled)
        monkeypatch.setattr(conversation, "MAX_FEW_BUNDLED_TICKS", min(bundled, MAX_FEW_BUNDLED_TICKS))
        async with fake_call(ANNA, BEN, answering="always") as fake:
            begin, ticks = now(), list[tuple[float, float]]()
            frames = fake.link.frames
            fake.link.frames = lambda at, ticks=ticks, frames=frames: (ticks.append((now(), at)), frames(at))[1]  # type: ignore[method-assign]
            fake.link.speak(ANNA, 1.5, -0.3, 2.0)
            fake.link.speak(BEN, 1.0)
            await asyncio.sleep(3.5)
            assert {round(after[1] - before[1], 3) for before, after in pairwise(ticks)} == {0.02}
            wakes[bundled] = len({round(at, 3) for at, _ in ticks})
            await asyncio.sleep(6.0)
            turns = [request.turn for request in fake.engine.requests]
            story[bundled] = [(round(turn.closed_at - begin, 3), len(turn.utterances)) for turn in turns]
    assert story[1] == story[MAX_BUNDLED_TICKS] != []
    assert 2 * wakes[MAX_BUNDLED_TICKS] < wakes[1]


@pytest.mark.parametrize(
    ("after", "lengths"),
    [
        (0.75, (0.6,)),
        (1.3, (0.14, -0.1, 0.5)),
        (1.62, (0.3,)),
        (2.3, (0.24, -0.2, 0.14)),
        (2.31, (0.02, -0.06, 0.1, -0.04, 0.12, -0.3, 0.9)),
        (2.9, (1.0,)),
    ],
    ids=["while it thinks", "just before it sounds", "as it sounds", "short words", "a stutter", "over it"],
)
async def test_speech_over_an_answer_decides_at_the_same_moments(
    monkeypatch: pytest.MonkeyPatch, after: float, lengths: Sequence[float]
) -> None:
    """However many ticks are done at once."""
    told: list[tuple[float, object]] = []
    wakes: dict[int, int] = {}
    story: dict[int, list[tuple[float, object]]] = {}
    act = Conversation._act

    def noted(conversation: Conversation, decision: Decision) -> None:
        told.append((now(), type(decision)))
        act(conversation, decision)

    monkeypatch.setattr(Conversation, "_act", noted)
    for bundled in (1, MAX_BUNDLED_TICKS):
        monkeypatch.setattr(conversation, "MAX_BUNDLED_TICKS", bundled)
        monkeypatch.setattr(conversation, "MAX_FEW_BUNDLED_TICKS", min(bundled, MAX_FEW_BUNDLED_TICKS))
        async with fake_call(ANNA, BEN, answering="always") as fake:
            begin, times = now(), set[float]()
            fake.engine.usual = (0.8, 4.0)
            frames = fake.link.frames
            fake.link.frames = lambda at, times=times, frames=frames: (times.add(round(now(), 3)), frames(at))[1]  # type: ignore[method-assign]
            fake.link.speak(ANNA, 0.5)
            await asyncio.sleep(after)
            times.clear()
            fake.link.speak(BEN, *lengths)
            await asyncio.sleep(sum(map(abs, lengths)))
            wakes[bundled] = len(times)
            await asyncio.sleep(9.0)
            told += [(playback.began, "sounds") for playback in fake.link.playbacks if playback.began is not None]
        story[bundled] = [(round(at - begin, 2), decision) for at, decision in told]
        told.clear()
    assert story[1] == story[MAX_BUNDLED_TICKS] != []
    assert wakes[MAX_BUNDLED_TICKS] < wakes[1] or after < 1.3, "while it thinks it looks for its first sound each time"


async def test_an_answer_that_waits_for_words_sounds_as_soon_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else sends something meanwhile, and however many ticks are done at once."""
    sounds: list[float | None] = []
    for bundled in (1, MAX_BUNDLED_TICKS):
        monkeypatch.setattr(conversation, "MAX_BUNDLED_TICKS", bundled)
        monkeypatch.setattr(conversation, "MAX_FEW_BUNDLED_TICKS", min(bundled, MAX_FEW_BUNDLED_TICKS))
        async with fake_call(ANNA, BEN, answering="always") as fake:
            begin = now()
            fake.transcriber.delay = 0.63
            fake.link.speak(ANNA, 0.6)
            fake.link.speak(BEN, -3.0)
            await asyncio.sleep(4.0)
            [playback, *_] = fake.link.playbacks
            assert playback.began is not None
            sounds.append(round(playback.began - begin, 2))
    assert sounds[0] == sounds[1]
