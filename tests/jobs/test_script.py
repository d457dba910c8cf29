"""A script is parsed from the forms that models write."""

import pytest

from bot.jobs.script import MAX_PIECE_CHARACTERS, ScriptPiece, cut, parse


@pytest.mark.parametrize(
    ("answer", "title", "said"),
    [
        ("# Tides\nA: Hello.\nB: Why?\nA: So.", "Tides", [(0, "Hello."), (1, "Why?"), (0, "So.")]),
        ("## *Tides* ##\n**A:** Hello.\n\n**B**: Why?", "Tides", [(0, "Hello."), (1, "Why?")]),
        ("A: Hello.\nand more.\nA: And on.", "3", [(0, "Hello. and more. And on.")]),
        ("```\n# T\nSpeaker A: Hello.\n```", "T", [(0, "Hello.")]),
        ("# T\nA： こんにちは。\nB：なぜ？", "T", [(0, "こんにちは。"), (1, "なぜ？")]),
        ("Nobody named.", "3", [(0, "Nobody named.")]),
        ("# T\nA:\nB: `Only` *this* #1", "T", [(1, "Only this 1")]),
    ],
)
def test_what_is_said(answer: str, title: str, said: list[tuple[int, str]]) -> None:
    chapter = parse(answer, 3, 2)
    assert chapter.title == title
    assert list(chapter.pieces) == [ScriptPiece(*piece) for piece in said]


def test_one_voice_says_all() -> None:
    assert {piece.speaker for piece in parse("A: Hello.\nB: Why?", 1, 1).pieces} == {0}


@pytest.mark.parametrize("answer", ["", "# Title only", "\n---\n"])
def test_nobody_says_anything(answer: str) -> None:
    with pytest.raises(ValueError, match="nobody"):
        parse(answer, 1, 2)


@pytest.mark.parametrize("stop", [".", "।", "؟", "…"])
def test_long_speeches_are_cut_after_sentences(stop: str) -> None:
    text = " ".join(f"This is sentence number {number}{stop}" for number in range(100))
    pieces = cut(text, MAX_PIECE_CHARACTERS)
    assert " ".join(pieces) == text
    assert all(len(piece) <= MAX_PIECE_CHARACTERS and piece.endswith(stop) for piece in pieces)
    assert all(len(piece) <= 50 for piece in cut("x" * 120 + " " + "文" * 120, 50))
