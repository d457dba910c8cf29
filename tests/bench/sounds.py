"""Sounds for the VAD's measurements: the shipped clips, and noises made here."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.audio import HEAR_RATE
from sandbox import clips

Samples = NDArray[np.float32]
FRAME = HEAR_RATE // 50
SPEECH_DBFS = -23.0


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Scale to an RMS level."""
    rms = float(np.sqrt(np.mean(np.square(samples)))) or 1.0
    return np.multiply(samples, 10 ** (dbfs / 20) / rms, dtype=np.float32)


def pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


@cache
def clip(name: str) -> Samples:
    return np.divide(np.frombuffer(clips.load(name, HEAR_RATE), "<i2"), 32768, dtype=np.float32)


@cache
def speech() -> tuple[Samples, NDArray[np.bool_]]:
    """Return all sentences with pauses between them, and which frames are speech."""
    parts: list[Samples] = []
    for sentence in clips.speech():
        if sentence.voice != "bot":
            parts += [np.zeros(FRAME * 60, np.float32), at_level(clip(sentence.id), SPEECH_DBFS)]
    joined: Samples = np.concatenate([*parts, np.zeros(FRAME * 60, np.float32)])
    joined = joined[: len(joined) // FRAME * FRAME]
    power = np.square(joined).reshape(-1, FRAME).mean(axis=1)
    loud = power > 10 ** ((SPEECH_DBFS - 25) / 10)
    # A consonant's closure belongs to its word: gaps up to 120 ms are filled.
    near = np.convolve(loud, np.ones(7), "same") > 0
    return joined, np.convolve(~near, np.ones(7), "same") == 0


def pink(seconds: float, seed: int = 1) -> Samples:
    size = int(seconds * HEAR_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, size).astype(np.float32)


def keyboard(seconds: float, seed: int = 2) -> Samples:
    """Return key strokes: a click when a key goes down and a softer one when it comes up, six keys a second."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * HEAR_RATE), np.float32)
    at = 0.2
    while at < seconds - 0.2:
        for delay, gain in ((0.0, 1.0), (rng.uniform(0.07, 0.12), 0.5)):
            length = int(rng.uniform(0.008, 0.02) * HEAR_RATE)
            click = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
            start = int((at + delay) * HEAR_RATE)
            out[start : start + length] += (gain * click).astype(np.float32)
        at += rng.exponential(0.1) + 0.06
    return out


def music(seconds: float, seed: int = 3) -> Samples:
    """Return chords of plucked harmonic tones over a beat."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int((seconds + 1) * HEAR_RATE), np.float32)
    time = np.arange(HEAR_RATE) / HEAR_RATE
    for beat in range(int(seconds * 2)):
        start = beat * HEAR_RATE // 2
        for note in rng.choice([110.0, 130.8, 146.8, 164.8, 196.0, 220.0, 261.6, 329.6], 3, replace=False):
            tone = sum(np.sin(2 * np.pi * note * k * time) / k for k in range(1, 8)) * np.exp(-3 * time)
            out[start : start + HEAR_RATE] += np.asarray(tone, np.float32)
        drum = rng.standard_normal(1600) * np.exp(-np.arange(1600) / 300)
        out[start : start + 1600] += 2 * drum.astype(np.float32)
    return out[: int(seconds * HEAR_RATE)]


def babble(seconds: float, voices: int = 8, seed: int = 4) -> Samples:
    """Return a crowd: many sentences over one another."""
    rng = np.random.default_rng(seed)
    size = int(seconds * HEAR_RATE)
    out = np.zeros(size, np.float32)
    names = [sentence.id for sentence in clips.speech()]
    for _ in range(voices):
        said = np.concatenate([at_level(clip(str(name)), SPEECH_DBFS) for name in rng.permutation(names)])
        out += np.roll(np.resize(said, size), int(rng.integers(size)))
    return out


def repeated(name: str, seconds: float) -> Samples:
    once = np.concatenate([clip(name), np.zeros(HEAR_RATE // 2, np.float32)])
    return np.tile(once, int(np.ceil(seconds * HEAR_RATE / len(once))))[: int(seconds * HEAR_RATE)]
