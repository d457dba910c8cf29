import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.call.extras import lasting_extras
from bot.engine.history_window import HistoryWindow
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.summary import LONGEST_SUMMED, MIN_NEW_MESSAGES
from bot.errors import StoreUnavailable
from bot.types import Charge, Message
from sandbox.model.behaviour import Hang, Speak
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.conftest import MakeEngine
from tests.engine.listen import listen
from tests.engine.make import AKI, BEN, answered, request, said
from tests.fakes import FakeEngine, FakeStore, FakeTranscriber, services

pytestmark = pytest.mark.looptime

WINDOW = HistoryWindow(exchanges=2)
SUMMARY = "Aki wants to cook rice."


def talk(exchanges: int) -> tuple[Message, ...]:
    return tuple(
        message
        for number in range(exchanges)
        for message in (
            said(f"Question {number}", ago=1000 - number * 10),
            answered(f"Answer {number}", ago=995 - number * 10),
        )
    )


@pytest.fixture
def engine(make_engine: MakeEngine) -> OpenAIEngine:
    return make_engine(text_model="gpt-5-mini", window=WINDOW)


def summaries(model: ModelServer) -> list[str]:
    """What the text model was asked to sum up."""
    return [chat.body["messages"][1]["content"] for chat in model.chats if chat.body["model"] == "gpt-5-mini"]


def told(model: ModelServer) -> bool:
    """Whether the last spoken answer was asked for with the summary."""
    last = [chat for chat in model.chats if chat.body["model"] != "gpt-5-mini"][-1]
    return SUMMARY in last.body["messages"][0]["content"]


async def turn(engine: OpenAIEngine, history: tuple[Message, ...]) -> None:
    assert (await listen(engine, request(history=history))).error is None
    await asyncio.sleep(5)


@pytest.fixture(autouse=True)
def behaviour(model: ModelServer) -> None:
    spoken = Speak.clip("bot-heard")
    model.default = lambda asked: Speak(SUMMARY) if asked.body["model"] == "gpt-5-mini" else spoken


async def test_what_falls_out_is_summed_up_for_the_next_turn(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    assert not told(model)
    assert summaries(model) == ["\n".join(
        line
        for number in range(MIN_NEW_MESSAGES // 2)
        for line in (f'"Aki": Question {number}', f'"Kikite": Answer {number}')
    )]  # fmt: skip
    await turn(engine, history)
    assert told(model)
    assert len(summaries(model)) == 1, "nothing new fell out"
    await turn(engine, talk(MIN_NEW_MESSAGES + 2)[:2] + history[2:] + talk(MIN_NEW_MESSAGES * 2)[len(history) :])


@pytest.mark.parametrize("held", [False, True], ids=["money", "others hold it all"])
async def test_its_price_is_held_back_and_booked(model: ModelServer, engine: OpenAIEngine, held: bool) -> None:
    store, history = FakeStore(), talk(MIN_NEW_MESSAGES // 2 + 2)
    store.others_hold_all = held
    shared = services(FakeEngine(), FakeTranscriber(), store, Decimal(1))
    payer = lasting_extras(shared.budget, shared.outbox, shared.wall, (9, 70))
    asked = replace(request(history=history), payer=payer)
    assert (await listen(engine, asked)).error is None
    await asyncio.sleep(5)
    assert len(summaries(model)) == 1 - held
    shared.outbox.close()
    await shared.outbox.run()
    kept = [(charge.kind, charge.model, charge.user_ids) for charge in store.kept if isinstance(charge, Charge)]
    assert kept == ([] if held else [("text", "gpt-5-mini", asked.turn.people)])
    assert shared.budget.left(9) == Decimal(1) - len(kept) * Decimal("0.01"), "nothing stays held"


async def test_whoever_is_forgotten_stands_in_no_bill_of_it(model: ModelServer, engine: OpenAIEngine) -> None:
    store, history = FakeStore(), talk(MIN_NEW_MESSAGES // 2 + 2)
    shared = services(FakeEngine(), FakeTranscriber(), store, Decimal(1))
    payer = lasting_extras(shared.budget, shared.outbox, shared.wall, (9, 70))
    model.default = lambda asked: Hang() if asked.body["model"] == "gpt-5-mini" else Speak.clip("bot-heard")
    await listen(engine, replace(request(history=history), payer=payer))
    await asyncio.sleep(1)
    engine.forget_person(AKI)
    await engine.settled()
    shared.outbox.close()
    await shared.outbox.run()
    assert [(charge.user_ids, charge.estimated) for charge in store.kept] == [((), True)]


async def test_a_summary_goes_on_from_the_last(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES + 4)
    await turn(engine, history[: MIN_NEW_MESSAGES + 4])
    await turn(engine, history[: MIN_NEW_MESSAGES * 2 + 4])
    first, second = summaries(model)
    assert second.startswith(f"Until then: {SUMMARY}\n")
    assert not set(first.splitlines()) & set(second.splitlines())


class Shelf:
    """A store of summaries."""

    def __init__(self) -> None:
        self.kept: dict[str, Message] = {}
        self.away = False

    async def gleanings(self, channel_id: int, limit: int, words: Sequence[str] = ()) -> list[Message]:
        if self.away:
            raise StoreUnavailable("away")
        return list(self.kept.values()) if channel_id == 70 else []

    async def glean(self, guild_id: int, channel_id: int, gleaning: Message, instead_of: str = "") -> None:
        self.kept.pop(instead_of, None)
        self.kept[gleaning.id] = gleaning


async def test_it_survives_a_restart_and_is_gone_on_with(model: ModelServer, make_engine: MakeEngine):
    shelf: Any = Shelf()
    history = talk(MIN_NEW_MESSAGES + 4)

    async def next_process(exchanges: int, guild_id: int = 9) -> None:
        engine = make_engine(text_model="gpt-5-mini", window=WINDOW, store=shelf)
        assert (await listen(engine, request(history=history[: exchanges * 2], guild_id=guild_id))).error is None
        await asyncio.sleep(5)

    await next_process(MIN_NEW_MESSAGES // 2 + 2, guild_id=0)
    assert not shelf.kept, "a server that keeps nothing"
    await next_process(MIN_NEW_MESSAGES // 2 + 2)
    assert not told(model)
    await next_process(MIN_NEW_MESSAGES + 4)
    assert told(model)
    assert summaries(model)[-1].startswith(f"Until then: {SUMMARY}\n")
    [kept] = shelf.kept.values()
    assert (kept.at, kept.expires_at) == (history[0].at, history[-5].at.timestamp())
    asked = len(summaries(model))
    shelf.away = True
    await next_process(MIN_NEW_MESSAGES + 4)
    assert not told(model)
    assert len(summaries(model)) == asked, "what is known already is not asked for again"


async def test_a_long_talk_has_several(model: ModelServer, engine: OpenAIEngine):
    lines = talk(MIN_NEW_MESSAGES)
    earlier = [replace(line, at=line.at - LONGEST_SUMMED * 2) for line in lines]
    await turn(engine, (*earlier, *lines[-4:]))
    await turn(engine, (*earlier, *lines))
    assert not summaries(model)[1].startswith("Until then")
    await turn(engine, (*earlier, *lines))
    assert model.chats[-1].body["messages"][0]["content"].count(SUMMARY) == 2


async def test_forget(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    engine.forget(70)
    await listen(engine, request(history=history))
    assert not told(model)


@pytest.mark.parametrize(("who", "known"), [(AKI, False), (BEN, False), (7777, True)], ids=["said", "asked", "nobody"])
async def test_who_is_forgotten_is_in_no_summary(model: ModelServer, engine: OpenAIEngine, who: int, known: bool):
    history = tuple(
        replace(line, asked_by=(BEN,) * (line.role == "assistant")) for line in talk(MIN_NEW_MESSAGES // 2 + 2)
    )
    await turn(engine, history)
    engine.forget_person(who)
    await listen(engine, request(history=history))
    assert told(model) is known


async def test_other_channels_never_learn(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    asked = request(history=history)
    await listen(engine, replace(asked, turn=replace(asked.turn, channel_id=71)))
    assert not told(model)


async def test_a_fault_costs_nothing_but_the_summary(model: ModelServer, engine: OpenAIEngine):
    spoken = Speak.clip("bot-heard")
    broken = FAULTS["server error"]()
    model.default = lambda asked: broken if asked.body["model"] == "gpt-5-mini" else spoken
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    await turn(engine, history)
    assert len(summaries(model)) == 2
    assert not told(model)
