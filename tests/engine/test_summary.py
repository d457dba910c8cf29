import asyncio
from dataclasses import replace

import pytest

from bot.engine.history_window import HistoryWindow
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.summary import MIN_NEW_MESSAGES
from bot.types import Message, Usage
from sandbox.model.behaviour import Speak
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.conftest import MakeEngine
from tests.engine.listen import listen
from tests.engine.make import AKI, BEN, answered, request, said

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
def bills() -> list[tuple[int, str, Usage]]:
    return []


@pytest.fixture
def engine(make_engine: MakeEngine, bills: list[tuple[int, str, Usage]]) -> OpenAIEngine:
    return make_engine(text_model="gpt-5-mini", window=WINDOW, spent=lambda *bill: bills.append(bill))


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


async def test_what_falls_out_is_summed_up_for_the_next_turn(
    model: ModelServer, engine: OpenAIEngine, bills: list[tuple[int, str, Usage]]
):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    assert not told(model)
    assert summaries(model) == ["\n".join(
        line
        for number in range(MIN_NEW_MESSAGES // 2)
        for line in (f'"Aki": Question {number}', f'"Kikite": Answer {number}')
    )]  # fmt: skip
    [(channel, name, usage)] = bills
    assert (channel, name, usage.audio_out) == (70, "gpt-5-mini", 0)
    assert usage.text_in > 0
    await turn(engine, history)
    assert told(model)
    assert len(summaries(model)) == 1, "nothing new fell out"
    await turn(engine, talk(MIN_NEW_MESSAGES + 2)[:2] + history[2:] + talk(MIN_NEW_MESSAGES * 2)[len(history) :])


async def test_a_summary_goes_on_from_the_last(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES + 4)
    await turn(engine, history[: MIN_NEW_MESSAGES + 4])
    await turn(engine, history[: MIN_NEW_MESSAGES * 2 + 4])
    first, second = summaries(model)
    assert second.startswith(f"Until then: {SUMMARY}\n")
    assert not set(first.splitlines()) & set(second.splitlines())


@pytest.mark.parametrize(
    ("left", "known"),
    [
        (slice(None), True),
        (slice(2, None), True),
        (slice(MIN_NEW_MESSAGES, None), False),
        (slice(0, 0), False),
    ],
)
async def test_it_lives_while_its_messages_do(model: ModelServer, engine: OpenAIEngine, left: slice, known: bool):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    await turn(engine, history[left])
    assert told(model) is known


async def test_forgetting_one_line_forgets_the_summary(model: ModelServer, engine: OpenAIEngine):
    history = talk(MIN_NEW_MESSAGES // 2 + 2)
    await turn(engine, history)
    await turn(engine, history[:3] + history[4:])
    assert not told(model)


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
