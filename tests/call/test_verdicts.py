"""Whatever is said ends with a verdict and the number behind it (/call why)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.audio import SPEAK_RATE
from bot.errors import RateLimited
from bot.types import AudioDelta, Charge, ReplyEvent, Usage
from tests.fake_call import Stage, stage
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime


async def answered(house: Stage) -> None:
    await house.says(ANNA, 1.0, then=5.0)


async def too_short(house: Stage) -> None:
    await house.says(ANNA, 0.2, then=2.0)


async def backchannel(house: Stage) -> None:
    house.engine.script.append((0.2, 6.0))
    await house.says(ANNA, 1.0, then=2.0)
    await house.says(ANNA, 0.3, then=6.0)


async def stop(house: Stage) -> None:
    house.engine.script.append((0.2, 6.0))
    await house.says(ANNA, 1.0, then=2.0)
    house.transcriber.words.append("Stop!")
    await house.says(ANNA, 0.8, then=3.0)


async def slow_to_end(first: float) -> AsyncGenerator[ReplyEvent, None]:
    """A request that takes a moment to be over when it is broken off."""
    await asyncio.sleep(first)
    try:
        yield AudioDelta(b"\x01\x00" * SPEAK_RATE)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)


async def stop_in_silence(house: Stage) -> None:
    """The answer to it would be there before its words are known."""
    house.engine.script.append(slow_to_end(0.1))
    house.transcriber.words.append("ストップ。")
    house.transcriber.delay = 0.8
    await house.says(ANNA, 0.6, then=6.0)
    assert not house.link.playbacks


async def nod_that_was_stop(house: Stage) -> None:
    house.engine.script.append((0.2, 6.0))
    await house.says(ANNA, 1.0, then=2.0)
    house.transcriber.words.append("Stop!")
    await house.says(ANNA, 0.3, then=3.0)


async def stop_while_thinking(house: Stage) -> None:
    """Neither the question is answered, nor "stop"; what is asked after it is."""
    house.engine.script.append((4.0, 6.0))
    house.transcriber.words += ["What is that?", "Kikite, stop!"]
    await house.says(ANNA, 1.2, then=1.0)
    await house.says(ANNA, 0.6, then=8.0)
    assert not house.link.playbacks
    await house.says(ANNA, 1.2, then=5.0)
    assert len(house.link.playbacks) == 1


async def stopped_while_thinking(house: Stage) -> None:
    house.engine.script.append((4.0, 6.0))
    await house.says(ANNA, 1.0, then=1.5)
    assert house.call.stop()
    await asyncio.sleep(6.0)
    assert not house.venue.audience.troubles
    assert not house.venue.audience.spoken


async def stopped_while_waiting(house: Stage) -> None:
    house.comes(BEN)
    house.transcriber.delay = 3.0
    await house.says(BEN, 1.0, then=1.0)
    assert house.call.stop()
    await asyncio.sleep(6.0)
    assert not house.engine.requests


async def not_addressed(house: Stage) -> None:
    house.comes(BEN)
    await house.says(BEN, 1.0, then=3.0)


async def failed(house: Stage) -> None:
    house.engine.script.append(RateLimited())
    await house.says(ANNA, 1.0, then=3.0)


async def without_consent(house: Stage) -> None:
    house.comes(BEN)
    await house.calls.consent(5, BEN, False)
    await house.says(BEN, 2.0, then=3.0)


async def left_behind(house: Stage) -> None:
    house.link.speak(ANNA, 2.0)
    await asyncio.sleep(1.0)
    await house.calls.consent(5, ANNA, False)
    await asyncio.sleep(4.0)


async def under_no_key(house: Stage) -> None:
    for _ in range(7):
        house.link.lost = {ANNA: 2}
        await asyncio.sleep(0.3)
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
        (left_behind, [("no_consent", {"seconds": 1.0}), ("no_consent", {"seconds": 0.98})]),
        (under_no_key, [("undecryptable", {"count": 14})]),
    ],
)
async def test_whatever_is_said_ends_with_a_verdict(
    happening: Callable[[Stage], Awaitable[None]], verdicts: list[tuple[str, dict[str, float | str]]]
) -> None:
    async with stage() as house:
        await happening(house)
        assert [(verdict.outcome, verdict.detail) for verdict in house.call.verdicts] == verdicts


@pytest.mark.parametrize("people", [(ANNA,), (ANNA, BEN)], ids=["alone", "several"])
async def test_what_the_budget_forbids_is_called_so_and_each_question_leaves_a_sign(people: tuple[int, ...]) -> None:
    """With several people the words decide whether the bot is meant, and there is no money to write them down."""
    async with stage(*people, cap=Decimal("0.5")) as house:
        spent = Charge(
            datetime.fromtimestamp(1_800_000_000, UTC),
            house.venue.guild_id,
            7,
            (ANNA,),
            "reply",
            "m",
            Usage(),
            Decimal(1),
        )
        house.services.budget.book(spent)
        for _ in range(2):
            await house.says(ANNA, 1.0, then=8.0)
        assert house.outcomes == ["over_budget"] * 2
        told = [code for _, code in house.venue.audience.troubles]
        assert told == ["budget_spent"] * (2 if len(people) == 1 else 1), "nobody knows whether the bot was asked"
        house.call.ask(ANNA, "and in writing?")
        await asyncio.sleep(1.0)
        assert house.venue.audience.troubles[len(told) :], "who writes, asks the bot"
        assert not house.engine.requests


async def test_the_last_twenty_are_kept() -> None:
    async with stage() as house:
        for _ in range(25):
            await house.says(ANNA, 1.0, then=5.0)
        assert house.outcomes == ["answered"] * 20
        assert house.call.why.counts["answered"] == 25
