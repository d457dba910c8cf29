"""Whatever the network does to packets, a frame stays where its maker's clock puts it."""

import numpy as np
import pytest

from bot.audio import HEAR_BYTES, RTP_STEP
from bot.talk.heard_sound import MAX_LATE_TICKS, HeardSound
from bot.types import Frame

START = 1_000
"""Number of the tick in which a person's RTP time is 0."""


def frame(number: int) -> Frame:
    """Return a frame that says its number."""
    return Frame(1, number * RTP_STEP, np.full(HEAR_BYTES // 2, number, "<i2").tobytes(), False)


def send(heard: HeardSound, tick: int, *numbers: int) -> list[int]:
    """Let frames arrive in a tick; return where they are placed."""
    heard.place([frame(number) for number in numbers], START + tick)
    return [heard.add(frame(number)) - START for number in numbers]


def test_a_stall_and_a_slow_recovery_move_nothing() -> None:
    heard = HeardSound(100)
    for tick in range(20):
        assert send(heard, tick, tick) == [tick]
    waiting = list(range(20, 44))
    for tick in range(44, 70):
        waiting.append(tick)
        arrived, waiting = waiting[:2], waiting[2:]
        if arrived:
            assert send(heard, tick, *arrived) == arrived
    window = heard.window(heard.end, 60) * 32768
    assert np.diff(window[::160]).tolist() == pytest.approx([1.0] * 59)


def test_who_was_late_at_first_is_placed_by_what_came_in_time() -> None:
    heard = HeardSound(100)
    assert send(heard, 30, 0) == [30]
    assert heard.place([frame(35)], START + 35) == -30
    assert heard.add(frame(35)) == START + 35
    window = heard.window(START + 36, 36) * 32768
    assert window[-1] == pytest.approx(35), "what came before moved along"


def test_a_pause_in_which_rtp_time_stood_still_begins_anew() -> None:
    heard = HeardSound(100)
    assert send(heard, 0, 0) == [0]
    assert send(heard, 80, 1) == [80]
    assert send(heard, 81, 2) == [81]


def test_a_clock_that_runs_slower_is_followed() -> None:
    heard = HeardSound(100)
    placed = 0
    for number in range(4_000):
        tick = number + number // 200  # 0.5 % slower
        [placed] = send(heard, tick, number)
        assert tick - placed <= 10 + MAX_LATE_TICKS // 200 + 1
    assert placed > 4_000
