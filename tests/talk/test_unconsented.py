from collections import Counter

from bot.talk.unconsented import MAX_HOLD_SECONDS, Unconsented
from tests.talk.drawing import TICK


def test_an_open_microphone_lets_the_floor_go_and_is_counted() -> None:
    counts: Counter[str] = Counter()
    unconsented = Unconsented(counts)
    held = 0
    for tick in range(round(2 * MAX_HOLD_SECONDS / TICK)):
        unconsented.step(tick * TICK, {7})
        held += bool(unconsented.holding)
    assert abs(held * TICK - MAX_HOLD_SECONDS) < 2 * TICK
    assert counts == {"unconsented_released": 1}


def test_a_short_talk_is_not_counted() -> None:
    counts: Counter[str] = Counter()
    unconsented = Unconsented(counts)
    for tick in range(100):
        unconsented.step(tick * TICK, {7})
    assert unconsented.holding == {7: 0.0}
    assert not counts
