"""What a model thinks is not what it says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.answer_text import AnswerText

CASES = {
    "none": ("It is 3 < 4, and [so] on.", "It is 3 < 4, and [so] on."),
    "think": ("<think>Hm.\nWell.</think>\n\nYes.", "Yes."),
    "thinking, in capitals": ("<Thinking>Hm.</THINKING> Yes.", "Yes."),
    "two thoughts": ("<think>a</think>Yes,<think>b</think> and no.", "Yes,and no."),
    "not ended": ("Yes. <think>Or is it", "Yes. "),
    "not begun": ("They ask me.\n</think>\n\nYes.", "Yes."),
    "nothing else": ("<think>Hm.</think>", ""),
    "square brackets": ("[THINK]Hm.[/THINK]Yes.", "Yes."),
    "channels": (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
        "Yes.",
    ),
    "channels with a tool": ("<|channel|>commentary to=f <|constrain|>json<|message|>{}<|call|>Yes.", "Yes."),
    "markup of the answer": ("Use <b>bold</b> or a < b.", "Use <b>bold</b> or a < b."),
    "an open mark at the end": ("Is 3 <", "Is 3 <"),
    "spaces": ("< think >Hm.</ think >Yes.", "Yes."),
    "Seed": ("<seed:think>Hm.</seed:think>Yes.", "Yes."),
    "Kimi": ("◁think▷Hm.◁/think▷Yes.", "Yes."),
    "Gemma": ("<|channel>thought\nHm.<channel|>Yes.", "Yes."),
    "Granite": ("<think>Hm.</think><response>Yes.</response>", "Yes."),
    "an answer about markup": ("Write <answer>x</answer>.", "Write <answer>x</answer>."),
    "Japanese": ("<think>考え中</think>はい。", "はい。"),
}


def said(*parts: str) -> str:
    words = AnswerText()
    for part in parts:
        words.feed("content", part)
    words.end()
    return words.text


@pytest.mark.parametrize(("text", "answer"), CASES.values(), ids=CASES)
def test_thoughts_are_taken_out(text: str, answer: str):
    assert said(text) == answer
    assert said(*text) == answer, "letter by letter"


@given(case=st.sampled_from(sorted(CASES)), cuts=st.lists(st.integers(0, 120)))
def test_the_stream_may_cut_them_anywhere(case: str, cuts: list[int]):
    text, answer = CASES[case]
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    assert said(*(text[a:b] for a, b in itertools.pairwise(places))) == answer


@pytest.mark.parametrize(("text", "answer"), CASES.values(), ids=CASES)
def test_where_thoughts_may_come_first_the_answer_is_the_same_and_none_of_them_is_passed_on(text: str, answer: str):
    words = AnswerText(thinks_first=True)
    passed = [words.feed("content", letter) for letter in text]
    passed.append(words.end())
    assert words.text == "".join(passed) == answer


@given(st.text("<>[]/|thinkTHINK \n", max_size=300))
def test_nothing_without_marks_is_lost(text: str):
    words = AnswerText()
    words.feed("content", text)
    words.end()
    assert len(words.text) <= len(text)


def test_endless_marks_end():
    assert said("<think>a</think>" * 20_000).count("a") < 20_000
