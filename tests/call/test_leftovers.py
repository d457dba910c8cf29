"""After somebody is forgotten, no object of the process has their words or their sound, whatever they are held by."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from bot.types import Caption, Made, Message, Typed, Utterance
from tests.call.test_captions import reading
from tests.call.test_typed_lines import Studio
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN

pytestmark = pytest.mark.looptime
CANARY = "the forgotten canary"
KINDS = Message, Typed, Caption, asyncio.Task, list, tuple, dict, set


class Translator(Studio):
    async def write(self, *asked: object, **_: object) -> Made:
        await asyncio.sleep(3.0)
        return Made(f"translated {asked[1]}", b"")


def leftovers(others: Sequence[object]) -> list[object]:
    """Return what there is of Anna. Objects are asked for what they refer to: frames of tasks, closures and all."""
    gc.collect()
    found: list[object] = []
    for thing in gc.get_objects():
        if isinstance(thing, Utterance) and thing.user_id == ANNA:
            found += [thing] if not any(thing is other for other in others) else []
        elif isinstance(thing, KINDS) or hasattr(type(thing), "cr_frame"):
            found += [thing for part in gc.get_referents(thing) if type(part) is str and f"{CANARY} " in part]
    return found


@pytest.mark.parametrize("interpreting", [False, True], ids=["answering", "interpreting"])
@pytest.mark.parametrize(
    "after", [4.0, *(pytest.param(after, marks=pytest.mark.long) for after in (0.3, 1.0, 1.7, 2.5, 6.0, 9.0))]
)
async def test_nothing_of_the_forgotten_is_left(after: float, interpreting: bool) -> None:
    others = [thing for thing in gc.get_objects() if isinstance(thing, Utterance)]
    async with fake_call(ANNA, BEN, answering="always", preemptive=True) as fake:
        studio = Translator()
        object.__setattr__(fake.services, "studio", studio)
        readers = [reading(fake), reading(fake, "ja")]
        if interpreting:
            fake.call.interpreter.choose(("en", "ja"))
        fake.transcriber.words += [f"{CANARY} {number}" for number in range(40)]
        fake.link.speak(ANNA, 1.5, -1.0, 1.5, -0.6, 1.0, -0.2, 4.0)
        for voice in ("coral", "coral", ""):
            fake.call.ask(ANNA, f"{CANARY} asks", read_in=voice, addressed=True)
        await asyncio.sleep(after)
        assert leftovers(others), "it holds them while it needs them"
        await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(1.0)
        mine: list[Any] = [
            fake.transcriber.words,
            fake.engine.requests,
            fake.store.kept,
            studio.said,
            *(reader.shown for reader in readers),
            *(kept for kept in vars(fake.venue.audience).values() if isinstance(kept, list)),
        ]
        for kept in mine:
            kept.clear()
        assert [repr(thing)[:200] for thing in leftovers(others)] == []
