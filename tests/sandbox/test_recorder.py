"""The recording of what a person hears."""

import asyncio

import pytest

from bot.voice import opus
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.recorder import FRAME_SAMPLES, RTP_RATE, Recorder
from sandbox.voice.rtp import SILENCE

ANNA, SSRC = 1, 7
LIBRARY = opus.load()
COOK = clips.load("anna-cook", RTP_RATE)


def packets(pcm: bytes) -> list[bytes]:
    encoder = opus.OpusEncoder(LIBRARY, rate=RTP_RATE)
    return [
        encoder.encode(pcm[at : at + 2 * FRAME_SAMPLES])
        for at in range(0, len(pcm) - 2 * FRAME_SAMPLES + 1, 2 * FRAME_SAMPLES)
    ]


SPOKEN = packets(COOK)


@pytest.fixture
async def ears() -> Recorder:
    return Recorder(LIBRARY)


def play(ears: Recorder, order: list[int], *, at: float = 1.0, ssrc: int = SSRC, base: int = 65_500) -> None:
    """Let packets of COOK arrive in this order, each when its place in the order says."""
    for place, number in enumerate(order):
        ears.take(ANNA, ssrc, (base + number) % 0x10000, 960 * number, SPOKEN[number], ears.began + at + place * 0.02)


async def test_what_comes_out_of_order_is_put_right_across_the_wrap(ears: Recorder) -> None:
    order = list(range(len(SPOKEN)))
    for at in range(0, len(order) - 4, 7):
        order[at], order[at + 3] = order[at + 3], order[at]
    play(ears, order)
    assert len(ears.frames(ANNA)) == len(SPOKEN)
    assert correlation(COOK, ears.heard(ANNA), RTP_RATE) >= 0.99


async def test_doubled_packets_are_heard_once(ears: Recorder) -> None:
    play(ears, [0, 0, 1, 1, 0, 2])
    assert len(ears.frames(ANNA)) == 3


async def test_the_recording_has_its_own_time(ears: Recorder) -> None:
    play(ears, [0, 1, 2], at=1.0)
    assert len(ears.heard(ANNA)) == 2 * (RTP_RATE + 3 * FRAME_SAMPLES)
    assert len(ears.heard(ANNA, since=ears.began + 0.9)) == 2 * 3 * FRAME_SAMPLES
    assert len(ears.heard(ANNA, since=ears.began + 1.01)) == 2 * 2 * FRAME_SAMPLES


async def test_lost_frames_leave_a_gap_of_their_length(ears: Recorder) -> None:
    play(ears, [0, 1, 5, 6])
    assert len(ears.heard(ANNA, since=ears.began)) == 2 * 7 * FRAME_SAMPLES


@pytest.mark.parametrize(("pause", "frames"), [(0.1, 3 + 3), (1.0, 3 + 50 + 3)])
async def test_a_pause_that_rtp_time_does_not_count_is_seen_by_arrival(
    ears: Recorder, pause: float, frames: int
) -> None:
    """discord.py's clock stands still in a pause; up to 0.3 s it is taken for jitter."""
    play(ears, [0, 1], at=0.0)
    ears.take(ANNA, SSRC, 65_502, 960 * 2, SILENCE, ears.began + 0.04)
    play(ears, [3, 4, 5], at=0.06 + pause)
    assert len(ears.heard(ANNA)) == 2 * frames * FRAME_SAMPLES


async def test_what_is_late_in_mid_speech_is_only_late(ears: Recorder) -> None:
    play(ears, [0, 1, 2], at=0.0)
    play(ears, [3, 4, 5], at=2.0)
    assert len(ears.heard(ANNA)) == 2 * 6 * FRAME_SAMPLES


async def test_a_new_ssrc_goes_on_behind_the_old(ears: Recorder) -> None:
    play(ears, [0, 1, 2], at=0.0)
    play(ears, [0, 1, 2], at=1.0, ssrc=8, base=3)
    assert len(ears.frames(ANNA)) == 6
    assert len(ears.heard(ANNA)) == 2 * (RTP_RATE + 3 * FRAME_SAMPLES)


async def test_silence_frames_are_no_sound(ears: Recorder) -> None:
    for number in range(5):
        ears.take(ANNA, SSRC, number, 960 * number, SILENCE, ears.began + number * 0.02)
    assert ears.silences(ANNA) == 5
    assert not ears.frames(ANNA)
    assert ears.heard(ANNA) == b""
    assert ears.last_sound(ANNA) is None
    assert list(ears.users()) == []


async def test_waiting_for_sound_and_for_quiet(ears: Recorder) -> None:
    with pytest.raises(TimeoutError):
        await ears.wait_for(ANNA, 0.02, timeout=0.01)
    waiting = asyncio.create_task(ears.wait_for(ANNA, 0.06, timeout=60))
    await asyncio.sleep(0)
    play(ears, [0, 1, 2], at=0.0)
    await waiting
    await ears.quiet(ANNA, 0.05)
    with pytest.raises(TimeoutError):
        await ears.quiet(ANNA, 5.0, timeout=0.01)


async def test_it_can_be_forgotten_and_is_mixed(ears: Recorder) -> None:
    play(ears, [0, 1, 2], at=0.0)
    assert ears.mix() == ears.heard(ANNA)
    ears.forget()
    assert ears.mix() == b""


async def test_words_are_the_same_however_long_the_pauses_but_not_when_some_are_missing(ears: Recorder) -> None:
    """A sender that comes to a halt now and then sends silence, and goes on where it stood."""
    at, clock = 1.0, 0
    for number, packet in enumerate(SPOKEN):
        if number % 30 == 29:
            ears.take(ANNA, SSRC, number + number // 30, clock, SILENCE, ears.began + at)
            at, clock = at + 1.0, clock + 960
        ears.take(ANNA, SSRC, number + (number + 1) // 30, clock, packet, ears.began + at)
        at, clock = at + 0.02, clock + 960
    assert correlation(COOK, ears.heard(ANNA), RTP_RATE) < 0.9
    assert correlation(COOK, ears.words(ANNA), RTP_RATE) >= 0.99
    ears.forget()
    third = len(SPOKEN) // 3
    play(ears, [*range(third), *range(2 * third, len(SPOKEN))])
    assert correlation(COOK, ears.words(ANNA), RTP_RATE) < 0.9
