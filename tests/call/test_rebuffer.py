"""How a slow server's answer sounds, in virtual time: ticks of 20 ms."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from bot.audio import SPEAK_RATE, dbfs, seconds
from bot.call.rebuffer import Rebuffer, quiet_place
from sandbox import clips

TICK_SECONDS = 0.02
SPEECH = clips.load("bot-moon", SPEAK_RATE) * 2


@dataclass
class Heard:
    sound: bytes = b""
    began_at: float = 0.0
    pauses: list[int] = field(default_factory=list)
    "bytes of the sound before each"
    over_at: float = 0.0


def listen(speed: float, piece: float, burst: float = 0.0) -> Heard:
    """Let SPEECH arrive in pieces at `speed`, or in bursts of `burst` seconds, and play it as it comes out."""
    size = int(piece * SPEAK_RATE) * 2
    starts = range(0, len(SPEECH), size)
    times = [(at / 48_000 // burst * burst if burst else at / 48_000) / speed for at in starts]
    heard, rebuffer = Heard(began_at=-1.0), Rebuffer()
    now = played = 0.0
    arrived, silent = 0, False
    while now < 120:
        while arrived < len(times) and times[arrived] <= now + 1e-9:
            part = SPEECH[starts[arrived] : starts[arrived] + size]
            rebuffer.note(seconds(part, SPEAK_RATE), now)
            rebuffer.feed(part)
            arrived += 1
        heard.sound += rebuffer.take(played, last=arrived == len(times))
        if seconds(heard.sound, SPEAK_RATE) > played + 1e-6:
            heard.began_at = now if heard.began_at < 0 else heard.began_at
            played = min(seconds(heard.sound, SPEAK_RATE), played + TICK_SECONDS)
            silent = False
        elif arrived == len(times):
            break
        elif not silent:
            silent = True
            heard.pauses.append(len(heard.sound))
        now += TICK_SECONDS
    heard.over_at = now
    return heard


@pytest.mark.parametrize("piece", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("speed", [0.5, 0.6, 0.7, 0.8])
def test_a_slow_server_pauses_at_most_once_in_3_seconds(speed: float, piece: float):
    heard = listen(speed, piece)
    assert heard.sound == SPEECH
    assert heard.began_at == 0.0
    assert len(heard.pauses) <= heard.over_at / 3
    assert heard.over_at < seconds(SPEECH, SPEAK_RATE) / speed + 2.5


@pytest.mark.parametrize("piece", [0.1, 0.2])
@pytest.mark.parametrize("speed", [1.05, 1.2, 4.0])
def test_a_server_that_keeps_up_is_left_alone(speed: float, piece: float):
    heard = listen(speed, piece)
    assert (heard.sound, heard.pauses) == (SPEECH, [])
    assert heard.over_at == pytest.approx(seconds(SPEECH, SPEAK_RATE), abs=0.1)


def test_fast_bursts_are_left_alone():
    assert listen(1.5, 0.2, burst=2.0).pauses == []


@pytest.mark.parametrize("burst", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("speed", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_slow_bursts_become_few_pauses(speed: float, burst: float):
    heard = listen(speed, 0.2, burst)
    assert heard.sound == SPEECH
    assert heard.began_at == 0.0
    assert len(heard.pauses) <= heard.over_at / 3


@pytest.mark.parametrize("burst", [1.0, 2.0])
def test_bursts_that_keep_up_are_left_alone(burst: float):
    assert listen(1.1, 0.2, burst).pauses == []


def test_pauses_are_at_quiet_places():
    heard = listen(0.7, 0.2)
    levels = [dbfs(SPEECH[max(0, at - 960) : at + 960]) for at in heard.pauses[1:]]
    assert np.median(levels) < dbfs(SPEECH) - 10


def test_sound_without_a_quiet_place_is_passed_whole():
    assert quiet_place(b"\0\x10" * 4800) == 9600
    assert quiet_place(b"\0\x10") == 2


def test_a_tool_between_two_stretches_is_not_the_servers_slowness():
    rebuffer = Rebuffer()
    first, second = SPEECH[:48_000], SPEECH[48_000:52_800]
    rebuffer.note(0.5, 0.0)
    rebuffer.note(0.5, 3.0)
    rebuffer.feed(first)
    assert rebuffer.take(0.0) == first
    rebuffer.note(0.1, 9.0, 1)
    rebuffer.feed(second)
    assert rebuffer.take(1.0) == second
