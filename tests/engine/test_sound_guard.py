"""The last guard: natural sound of any kind and level passes whole, misread bytes do not."""

from collections.abc import Iterator

import numpy as np
import pytest

from bot.audio import SPEAK_RATE
from bot.engine.sound_guard import GUARD_WINDOW_SAMPLES, SoundGuard
from sandbox import clips
from sandbox.model.sound_wire import UNPLAYABLE

RNG = np.random.default_rng(20)
CLIPS = [clip.id for clip in clips.ALL_CLIPS]


def pcm(samples: np.ndarray) -> bytes:
    return np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()


def floats(clip: str) -> np.ndarray:
    return np.frombuffer(clips.load(clip, SPEAK_RATE), "<i2") / 32768


def passes(sound: bytes, step: int = 9600) -> bool:
    guard = SoundGuard()
    got = b"".join(guard.feed(sound[at : at + step]) for at in range(0, len(sound), step)) + guard.end()
    return got == sound


def natural() -> Iterator[tuple[str, np.ndarray]]:
    for clip in CLIPS:
        samples = floats(clip)
        peak = np.abs(samples).max()
        for name, gain in {"": 1, "at -20 dB": 0.1, "at full scale": 1 / peak, "clipped": 10 / peak}.items():
            yield f"{clip} {name}", samples * gain
        loudness = np.convolve(np.abs(samples), np.ones(240) / 240, "same")
        breath = loudness * RNG.standard_normal(samples.size)
        yield f"{clip} whispered", breath / np.abs(breath).max() * 0.9
        hiss = np.diff(breath, prepend=0)
        yield f"{clip} hissed", hiss / np.abs(hiss).max() * 0.9
    seconds = np.arange(2 * SPEAK_RATE) / SPEAK_RATE
    for level in (0.03, 0.1, 0.3, 0.5):
        yield f"noise of {level}", level * RNG.standard_normal(seconds.size)
        yield f"hiss of {level}", level * np.diff(RNG.standard_normal(seconds.size + 1))
    for hertz in (100, 1000, 5000, 6000, 7999, 8000, 11_000, 11_999):
        for level in (0.1, 0.5, 1.0):
            yield f"tone of {hertz} Hz, {level}", level * np.sin(2 * np.pi * hertz * seconds)
            yield f"square of {hertz} Hz, {level}", 0.9 * level * np.sign(np.sin(2 * np.pi * hertz * seconds + 0.1))
    claps = np.zeros(seconds.size)
    for at in RNG.integers(0, seconds.size - 500, 400):
        claps[at : at + 500] += RNG.standard_normal(500) * np.exp(-np.arange(500) / 60)
    yield "applause", claps / np.abs(claps).max()
    yield "loud applause", claps / np.abs(claps).max() * 3


def test_natural_sound_passes_whole():
    assert [name for name, samples in natural() if not passes(pcm(samples))] == []


@pytest.mark.parametrize("step", [320, 960, 4096, 50_000])
def test_the_size_of_the_parts_changes_nothing(step: int):
    assert passes(clips.load("bot-moon", SPEAK_RATE), step)
    noise = UNPLAYABLE["float"](clips.load("bot-moon", SPEAK_RATE))
    guard = SoundGuard()
    assert not any(guard.feed(noise[at : at + step]).strip(b"\0") for at in range(0, len(noise), step))
    assert guard.tripped


def test_speech_does_not_wait():
    guard = SoundGuard()
    speech = clips.load("bot-moon", SPEAK_RATE)
    size = GUARD_WINDOW_SAMPLES * 2
    assert guard.feed(speech[:size]) == speech[:size]
    assert all(guard.feed(speech[at : at + 960]) == speech[at : at + 960] for at in range(size, len(speech), 960))


def test_noise_in_mid_stream_stops_it():
    guard = SoundGuard()
    speech = clips.load("bot-moon", SPEAK_RATE)
    guard.feed(speech)
    passed = b"".join(guard.feed(UNPLAYABLE["a byte missing"](speech)[at : at + 960]) for at in range(0, 96_000, 960))
    assert guard.tripped
    assert len(passed) < 0.5 * SPEAK_RATE * 2


def test_very_short_answers_are_looked_at_too():
    short = UNPLAYABLE["float"](clips.load("bot-moon", SPEAK_RATE)[20_000:])[:1600]
    guard = SoundGuard()
    assert guard.feed(short) + guard.end() == b""
    assert passes(clips.load("bot-moon", SPEAK_RATE)[20_000:21_600])
