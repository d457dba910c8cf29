"""Who may use the bot: the lists, their text, and what people read of them."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.call.access import IN_A_CALL, MAX_LISTED, MAX_SHOWN, Access
from bot.call.record import PENDING_TEXT
from bot.types import Standing
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN

CREW, GUESTS = 21, 22


def words(code: str, **values: object) -> str:
    return f"{code.removeprefix('access ')}{values.get('count', '')}"


def test_everyone_may_until_somebody_is_listed() -> None:
    access = Access()
    assert access.permits(ANNA, Standing(), "call", "answer", "spend")
    access = access.changed("answer", f"&{CREW}", listed=True)
    assert not access.permits(ANNA, Standing(roles=frozenset({GUESTS})), *IN_A_CALL)
    assert access.permits(ANNA, Standing(roles=frozenset({CREW})), *IN_A_CALL)
    assert access.permits(ANNA, Standing(), "call")
    assert access.permits(ANNA, Standing(manager=True), *IN_A_CALL)
    access = access.changed("answer", str(ANNA), listed=True)
    assert access.permits(ANNA, Standing(), *IN_A_CALL)
    assert not access.changed("spend", f"&{CREW}", listed=True).permits(ANNA, Standing(), *IN_A_CALL)


def test_a_person_is_no_role_of_the_same_number() -> None:
    access = Access().changed("call", f"&{CREW}", listed=True)
    assert not access.permits(CREW, Standing(), "call")


def test_the_last_one_off_the_list_opens_it() -> None:
    access = Access().changed("call", str(ANNA), listed=True).changed("call", str(ANNA), listed=True)
    assert access.listed == {"call": (str(ANNA),)}
    assert access.changed("call", f"&{ANNA}", listed=False) == access
    assert access.changed("call", str(ANNA), listed=False) == Access()


def test_it_is_read_as_it_was_written() -> None:
    access = Access().changed("spend", f"&{CREW}", listed=True).changed("call", str(ANNA), listed=True)
    assert access.write() == f"call={ANNA};spend=&{CREW}"
    assert Access.read(access.write()) == access
    assert Access.read("") == Access()


@pytest.mark.parametrize("text", ["dance=1", "call", "call=", "call=x", "call=1,,2", "answer=&", "spend=<@1>"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Access.read(text)


def test_lists_are_bounded_and_shown_short() -> None:
    access = Access()
    for number in range(MAX_LISTED):
        access = access.changed("call", str(number), listed=True)
    assert Access.read(access.write()) == access
    assert f"<@4>, more{MAX_LISTED - MAX_SHOWN} · answer: everyone" in access.show(words)
    with pytest.raises(ValueError):  # noqa: PT011
        Access.read(access.changed("call", "99", listed=True).write())


def test_the_highest_cap_of_the_roles_counts_and_none_beats_them_all() -> None:
    access = Access().capped(CREW, Decimal("0.5")).capped(GUESTS, Decimal("0.05"))
    assert access.cap(()) is None
    assert access.cap((GUESTS,)) == Decimal("0.05")
    assert access.cap((GUESTS, CREW)) == Decimal("0.5")
    assert access.capped(GUESTS, Decimal(0)).cap((GUESTS, CREW)) == 0
    assert access.capped(CREW, None).cap((GUESTS, CREW)) == Decimal("0.05")
    both = access.changed("call", f"&{CREW}", listed=True)
    assert Access.read(both.write()) == both
    assert "per person per day" not in Access().show(words)
    for text in ("&21=-1", "&21=NaN", "&x=1", "21=1"):
        with pytest.raises(ValueError):  # noqa: PT011
            Access.read(text)


@pytest.mark.looptime
@pytest.mark.parametrize("after", [2.0, 4.3, 6.0])
async def test_who_loses_the_right_in_mid_sentence_is_neither_transcribed_nor_answered(after: float) -> None:
    """In mid-sentence, before the turn is closed, and while it is answered: then the answer ends."""
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.engine.usual, fake.transcriber.delay = (3.0, 2.0), 5.0
        fake.link.speak(ANNA, 4.0)
        await asyncio.sleep(after)
        asked = len(fake.engine.requests), len(fake.transcriber.sent)
        assert asked[0] == (after == 6.0)
        fake.settings = replace(fake.settings, access=Access().changed("answer", str(BEN), listed=True))
        fake.call.people_changed()
        await asyncio.sleep(9.0)
        assert not [message for message in fake.call.record.messages if message.text == PENDING_TEXT]
        assert (len(fake.engine.requests), len(fake.transcriber.sent)) == asked
        assert not any(message.role == "assistant" for message in fake.call.record.messages)
        assert fake.outcomes[-1] == "not_allowed"
        await fake.says(BEN, 3.0, then=9.0)
        assert fake.outcomes[-1] == "answered"
