"""Whatever is said ends with a verdict and the number behind it (/call why)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.audio import FRAME_SECONDS, SPEAK_RATE
from bot.call.conversation import MAX_BUNDLED_TICKS
from bot.errors import RateLimited
from bot.types import AudioDelta, Charge, ReplyEvent, Usage
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


async def answered(fake: FakeCall) -> None:
    await fake.says(ANNA, 1.0, then=5.0)


async def too_short(fake: FakeCall) -> None:
    await fake.says(ANNA, 0.2, then=2.0)


async def backchannel(fake: FakeCall) -> None:
    fake.engine.script.append((0.2, 6.0))
    await fake.says(ANNA, 1.0, then=2.0)
    await fake.says(ANNA, 0.3, then=6.0)


async def stop(fake: FakeCall) -> None:
    fake.engine.script.append((0.2, 6.0))
    await fake.says(ANNA, 1.0, then=2.0)
    fake.transcriber.words.append("Stop!")
    await fake.says(ANNA, 0.8, then=3.0)


async def slow_to_end(first: float) -> AsyncGenerator[ReplyEvent, None]:
    """A request that takes a moment to be over when it is broken off."""
    await asyncio.sleep(first)
    try:
        yield AudioDelta(b"\x01\x00" * SPEAK_RATE)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)


async def stop_in_silence(fake: FakeCall) -> None:
    """The answer to it would be there before its words are known."""
    fake.engine.script.append(slow_to_end(0.1))
    fake.transcriber.words.append("ストップ。")
    fake.transcriber.delay = 0.8
    await fake.says(ANNA, 0.6, then=6.0)
    assert not fake.link.playbacks


async def nod_that_was_stop(fake: FakeCall) -> None:
    fake.engine.script.append((0.2, 6.0))
    await fake.says(ANNA, 1.0, then=2.0)
    fake.transcriber.words.append("Stop!")
    await fake.says(ANNA, 0.3, then=3.0)


async def stop_while_thinking(fake: FakeCall) -> None:
    """Neither the question is answered, nor "stop"; what is asked after it is."""
    fake.engine.script.append((4.0, 6.0))
    fake.transcriber.words += ["What is that?", "Kikite, stop!"]
    await fake.says(ANNA, 1.2, then=1.0)
    await fake.says(ANNA, 0.6, then=8.0)
    assert not fake.link.playbacks
    await fake.says(ANNA, 1.2, then=5.0)
    assert len(fake.link.playbacks) == 1


async def stopped_while_thinking(fake: FakeCall) -> None:
    fake.engine.script.append((4.0, 6.0))
    await fake.says(ANNA, 1.0, then=1.5)
    assert fake.call.stop()
    await asyncio.sleep(6.0)
    assert not fake.venue.audience.troubles
    assert not fake.venue.audience.spoken


async def stopped_while_waiting(fake: FakeCall) -> None:
    fake.comes(BEN)
    fake.transcriber.delay = 3.0
    await fake.says(BEN, 1.0, then=1.0)
    assert fake.call.stop()
    await asyncio.sleep(6.0)
    assert not fake.engine.requests


async def not_addressed(fake: FakeCall) -> None:
    fake.comes(BEN)
    await fake.says(BEN, 1.0, then=3.0)


async def failed(fake: FakeCall) -> None:
    fake.engine.script.append(RateLimited())
    await fake.says(ANNA, 1.0, then=3.0)


async def without_consent(fake: FakeCall) -> None:
    fake.comes(BEN)
    await fake.calls.consent(5, BEN, False)
    await fake.says(BEN, 2.0, then=3.0)


AROUND_1 = pytest.approx(1.0, abs=MAX_BUNDLED_TICKS * FRAME_SECONDS)
"""Consent ends between two of the ticks that are done together."""


async def left_behind(fake: FakeCall) -> None:
    fake.link.speak(ANNA, 2.0)
    await asyncio.sleep(1.0)
    await fake.calls.consent(5, ANNA, False)
    await asyncio.sleep(4.0)


async def under_no_key(fake: FakeCall) -> None:
    for _ in range(7):
        fake.link.lost = {ANNA: 2}
        await asyncio.sleep(0.6)
    await asyncio.sleep(2.0)


@pytest.mark.parametrize(
    ("happening", "verdicts"),
    [
        (answered, [("answered", {"seconds": 1.0})]),
        (too_short, [("too_short", {"seconds": 0.2})]),
        (backchannel, [("backchannel", {"seconds": 0.3}), ("answered", {"seconds": 1.0})]),
        (stop, [("answered", {"seconds": 1.0}), ("stop", {"seconds": 0.8})]),
        (nod_that_was_stop, [("stop", {"seconds": 0.3}), ("answered", {"seconds": 1.0})]),
        (stop_in_silence, [("stop", {"seconds": 0.6})]),
        (
            stop_while_thinking,
            [("stop", {"seconds": 0.6}), ("stopped", {"seconds": 1.2}), ("answered", {"seconds": 1.2})],
        ),
        (stopped_while_thinking, [("stopped", {"seconds": 1.0})]),
        (stopped_while_waiting, [("stopped", {"seconds": 1.0})]),
        (not_addressed, [("not_addressed", {"seconds": 1.0, "reason": "not_named"})]),
        (failed, [("model_error", {"seconds": 1.0, "code": "rate_limited"})]),
        (without_consent, [("no_consent", {"seconds": 1.98})]),
        (left_behind, [("no_consent", {"seconds": AROUND_1}), ("no_consent", {"seconds": AROUND_1})]),
        (under_no_key, [("undecryptable", {"count": 14})]),
    ],
)
async def test_whatever_is_said_ends_with_a_verdict(
    happening: Callable[[FakeCall], Awaitable[None]], verdicts: list[tuple[str, dict[str, float | str]]]
) -> None:
    async with fake_call() as fake:
        await happening(fake)
        assert [(verdict.outcome, verdict.detail) for verdict in fake.call.verdicts.latest] == verdicts


@pytest.mark.parametrize("elsewhere", [False, True], ids=["spent", "held by other processes"])
@pytest.mark.parametrize("reads", [False, True], ids=["hears", "reads"])
@pytest.mark.parametrize("people", [(ANNA,), (ANNA, BEN)], ids=["alone", "several"])
async def test_what_the_budget_forbids_is_called_so_and_each_question_leaves_a_sign(
    people: tuple[int, ...], reads: bool, elsewhere: bool
) -> None:
    """With several people the words decide whether the bot is meant, and there is no money to write them down."""
    async with fake_call(*people, cap=Decimal("0.5"), preemptive=elsewhere) as fake:
        object.__setattr__(fake.services, "speech_model", "tts" if reads else "")
        spent = Charge(
            datetime.fromtimestamp(1_800_000_000, UTC),
            fake.venue.guild_id,
            7,
            (ANNA,),
            "reply",
            "m",
            Usage(),
            Decimal(1),
        )
        if elsewhere:
            fake.store.others_hold_all = True
        else:
            fake.services.budget.book(spent)
        for _ in range(2):
            await fake.says(ANNA, 1.0, then=8.0)
        assert fake.outcomes == ["over_budget"] * 2
        told = [code for _, code in fake.venue.audience.troubles]
        code = "budget_held" if elsewhere else "budget_spent"
        assert told == [code] * (2 if len(people) == 1 else 1), "nobody knows whether the bot was asked"
        fake.call.ask(ANNA, "and in writing?")
        await asyncio.sleep(1.0)
        assert fake.venue.audience.troubles[len(told) :], "who writes, asks the bot"
        assert not fake.engine.requests


async def test_the_last_twenty_are_kept() -> None:
    async with fake_call() as fake:
        for _ in range(25):
            await fake.says(ANNA, 1.0, then=5.0)
        assert fake.outcomes == ["answered"] * 20
        assert fake.call.verdicts.counts["answered"] == 25
