"""Calls of tools in the text of an answer are calls, wherever the stream cuts them; what is none stays text."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.answer_text import AnswerText
from bot.engine.client import build_client
from bot.engine.stream import Assembly, StreamResult
from bot.engine.text_and_speech import OpenAITextAndSpeech
from bot.engine.written_calls import MAX_WRITTEN_CALL_CHARACTERS
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer

CLOCK = '<tool_call>\n{"name": "clock", "arguments": {"zone": "UTC"}}\n</tool_call>'
CASES: dict[str, tuple[str, str, list[str]]] = {
    "one": (CLOCK, "", ["clock"]),
    "after words and a thought": (f"<think>Hm.</think>Let me look.\n{CLOCK}", "Let me look.\n", ["clock"]),
    "two": (f"{CLOCK}\n{CLOCK.replace('clock', 'recall')}", "", ["clock", "recall"]),
    "without its end": (CLOCK.removesuffix("</tool_call>"), "", ["clock"]),
    "parameters": ('<function_call>{"name": "f", "parameters": {}}</function_call>', "", ["f"]),
    "marks in its arguments": (CLOCK.replace("UTC", "<b>UTC</b>"), "", ["clock"]),
    "an answer about markup": (
        "Write <tool_call>x</tool_call>, then y.",
        "Write <tool_call>x</tool_call>, then y.",
        [],
    ),
    "no name": ("<tool_call>[1]</tool_call>", "<tool_call>[1]</tool_call>", []),
    "the beginning of a mark": ("Is 3 <tool", "Is 3 <tool", []),
    "not ended, and no call": ("See <tool_call>{", "See <tool_call>{", []),
    "in a thought": (f"I could do {CLOCK}.</think>Yes.", "Yes.", []),
}


def read(*parts: str) -> tuple[str, list[str]]:
    words = AnswerText(calls=True)
    for part in parts:
        words.feed("content", part)
    words.end()
    return words.text, [call["function"]["name"] for call in words.calls]


@pytest.mark.parametrize(("text", "answer", "calls"), CASES.values(), ids=CASES)
def test_calls_are_taken_out(text: str, answer: str, calls: list[str]) -> None:
    assert read(text) == (answer, calls)
    assert read(*text) == (answer, calls), "letter by letter"


@given(case=st.sampled_from(sorted(CASES)), cuts=st.lists(st.integers(0, 120)))
def test_the_stream_may_cut_them_anywhere(case: str, cuts: list[int]) -> None:
    text, answer, calls = CASES[case]
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    assert read(*(text[a:b] for a, b in itertools.pairwise(places))) == (answer, calls)


def test_an_endless_one_is_text() -> None:
    text = "<tool_call>" + "x" * (MAX_WRITTEN_CALL_CHARACTERS + 1)
    assert read(text) == (text, [])


@pytest.mark.timeout(60)  # it took longer than anybody waits
def test_a_run_of_blank_lines_in_one_costs_little() -> None:
    for text in ("<tool_call>{" + "\n" * 12_000, "<tool_call>" + "\n" * 12_000 + "{"):
        assert read(*text) == (text, [])


def chunk(**choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, **choice}]}


def test_an_answer_that_writes_a_call_goes_on_with_its_result() -> None:
    assembly = Assembly(written_calls=True)
    events = [event for part in (CLOCK[:30], CLOCK[30:]) for event in assembly.feed(chunk(delta={"content": part}))]
    events += [*assembly.feed(chunk(delta={}, finish_reason="stop")), *assembly.end()]
    assert not events
    assert assembly.outcome(text_only=True) is StreamResult.CALLS
    [call] = assembly.pieces.calls
    assert (call.name, call.arguments) == ("clock", '{"zone": "UTC"}')


def test_calls_that_the_server_parts_count_alone() -> None:
    assembly = Assembly(written_calls=True)
    parted = [{"index": 0, "id": "1", "function": {"name": "recall", "arguments": "{}"}}]
    for delta in ({"content": CLOCK}, {"tool_calls": parted}):
        list(assembly.feed(chunk(delta=delta)))
    list(assembly.end())
    assert [call.name for call in assembly.pieces.calls] == ["recall"]


async def test_where_no_tools_are_offered_a_call_is_quoted(model: ModelServer) -> None:
    """As in a text about them that is summed up, or read aloud."""
    quoted = f"Like this: {CLOCK} is how."
    model.script(Speak(quoted))
    async with build_client(model.key, model.base_url) as client:
        writer = OpenAITextAndSpeech(client, model="gpt-audio-1.5", text_model="gpt-5-mini")
        made = await writer.write("Sum it up.", "How does a model call tools?", lambda *_: None)
    assert (made.text, made.complete, len(model.chats)) == (quoted, True, 1)
