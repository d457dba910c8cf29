"""What was paid and not told is kept for a while, within bounds, as long as all it rests on is."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.jobs.untold import MAX_UNTOLD_BYTES, UNTOLD_LIFETIME_SECONDS, UntoldWork
from bot.types import Message

ANNA, BEN = 1, 2
LINE = Message("user", ANNA, "Anna", "words", datetime(2026, 12, 1, tzinfo=UTC))


def test_it_is_kept_until_it_is_told_or_old() -> None:
    now = 0.0
    kept = UntoldWork(lambda: now)
    kept.keep("never begun", "words", 5)
    assert kept.find("never begun", str) is None
    kept.begin("key", {ANNA})
    assert kept.find("key", str) is None
    kept.keep("key", "words", 5)
    assert kept.find("key", str) == "words"
    assert kept.find("key", bytes) is None
    kept.told("key")
    assert kept.find("key", str) is None
    kept.begin("key", {ANNA})
    now = UNTOLD_LIFETIME_SECONDS - 1
    kept.keep("key", "words", 5)
    now += UNTOLD_LIFETIME_SECONDS - 1
    assert kept.find("key", str) == "words"
    now += 2
    assert kept.find("key", str) is None


def test_the_oldest_make_room_and_what_is_in_the_making_does_not() -> None:
    kept = UntoldWork()
    kept.begin("making", {ANNA})
    for number in range(4):
        kept.begin(str(number), {ANNA})
        kept.keep(str(number), "words", MAX_UNTOLD_BYTES // 3)
    assert [kept.find(str(number), str) for number in range(4)] == [None, "words", "words", "words"]
    kept.keep("making", "words", 1)
    assert kept.find("making", str) == "words"


@pytest.mark.parametrize(
    ("delete", "left"),
    [
        (lambda kept: kept.forget_person(ANNA), {"Ben's recording"}),
        (lambda kept: kept.withdraw(5, ANNA), {"Ben's recording", "talk"}),
        (lambda kept: kept.forget_person(9), {"Anna's recording", "Ben's recording"}),
        (lambda kept: kept.clear_channel(7), {"Anna's recording", "Ben's recording"}),
        (lambda kept: kept.drop_lines(7, {LINE.id}), {"Anna's recording", "Ben's recording"}),
        (lambda kept: kept.correct(7, LINE, LINE), {"Anna's recording", "Ben's recording"}),
    ],
    ids=["forget", "withdraw", "forget another", "clear", "drop", "correct"],
)
@pytest.mark.parametrize("made", [True, False], ids=["made", "in the making"])
def test_it_goes_with_what_it_rests_on(made: bool, delete: Callable[[UntoldWork], object], left: set[str]) -> None:
    kept = UntoldWork()
    rests = {"Anna's recording": (ANNA, False), "Ben's recording": (BEN, False), "talk": (BEN, True)}
    for key, (person, talk) in rests.items():
        kept.begin(key, {person}, talk=talk)
        if made:
            kept.keep(key, "words", 5)
    delete(kept)
    for key in rests:
        kept.keep(key, "words", 5)
    assert {key for key in rests if kept.find(key, str)} == left
