"""Lines of the transcript as text."""

from decimal import Decimal

import pytest

from bot.chat import lines
from bot.types import Spoken
from tests.chat.quiet_bot import shipped

EN = shipped().of("en-GB")
JA = shipped().of("ja")


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        ("0", "$0.000"),
        ("0.0004", "< $0.001"),
        ("0.0041", "$0.004"),
        ("0.25", "$0.250"),
        ("1.239", "$1.24"),
        (None, "cost unknown"),
    ],
)
def test_money(cost: str | None, shown: str) -> None:
    assert lines.money(Decimal(cost) if cost else None, EN) == shown


@pytest.mark.parametrize(
    ("spoken", "shown"),
    [
        (Spoken(1, "Hi.", 4.2, Decimal("0.004")), "**Kiki** Hi.\n-# 4.2 s · $0.004"),
        (Spoken(1, "Hi.", 4.2, Decimal("0.004"), estimated=True), "**Kiki** Hi.\n-# 4.2 s · ≈ $0.004"),
        (Spoken(1, "Hi.", 4.2, Decimal("0.02"), tokens=1340), "**Kiki** Hi.\n-# 4.2 s · 1,340 tokens · $0.020"),
        (
            Spoken(1, "Hi.", 4.2, Decimal("0.02"), estimated=True, tokens=90),
            "**Kiki** Hi.\n-# 4.2 s · ≈ 90 tokens · ≈ $0.020",
        ),
        (Spoken(1, "Hi", 1.0, None, interrupted=True), "**Kiki** Hi —\n-# 1.0 s · cost unknown · interrupted"),
        (Spoken(1, "Hi", 1.0, Decimal("0.000")), "**Kiki** Hi\n-# 1.0 s"),
        (Spoken(1, "*Hi*", 0.0, Decimal(1), spoken=False), "**Kiki** \\*Hi\\*\n-# text only · $1.00"),
    ],
)
def test_said(spoken: Spoken, shown: str) -> None:
    assert lines.said("Kiki", spoken, EN) == shown


def test_said_in_japanese() -> None:
    spoken = Spoken(1, "はい", 1.0, Decimal("0.01"), interrupted=True, tokens=1340)
    assert lines.said("聞き手", spoken, JA) == "**聞き手** はい —\n-# 1.0秒 · 1,340トークン · $0.010 · 中断"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("Short.", ["Short."]),
        ("One two. Three.", ["One two.", "Three."]),
        ("aaaaaaaaaaaaaa", ["aaaaaaaaaa", "aaaa"]),
        ("aaaaaa bbbbbb", ["aaaaaa", "bbbbbb"]),
        ("いいですね。そうです。", ["いいですね。", "そうです。"]),
        ("aaaaaaaaa\\*b", ["aaaaaaaaa", "\\*b"]),
        ("a 3.14159 bcd", ["a 3.14159", "bcd"]),
    ],
)
def test_split_at_ten(text: str, parts: list[str]) -> None:
    assert lines.split(text, 10) == parts


def test_long_words_become_messages_with_nothing_lost() -> None:
    words = " ".join(f"This is sentence number {number}." for number in range(200))
    parts = lines.split(lines.heard("Ada", words))
    assert " ".join(parts) == f"**Ada** {words}"
    assert all(len(part) <= lines.MAX_MESSAGE_CHARACTERS and part.endswith(".") for part in parts)
