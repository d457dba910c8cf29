"""Playback with an encoder that changes nothing, so that a packet *is* the sound it carries."""

import asyncio

import numpy as np
import pytest

from bot.audio import SPEAK_BYTES, SPEAK_RATE
from bot.types import Playout
from bot.voice import opus
from bot.voice.opus import OPUS_SILENCE
from bot.voice.send.playback import (
    DUCKED_GAIN,
    MAX_AHEAD_PACKETS,
    MAX_PLAYBACK_BYTES,
    TAIL_FRAMES,
    OpusPlayback,
)


class Plain:
    """Encodes a frame as itself and counts."""

    encoded = 0

    def encode(self, pcm: bytes, /) -> bytes:
        assert len(pcm) == SPEAK_BYTES
        self.encoded += 1
        return pcm

    def reset(self) -> None: ...


def tone(frames: float, value: int = 10_000) -> bytes:
    return np.full(int(frames * SPEAK_BYTES / 2), value, dtype="<i2").tobytes()


def level(packet: bytes) -> tuple[int, int]:
    """Return the first and the last sample."""
    samples = np.frombuffer(packet, dtype="<i2")
    return int(samples[0]), int(samples[-1])


def drain(playback: OpusPlayback, limit: int = 10_000) -> list[bytes]:
    """Play as the pacer and the tick do, in turn, until there is nothing to send."""
    packets = []
    while len(packets) < limit:
        packet = playback.take()
        if packet is None:
            break
        packets.append(packet)
        playback.pump()
    return packets


@pytest.fixture
def playback() -> OpusPlayback:
    return OpusPlayback(Plain())


def test_nothing_goes_out_before_anything_was_fed(playback: OpusPlayback) -> None:
    playback.pump()
    assert playback.take() is None
    assert not playback.sounding


def test_the_first_packet_is_ready_when_feed_returns() -> None:
    told: list[bool] = []
    playback = OpusPlayback(Plain(), lambda: told.append(True))
    playback.feed(tone(1))
    assert told == [True]
    assert playback.take() == tone(1)


def test_what_was_fed_comes_out_followed_by_five_silence_frames(playback: OpusPlayback) -> None:
    sound = np.arange(50 * SPEAK_BYTES // 2, dtype="<i2").tobytes()
    playback.feed(sound)
    playback.finish()
    packets = drain(playback)
    assert b"".join(packets[:-TAIL_FRAMES]) == sound
    assert packets[-TAIL_FRAMES:] == [OPUS_SILENCE] * TAIL_FRAMES
    assert playback.cut() == Playout(1.0, 1.0, interrupted=False)


@pytest.mark.parametrize("piece", [1, 7, 959, 960, 961, 5000])
def test_pieces_of_any_length_join_without_a_seam(playback: OpusPlayback, piece: int) -> None:
    sound = np.arange(10 * SPEAK_BYTES // 2, dtype="<i2").tobytes()
    for at in range(0, len(sound), piece):
        playback.feed(sound[at : at + piece])
    playback.finish()
    assert b"".join(drain(playback)[:-TAIL_FRAMES]) == sound


@pytest.mark.parametrize(
    ("fed", "frames", "seconds"),
    [(960, 1, 0.02), (961, 1, 0.02), (962, 2, 962 / 48_000), (500, 1, 500 / 48_000), (1, 0, 0.0), (0, 0, 0.0)],
    ids=["a frame", "an odd byte more", "a sample more", "half a frame", "a byte", "nothing"],
)
def test_the_end_is_padded_but_only_the_reply_counts(
    playback: OpusPlayback, fed: int, frames: int, seconds: float
) -> None:
    playback.feed(tone(2)[:fed])
    playback.finish()
    packets = drain(playback)
    assert len(packets) == (frames + TAIL_FRAMES if frames else 0)
    assert playback.cut() == Playout(seconds, seconds, interrupted=False)


def test_only_400_ms_are_encoded_ahead(playback: OpusPlayback) -> None:
    playback.feed(tone(200))
    for _ in range(100):
        playback.pump()
    ready = 0
    while playback.take() not in (None, OPUS_SILENCE):
        ready += 1
    assert ready == MAX_AHEAD_PACKETS


def test_a_late_reply_is_silence_then_nothing_and_goes_on(playback: OpusPlayback) -> None:
    playback.feed(tone(1))
    assert drain(playback) == [tone(1)] + [OPUS_SILENCE] * TAIL_FRAMES
    assert playback.underruns == TAIL_FRAMES
    playback.feed(tone(1, 5))
    playback.finish()
    assert drain(playback) == [tone(1, 5)] + [OPUS_SILENCE] * TAIL_FRAMES
    assert playback.underruns == TAIL_FRAMES
    assert playback.played == pytest.approx(0.04)


def test_the_end_is_no_underrun(playback: OpusPlayback) -> None:
    playback.feed(tone(3))
    playback.finish()
    drain(playback)
    assert playback.underruns == 0


@pytest.mark.parametrize("sent", [1, 10])
def test_a_duck_reaches_the_next_packet_and_ramps(playback: OpusPlayback, sent: int) -> None:
    playback.feed(tone(40))
    for _ in range(10):
        playback.pump()
    for _ in range(sent):
        playback.take()
    playback.duck()
    first, second, third = playback.take(), playback.take(), playback.take()
    assert first
    assert second
    assert third
    assert level(first) == (10_000, 5_000)
    assert level(second) == (5_000, round(10_000 * DUCKED_GAIN))
    assert level(third) == (round(10_000 * DUCKED_GAIN),) * 2


def test_resume_brings_the_level_back_and_loses_nothing(playback: OpusPlayback) -> None:
    playback.feed(tone(40))
    playback.finish()
    for _ in range(10):
        playback.pump()
    before = [playback.take() for _ in range(5)]
    playback.duck()
    ducked = [playback.take() for _ in range(5)]
    playback.resume()
    after = drain(playback)
    assert len(before) + len(ducked) + len(after) == 40 + TAIL_FRAMES
    assert level(after[1])[1] == 10_000
    assert after[2:-TAIL_FRAMES] == [tone(1)] * len(after[2:-TAIL_FRAMES])
    assert playback.cut() == Playout(0.8, 0.8, interrupted=False)


def test_a_reply_that_is_ducked_before_it_begins_begins_quietly(playback: OpusPlayback) -> None:
    playback.feed(tone(2))
    playback.duck()
    first = playback.take()
    assert first
    assert level(first) == (round(10_000 * DUCKED_GAIN),) * 2


@pytest.mark.parametrize("change", ["duck", "resume"])
def test_the_same_level_twice_costs_nothing(change: str) -> None:
    encoder = Plain()
    playback = OpusPlayback(encoder)
    playback.feed(tone(5))
    if change == "duck":
        playback.duck()
    encoded = encoder.encoded
    getattr(playback, change)()
    assert encoder.encoded == encoded


def test_a_cut_fades_within_a_frame_and_then_is_silent(playback: OpusPlayback) -> None:
    playback.feed(tone(100))
    for _ in range(10):
        playback.take()
        playback.pump()
    playout = playback.cut()
    assert playout == Playout(0.2, 2.0, interrupted=True)
    packets = drain(playback)
    assert level(packets[0]) == (10_000, 0)
    assert packets[1:] == [OPUS_SILENCE] * TAIL_FRAMES
    assert playback.over
    assert playback.cut() == playout
    playback.feed(tone(1))
    assert playback.take() is None


def test_a_cut_before_the_first_packet_makes_no_sound(playback: OpusPlayback) -> None:
    playback.feed(tone(100))
    assert playback.cut() == Playout(0.0, 2.0, interrupted=True)
    assert playback.take() is None


def test_a_cut_after_the_last_packet_interrupts_nothing(playback: OpusPlayback) -> None:
    playback.feed(tone(2))
    playback.finish()
    playback.take()
    playback.take()
    assert playback.cut() == Playout(0.04, 0.04, interrupted=False)


def test_a_cue_plays_and_does_not_count(playback: OpusPlayback) -> None:
    playback.cue(tone(2.5))
    packets = drain(playback)
    assert packets[:2] == [tone(1)] * 2
    assert packets[2] == tone(0.5).ljust(SPEAK_BYTES, b"\0")
    assert packets[3:] == [OPUS_SILENCE] * TAIL_FRAMES
    assert playback.played == 0
    assert playback.underruns == 0


def test_a_reply_ends_the_cue_within_a_frame_at_full_level(playback: OpusPlayback) -> None:
    playback.cue(tone(50))
    playback.take()
    playback.feed(tone(2, 3_000))
    fade, *reply = drain(playback, 3)
    assert level(fade) == (10_000, 0)
    assert reply == [tone(1, 3_000)] * 2
    assert playback.played == pytest.approx(0.04)


def test_no_cue_once_the_reply_speaks(playback: OpusPlayback) -> None:
    playback.feed(tone(1))
    playback.cue(tone(5))
    playback.finish()
    assert drain(playback) == [tone(1)] + [OPUS_SILENCE] * TAIL_FRAMES


def test_a_reply_is_bounded_and_the_rest_counted(playback: OpusPlayback) -> None:
    playback.feed(bytes(MAX_PLAYBACK_BYTES - 2))
    playback.feed(bytes(SPEAK_RATE * 2))
    assert playback.dropped_bytes == SPEAK_RATE * 2 - 2
    assert playback.cut().total == pytest.approx(120)


async def test_wait_returns_when_it_was_played_out(playback: OpusPlayback) -> None:
    waiting = asyncio.create_task(playback.wait())
    playback.feed(tone(2))
    playback.finish()
    await asyncio.sleep(0)
    assert not waiting.done()
    drain(playback)
    assert await waiting == Playout(0.04, 0.04, interrupted=False)


async def test_wait_returns_when_it_was_cut(playback: OpusPlayback) -> None:
    waiting = asyncio.create_task(playback.wait())
    playback.feed(tone(2))
    await asyncio.sleep(0)
    playback.cut()
    assert await waiting == Playout(0.0, 0.04, interrupted=True)


async def test_a_reply_without_sound_is_over_at_once(playback: OpusPlayback) -> None:
    playback.finish()
    assert await playback.wait() == Playout(0.0, 0.0, interrupted=False)
    assert playback.over


def test_a_duck_is_clean_in_real_opus() -> None:
    """What was encoded ahead is taken back, so the decoder must not notice that the encoder's memory was rewound."""
    library = opus.load()
    time = np.arange(SPEAK_RATE) / SPEAK_RATE
    sound = (8_000 * np.sin(2 * np.pi * 440 * time)).astype("<i2").tobytes()
    playback = OpusPlayback(opus.OpusEncoder(library))
    playback.feed(sound)
    playback.finish()
    packets = drain(playback, 15)
    playback.duck()
    packets += drain(playback)
    decoder = opus.OpusDecoder(library, SPEAK_RATE)
    heard = np.frombuffer(b"".join(decoder.decode(packet) for packet in packets[:-TAIL_FRAMES]), dtype="<i2")
    gain = np.concatenate([np.ones(15 * 480), np.linspace(1, DUCKED_GAIN, 960), np.full(33 * 480, DUCKED_GAIN)])
    wanted = np.frombuffer(sound, dtype="<i2") * gain
    delay = 155  # the codec's look-ahead, 6.5 ms
    error = (heard[delay:] - wanted[:-delay])[: 49 * 480].reshape(49, 480)
    # Measured: 353 at the worst frame; 3,469 when the encoder is not led in anew.
    assert np.sqrt(np.mean(error**2, axis=1)).max() < 700
