"""Every state of an utterance's life, and what withdrawing, forgetting, leaving and a kick do to it.

Anna says what the canary sings; where the state has room for it, Ben says something in the same turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from bot.errors import StoreUnavailable
from bot.types import CallState, Heard, LinkEnd, Message, ReplyRequest, Utterance
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime

CANARY = "the canary sings"


async def spoken(fake: FakeCall) -> None:
    """Anna is in the middle of it."""
    fake.link.speak(ANNA, 2.0)
    await asyncio.sleep(1.0)


async def waiting_for_the_floor(fake: FakeCall) -> None:
    fake.link.speak(BEN, 5.0)
    await fake.says(ANNA, 1.0, then=1.0)


async def waiting_for_its_words(fake: FakeCall) -> None:
    """Whether the bot is meant, only the words can tell."""
    fake.settings = replace(fake.settings, answering="name")
    fake.transcriber.delay = 3.0
    await fake.says(ANNA, 1.0, then=1.0)


async def answered_before_its_words(fake: FakeCall) -> None:
    """The request for its words is out, and its answer comes afterwards."""
    fake.engine.usual, fake.transcriber.delay = (0.5, 6.0), 4.0
    fake.link.speak(BEN, 1.2)
    await fake.says(ANNA, 1.0, then=3.0)
    assert fake.call.state == "speaking"
    assert not kept(fake)


async def asked_ahead(fake: FakeCall) -> None:
    await fake.says(ANNA, 1.0, then=0.35)
    assert fake.engine.running
    assert fake.call.state == "listening"


async def answered_without_a_sound_yet(fake: FakeCall) -> None:
    fake.engine.usual = (3.0, 2.0)
    fake.link.speak(BEN, 1.2)
    await fake.says(ANNA, 1.0, then=1.5)
    assert fake.call.state == "thinking"


async def answered_aloud(fake: FakeCall) -> None:
    fake.engine.usual = (0.5, 6.0)
    fake.link.speak(BEN, 1.2)
    await fake.says(ANNA, 1.0, then=3.0)
    assert fake.call.state == "speaking"


async def said_again(fake: FakeCall) -> None:
    await fake.says(ANNA, 1.0, then=6.0)
    assert fake.call.replay()
    await asyncio.sleep(0.5)
    assert fake.call.state == "speaking"


async def not_in_the_store_yet(fake: FakeCall) -> None:
    fake.store.error = StoreUnavailable("away")
    await fake.says(ANNA, 1.0, then=6.0)
    assert fake.call.outbox.pending_lines(7)


async def not_shown_yet(fake: FakeCall) -> None:
    shown, gate = fake.venue.audience.state, asyncio.Event()

    async def slow(state: CallState) -> None:
        await gate.wait()
        await shown(state)

    fake.venue.audience.state = slow
    await fake.says(ANNA, 1.0, then=6.0)
    assert len(fake.call.display)
    asyncio.get_running_loop().call_later(1.0, gate.set)


State = Callable[[FakeCall], Awaitable[None]]
WITH_BEN: list[State] = [
    waiting_for_the_floor,
    answered_without_a_sound_yet,
    answered_aloud,
    answered_before_its_words,
]
IN_WORK: list[State] = [spoken, waiting_for_its_words, asked_ahead, *WITH_BEN]
"""Its life is not over: nobody has been answered."""
OVER: list[State] = [said_again, not_in_the_store_yet, not_shown_yet]
HEARD: list[State] = [state for state in (*IN_WORK, *OVER) if state not in (spoken, asked_ahead)]
"""It has ended."""


async def withdraw(fake: FakeCall) -> None:
    await fake.calls.consent(fake.venue.guild_id, ANNA, False)


async def forget(fake: FakeCall) -> None:
    with suppress(StoreUnavailable):  # then she is told, and asks again
        await fake.erasure.forget_person(ANNA)


Action = Callable[[FakeCall], Awaitable[None]]


async def afterwards(fake: FakeCall) -> None:
    """Let everything run its course."""
    await asyncio.sleep(0.5)
    fake.store.error = None
    await asyncio.sleep(15.0)


@asynccontextmanager
async def room(state: State) -> AsyncIterator[FakeCall]:
    """Yield a call that is in this state."""
    timing = {"preemptive": True, "endpointing_delay": None} if state is asked_ahead else {}
    async with fake_call(ANNA, BEN, answering="always", **timing) as fake:
        fake.transcriber.by_person = {ANNA: CANARY, BEN: "what a day"}
        await state(fake)
        yield fake


def sounds_of(thing: object, user_id: int, seen: set[int]) -> Iterator[Utterance]:
    """Yield the utterances of a person that hang on an object of the product."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Utterance):
        if thing.user_id == user_id:
            yield thing
    elif isinstance(thing, dict):
        for part in (*thing.keys(), *thing.values()):
            yield from sounds_of(part, user_id, seen)
    elif isinstance(thing, list | tuple | set | frozenset):
        for part in thing:
            yield from sounds_of(part, user_id, seen)
    elif type(thing).__module__.startswith("bot."):
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        for name in (*getattr(thing, "__dict__", {}), *slots):
            yield from sounds_of(getattr(thing, name, None), user_id, seen)


def people_in(requests: Sequence[ReplyRequest]) -> list[set[int]]:
    return [{part.user_id for part in request.turn.utterances} for request in requests]


def kept(fake: FakeCall) -> list[str]:
    return [one.text for one in fake.store.kept if isinstance(one, Message) and one.speaker_id == ANNA]


@pytest.mark.parametrize("action", [withdraw, forget])
@pytest.mark.parametrize("state", IN_WORK)
async def test_what_is_in_work_is_dropped_at_once(state: State, action: Action) -> None:
    async with room(state) as fake:
        asked, written, shown = len(fake.engine.requests), len(kept(fake)), list(fake.venue.audience.written)
        doing = asyncio.ensure_future(action(fake))
        await asyncio.sleep(0.02)
        assert fake.link.admitted == {BEN}
        assert list(sounds_of(fake.call, ANNA, set())) == []
        assert [people for people in people_in(fake.engine.running) if ANNA in people] == []
        assert all(playback.over.done() for playback in fake.link.playbacks)
        await doing
        await afterwards(fake)
        later = fake.engine.requests[asked:]
        assert [people for people in people_in(later) if ANNA in people] == []
        assert all(line.speaker_id != ANNA for request in later for line in request.history)
        assert [people for people in people_in(later) if BEN in people] == ([{BEN}] if state in WITH_BEN else [])
        assert all(line.speaker_id != ANNA for line in fake.call.record.messages)
        assert len(kept(fake)) <= (written if action is forget else 0), "the store itself deletes what it had"
        assert [line for line in fake.venue.audience.written[len(shown) :] if CANARY in line] == []
        assert "no_consent" in fake.outcomes


@pytest.mark.parametrize("action", [withdraw, forget])
@pytest.mark.parametrize("state", OVER)
async def test_what_is_not_out_yet_never_gets_out(state: State, action: Action) -> None:
    async with room(state) as fake:
        written, shown = len(kept(fake)), len(fake.venue.audience.written)
        await action(fake)
        await asyncio.sleep(0.02)
        assert all(playback.over.done() for playback in fake.link.playbacks)
        assert not fake.call.replay()
        await afterwards(fake)
        assert len(kept(fake)) == written
        assert [line for line in fake.venue.audience.written[shown:] if CANARY in line] == []
        remembered = [line for line in fake.call.record.messages if line.speaker_id == ANNA]
        assert len(remembered) == (written if action is withdraw else 0), (
            "what was written before stays until forgotten"
        )


@pytest.mark.parametrize("state", [*IN_WORK, *OVER])
async def test_leaving_takes_nothing_back(state: State) -> None:
    async with room(state) as fake:
        fake.venue.here.remove(ANNA)
        fake.call.people_changed()
        assert ANNA in fake.link.admitted, "what she said may still be on its way"
        await afterwards(fake)
        if state is waiting_for_its_words:
            assert fake.outcomes == ["not_addressed"]
        else:
            assert ANNA in people_in(fake.engine.requests)[-1]
            assert "answered" in fake.outcomes
        assert kept(fake) == [CANARY]
        assert any(CANARY in line for line in fake.venue.audience.written)


@pytest.mark.parametrize("state", HEARD)
async def test_a_kick_ends_the_answers_and_keeps_what_was_said(state: State) -> None:
    async with room(state) as fake:
        asked, link = len(fake.engine.requests), fake.link
        link.end.set_result(LinkEnd.KICKED)
        await asyncio.sleep(0.1)
        assert fake.engine.running == []
        assert all(playback.over.done() for playback in link.playbacks)
        await afterwards(fake)
        assert len(fake.engine.requests) == asked
        assert kept(fake) == [CANARY]
        assert not fake.live


async def test_who_withdrew_and_agrees_again_is_heard_again() -> None:
    async with room(answered_aloud) as fake:
        await withdraw(fake)
        await afterwards(fake)
        await fake.calls.consent(fake.venue.guild_id, ANNA, True)
        await fake.says(ANNA, 1.0, then=10.0)
        assert people_in(fake.engine.requests)[-1] == {ANNA}
        assert kept(fake) == [CANARY]


async def test_an_answer_that_was_dropped_is_paid_for() -> None:
    async with room(answered_aloud) as fake:
        await withdraw(fake)
        await afterwards(fake)
        charges = [one for one in fake.store.kept if not isinstance(one, Message)]
        assert [charge.kind for charge in charges if charge.kind != "transcription"] == ["speculation", "reply"]


async def test_a_withdrawal_in_one_server_is_none_in_another() -> None:
    async with room(answered_without_a_sound_yet) as fake:
        await fake.erasure.withdraw(6, ANNA)
        await afterwards(fake)
        assert people_in(fake.engine.requests) == [{ANNA, BEN}]


@pytest.mark.parametrize("action", [withdraw, forget])
@pytest.mark.parametrize("milliseconds", [-1, 0, 1])
async def test_words_that_come_in_the_moment_of_the_withdrawal_are_written_by_nobody(
    action: Action, milliseconds: int
) -> None:
    """Within a millisecond of it; what came before it may stay until it is forgotten."""
    async with fake_call(ANNA, BEN, answering="always") as fake:
        loop, answered, acted = asyncio.get_running_loop(), list[float](), list[float]()
        transcribe = fake.transcriber.transcribe

        async def timed(utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
            due = loop.time() + 2.0 + milliseconds / 1000  # both timers run in one tick at 0, this one first
            acting = loop.create_task(act_at(due)) if utterance.user_id == ANNA else None
            heard = await transcribe(utterance, language, names)
            answered.append(loop.time())
            assert acting is not None
            return heard

        async def act_at(due: float) -> None:
            await asyncio.sleep(due - loop.time())
            acted.append(loop.time())
            await action(fake)

        fake.transcriber.transcribe, fake.transcriber.delay = timed, 2.0
        fake.transcriber.by_person = {ANNA: CANARY}
        await fake.says(ANNA, 1.0, then=10.0)
        assert len(acted) == 1
        before = milliseconds > 0
        assert len(answered) == before or milliseconds == 0
        await afterwards(fake)
        left = [line for line in fake.call.record.messages if line.speaker_id == ANNA]
        assert len(left) <= (before and action is withdraw)
        assert bool(kept(fake)) <= before
        assert any(CANARY in line for line in fake.venue.audience.written) <= before
