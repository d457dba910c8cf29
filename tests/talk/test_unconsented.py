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


Span = tuple[float, float]


def held(unconsented: Unconsented, begin: float, voice: Span, *packets: Span) -> list[float]:
    """Let 8 s pass; return when the person held the floor. Times count from `begin`."""
    times: list[float] = []
    for tick in range(round(8 / TICK)):
        at = tick * TICK
        talking = {7} if any(start <= at < end for start, end in packets) else set[int]()
        unconsented.step(begin + at, talking, begin + voice[0] if voice[0] <= at < voice[1] else None)
        if unconsented.holding:
            times.append(at)
    return times


def test_who_returns_the_bots_voice_holds_the_floor_only_once() -> None:
    unconsented = Unconsented(Counter())
    assert held(unconsented, 0, (1.0, 1.4), (1.2, 1.9)), "nobody knows yet: the bot yields"
    assert not held(unconsented, 8, (1.0, 4.0), (1.2, 4.5))
    assert not held(unconsented, 16, (1.0, 6.0), (1.2, 2.0), (2.6, 4.5), (5.0, 6.7)), "a canceller makes holes"


def test_who_returns_it_may_still_speak() -> None:
    unconsented = Unconsented(Counter())
    held(unconsented, 0, (1.0, 1.4), (1.2, 1.9))
    assert held(unconsented, 8, (20.0, 20.0), (3.0, 4.0)), "while the bot is silent"
    outlasting = held(unconsented, 16, (1.0, 3.0), (1.2, 6.0))
    assert outlasting
    assert 3.0 <= outlasting[0] <= 4.1, "what outlasts the bot's voice is no echo"
    assert held(unconsented, 24, (1.0, 3.0), (1.2, 2.0)), "and from then on it is somebody who speaks"


def test_who_speaks_over_the_bot_and_goes_on_is_no_echo() -> None:
    unconsented = Unconsented(Counter())
    held(unconsented, 0, (1.0, 1.4), (1.2, 4.0))
    held(unconsented, 8, (1.0, 6.0), (1.5, 2.5))
    assert held(unconsented, 16, (1.0, 4.0), (1.2, 4.5))
