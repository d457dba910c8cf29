from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.history_window import HistoryWindow, choose, exchanges
from bot.types import Message

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def history(shape: str, *, step: float = 10, text: str = "word " * 8) -> list[Message]:
    """Read `u` as a person's message, `a` as an answer, `.` as a pause of 100 s; the last is `step` seconds old."""
    at = NOW - timedelta(seconds=sum(100 if letter == "." else step for letter in shape))
    found = []
    for letter in shape:
        if letter != ".":
            found.append(Message("user" if letter == "u" else "assistant", 1, "Aki", text, at))
        at += timedelta(seconds=100 if letter == "." else step)
    return found


def drawn(found: list[list[Message]]) -> str:
    return " ".join("".join("u" if message.role == "user" else "a" for message in one) for one in found)


@pytest.mark.parametrize(
    ("shape", "split"),
    [
        ("", ""),
        ("uaua", "ua ua"),
        ("uuua", "uuua"),
        ("uaaua", "uaa ua"),
        ("aua", "a ua"),
        ("uu.u.ua", "uu u ua"),
        ("u.a", "ua"),
        ("uauu", "ua uu"),
    ],
)
def test_exchanges(shape: str, split: str):
    assert drawn(exchanges(history(shape))) == split


TEN = 14
"""Tokens of a message of `history`: eight words of five letters, and the frame."""


@pytest.mark.parametrize(
    ("shape", "window", "shown"),
    [
        ("uauaua", HistoryWindow(), "ua ua ua"),
        ("uauaua", HistoryWindow(tokens=4 * TEN), "ua ua"),
        ("uauaua", HistoryWindow(tokens=4 * TEN - 1), "ua"),
        ("uauuuuua", HistoryWindow(tokens=5 * TEN), ""),
        ("uauaua", HistoryWindow(exchanges=1), "ua"),
        ("uauaua", HistoryWindow(exchanges=0), ""),
        ("ua.ua", HistoryWindow(age=timedelta(seconds=90)), "ua"),
        ("ua.", HistoryWindow(age=timedelta(seconds=90)), ""),
        ("", HistoryWindow(), ""),
    ],
)
def test_choice_by_tokens_and_age_never_splits(shape: str, window: HistoryWindow, shown: str):
    past = history(shape)
    kept, fallen = choose(past, NOW, window)
    assert drawn(kept) == shown
    assert [*fallen, *(message for one in kept for message in one)] == past
