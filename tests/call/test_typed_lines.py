"""What people write and have read aloud (/voice mine): when it sounds, for whom, and when not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from bot.audio import SPEAK_RATE
from bot.call.typed_lines import MAX_LINE_AGE_SECONDS, MAX_TYPED_LINE_CHARACTERS, MAX_TYPED_LINES, as_read
from bot.errors import Unreachable
from bot.types import Charge, Made, Usage
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN
from tests.privacy.test_erasure import CANARY, sings

pytestmark = pytest.mark.looptime
LINE_SECONDS = 3.0


class Studio:
    """Speaks each line for LINE_SECONDS, half a second after it was asked to."""

    model = writing_model = "gpt-audio-1.5"

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        "voice and text"
        self.failing = False

    async def say(self, instructions: str, text: str, spent: Callable[..., None], *, voice: str, **_: object) -> Made:
        self.said.append((voice, text))
        await asyncio.sleep(0.5)
        if self.failing:
            raise Unreachable
        spent(self.model, Usage(text_in=50, audio_out=60), False)
        return Made(text, b"\x01\x00" * round(LINE_SECONDS * SPEAK_RATE))

    async def write(self, *_: object, **__: object) -> Made:
        raise NotImplementedError


@asynccontextmanager
async def reading(*people: int, **options: Any) -> AsyncIterator[tuple[FakeCall, Studio]]:
    """A call in which lines can be read."""
    studio = Studio()
    async with fake_call(*people, **{"answering": "name", **options}) as fake:
        object.__setattr__(fake.services, "studio", studio)
        yield fake, studio


def write(fake: FakeCall, who: int, text: str, *, addressed: bool = False) -> None:
    fake.call.ask(who, text, read_in="coral", addressed=addressed)


def sounded(fake: FakeCall) -> list[float]:
    return [playback.played for playback in fake.link.playbacks]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("see https://www.example.org/a/b?c=1", "see example.org"),
        ("nice <:blob:123456> 🎉", "nice"),
        ("🎉🎉", ""),
        ("@Ben in #general?", "Ben in general?"),
        ("mail me@example.org", "mail me@example.org"),
        ("he dies: ||the end|| right?", "he dies: right?"),
        ("```py\nx = 1\n```", ""),
        ("run `make_it`", "run make it"),
        ("**really**", "really"),
    ],
)
def test_what_is_written_becomes_speakable(typed: str, said: str) -> None:
    assert as_read(typed) == said


NOW = datetime(2026, 12, 4, 9, 0, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("meet <t:1796342400:R> then", "meet 09:00 then"),
        ("raid <t:1796428800>", "raid 2026-12-05 09:00"),
        ("集合は <t:1796428800:F> です", "集合は 2026年12月5日 9時 です"),
        ("<t:99999999999:t> odd", "5138-11-16 18:46 odd"),
        ("key https://me:secret@example.org:8080/x?a@b", "key example.org"),
        ("||the <t:1796342400> killer|| is out", "is out"),
    ],
)
def test_moments_and_addresses(typed: str, said: str) -> None:
    assert as_read(typed, now=NOW) == said


def test_a_long_line_is_read_up_to_a_word() -> None:
    said = as_read("word " * 200)
    assert MAX_TYPED_LINE_CHARACTERS // 2 < len(said) <= MAX_TYPED_LINE_CHARACTERS
    assert said.endswith("word")
    assert len(as_read("あ" * 1000)) == MAX_TYPED_LINE_CHARACTERS


async def test_a_line_is_read_remembered_and_charged_to_its_writer() -> None:
    async with reading(ANNA, BEN) as (fake, studio):
        write(fake, ANNA, "see <https://example.org/x> 🎉")
        await asyncio.sleep(6.0)
        assert studio.said == [("coral", "see example.org")]
        assert sounded(fake) == [LINE_SECONDS]
        assert [(line.speaker_id, line.text) for line in fake.call.record.messages] == [
            (ANNA, "see <https://example.org/x> 🎉")
        ]
        [charge] = [kept for kept in fake.store.kept if isinstance(kept, Charge)]
        assert (charge.kind, charge.user_ids) == ("reading", (ANNA,))
        assert fake.call.status().cost == charge.cost
        assert not fake.engine.requests  # it was not for the bot


async def test_the_bot_answers_afterwards_what_is_for_it() -> None:
    async with reading(ANNA, BEN) as (fake, _):
        write(fake, ANNA, "Kikite, what is this?")
        await asyncio.sleep(8.0)
        assert sounded(fake) == [LINE_SECONDS, 2.0]
        [request] = fake.engine.requests
        assert [typed.text for typed in request.turn.typed] == ["Kikite, what is this?"]
        assert request.history == ()
        write(fake, BEN, "and this?", addressed=True)
        await asyncio.sleep(8.0)
        assert len(fake.engine.requests) == 2


async def test_it_waits_until_nobody_speaks_and_goes_before_the_answer() -> None:
    async with reading(ANNA, BEN, answering="always") as (fake, studio):
        fake.link.speak(BEN, 4.0)
        await asyncio.sleep(1.0)
        write(fake, ANNA, "one")
        write(fake, ANNA, "two")
        await asyncio.sleep(2.5)
        assert [text for _, text in studio.said] == ["one", "two"]
        assert sounded(fake) == []
        await asyncio.sleep(12.0)
        assert sounded(fake)[:2] == [LINE_SECONDS, LINE_SECONDS]
        assert len(sounded(fake)) >= 3  # Ben's answer


async def test_somebody_speaks_over_it() -> None:
    async with reading(ANNA, BEN) as (fake, _):
        write(fake, ANNA, "one")
        await asyncio.sleep(1.5)
        await fake.says(BEN, 2.0, then=6.0)
        [played] = sounded(fake)
        assert 1.0 < played < 2.0


async def test_whoever_speaks_first_goes_first() -> None:
    async with reading(ANNA, BEN) as (fake, _):
        write(fake, ANNA, "one")
        await asyncio.sleep(0.4)
        await fake.says(BEN, 1.0, then=6.0)  # within 0.3 s of its first sound
        assert sounded(fake)[-1] == LINE_SECONDS
        assert all(played < 1.0 for played in sounded(fake)[:-1])


@pytest.mark.parametrize("what", ["stop", "off", "leave", "withdraw", "forget"])
@pytest.mark.parametrize("begun", [False, True])
async def test_nothing_more_is_said_after(what: str, begun: bool) -> None:
    async with reading(ANNA, BEN) as (fake, _):
        write(fake, ANNA, "one")
        write(fake, ANNA, "two")
        if begun:
            await asyncio.sleep(1.5)
        match what:
            case "stop":
                fake.call.stop()
            case "off":
                fake.call.unread(ANNA)
            case "leave":
                fake.venue.here.discard(ANNA)
                fake.call.people_changed()
            case "withdraw":
                await fake.calls.consent(fake.venue.guild_id, ANNA, agreed=False)
            case _:
                await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(10.0)
        assert sum(sounded(fake)) < (1.2 if begun else 0.01)
        assert fake.live


async def test_no_word_of_a_forgotten_writer_stays() -> None:
    async with reading(ANNA, BEN) as (fake, _):
        for number in range(3):
            write(fake, ANNA, f"{CANARY} {number}")
        await asyncio.sleep(1.5)
        write(fake, ANNA, CANARY)  # whose sound is still being made
        await asyncio.sleep(0.1)
        assert sings(fake.call.holdings)
        await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(0.1)
        assert not sings(fake.call.holdings)


async def test_what_others_wrote_is_read_on() -> None:
    async with reading(ANNA, BEN) as (fake, _):
        write(fake, ANNA, "one")
        write(fake, BEN, "two")
        await asyncio.sleep(1.5)
        fake.call.unread(ANNA)
        await asyncio.sleep(6.0)
        assert sounded(fake)[-1] == LINE_SECONDS
        assert len(sounded(fake)) == 2


async def test_what_waits_is_bounded_in_number_and_age() -> None:
    async with reading(ANNA, BEN) as (fake, studio):
        for number in range(MAX_TYPED_LINES + 2):
            write(fake, ANNA, f"number {number}")
        fake.link.speak(BEN, MAX_LINE_AGE_SECONDS + 2)
        await asyncio.sleep(MAX_LINE_AGE_SECONDS + 20)
        assert len(studio.said) == MAX_TYPED_LINES
        assert fake.call.counts["typed_lines_dropped"] == 2
        assert len([line for line in fake.call.record.messages if line.speaker_id == ANNA]) == MAX_TYPED_LINES + 2
        assert sum(sounded(fake)) < 0.5


async def test_not_aloud_without_money_and_a_failure_is_told() -> None:
    async with reading(ANNA, BEN, cap=Decimal("0.01")) as (fake, studio):
        write(fake, ANNA, "one")
        await asyncio.sleep(6.0)
        assert sounded(fake) == [LINE_SECONDS]
        write(fake, ANNA, "two")
        await asyncio.sleep(6.0)
        assert len(studio.said) == 1
    async with reading(ANNA, BEN) as (fake, studio):
        studio.failing = True
        write(fake, ANNA, "Kikite, one?")
        await asyncio.sleep(6.0)
        assert [code for _, code in fake.venue.audience.troubles] == [Unreachable().code]
        assert len(fake.engine.requests) == 1  # it is answered all the same


async def test_nothing_is_read_for_who_is_not_there_or_where_nobody_can_hear() -> None:
    async with reading(BEN) as (fake, studio):
        write(fake, ANNA, "one")
        write(fake, BEN, "🎉")
        await asyncio.sleep(3.0)
        assert not studio.said
        object.__setattr__(fake.services, "studio", None)
        write(fake, BEN, "two")
        await asyncio.sleep(3.0)
        assert sounded(fake) == []
