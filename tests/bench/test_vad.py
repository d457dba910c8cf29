"""What each kind of VAD costs, finds and is fooled by, on the shipped clips and on noises made here.

`./dev pytest tests/bench/test_vad.py -n 0` prints the figures; only what would be a fault is asserted.
"""

import time
import tracemalloc
from itertools import count

import numpy as np
import pytest

from bot.audio import FRAME_SECONDS, RTP_STEP
from bot.talk.segmenter import Segmenter
from bot.talk.speech_events import Spoke
from bot.talk.vad import VadKind, make_vad
from bot.types import Frame
from tests.bench import BRIEF, sounds

SECONDS = 4.0 if BRIEF else 12.0
KINDS: tuple[VadKind, ...] = ("light", "silero")
SPEAKERS = 20 if BRIEF else 150


def frames(samples: sounds.Samples) -> list[bytes]:
    sound = sounds.pcm(samples)
    size = 2 * sounds.FRAME
    return [sound[at : at + size] for at in range(0, len(sound) - size + 1, size)]


def probabilities(kind: VadKind, heard: list[bytes]) -> tuple[np.ndarray, float]:
    """Return the probability of each frame and the microseconds a second of sound costs."""
    vad = make_vad(kind)()
    start = time.process_time()
    found = np.array([next(iter(vad.probabilities([pcm]))) for pcm in heard])
    return found, (time.process_time() - start) * 1e6 / (len(heard) * FRAME_SECONDS)


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the harmonic mean of precision and recall, frame by frame."""
    right = float(np.sum(found & truth))
    return 2 * right / max(1.0, float(np.sum(found) + np.sum(truth)))


def turns(kind: VadKind, heard: list[bytes]) -> int:
    """Return how many utterances a segmenter makes of it."""
    segmenter = Segmenter(1, make_vad(kind)(), count(1))
    events = []
    for tick, pcm in enumerate(heard):
        events += segmenter.push([Frame(1, tick * RTP_STEP, pcm)], tick * FRAME_SECONDS)
    events += segmenter.left(len(heard) * FRAME_SECONDS)
    return sum(isinstance(event, Spoke) for event in events)


NOISES = {
    "keys": lambda: sounds.at_level(sounds.keyboard(SECONDS), -35),
    "keys clip": lambda: sounds.repeated("keyboard", SECONDS),
    "music": lambda: sounds.at_level(sounds.music(SECONDS), -30),
    "music clip": lambda: sounds.repeated("music", SECONDS),
    "pink": lambda: sounds.at_level(sounds.pink(SECONDS), -40),
    "cough": lambda: sounds.repeated("cough", SECONDS),
    "laugh": lambda: sounds.repeated("laughter", SECONDS),
    "babble": lambda: sounds.at_level(sounds.babble(SECONDS), -45),
}


@pytest.mark.parametrize("kind", KINDS)
def test_speech_is_found(kind: VadKind, figures: dict[str, list[str]]) -> None:
    said, truth = sounds.speech()
    crowd = sounds.babble(len(said) / 16_000)[: len(said)]
    noises = {"pink": sounds.pink(len(said) / 16_000), "crowd": crowd}
    row = [f"{kind:7}"]
    found, cost = probabilities(kind, frames(said))
    clean = f1(found >= 0.5, truth)
    row.append(f"{cost:6.0f} us/s  F1 clean {clean:.3f}")
    for name, noise in noises.items():
        for snr in () if BRIEF else (10, 0):
            mixed = said + sounds.at_level(np.resize(noise, said.shape), sounds.SPEECH_DBFS - snr)
            found, _ = probabilities(kind, frames(mixed))
            row.append(f"{name} {snr} dB {f1(found >= 0.5, truth):.3f}")
    figures.setdefault("VAD: cost, and F1 by noise", []).append("  ".join(row))
    assert clean > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_no_speech(kind: VadKind, figures: dict[str, list[str]]) -> None:
    made = {name: turns(kind, frames(noise())) * 60 / SECONDS for name, noise in NOISES.items()}
    line = "  ".join(f"{name} {rate:.0f}" for name, rate in made.items())
    figures.setdefault("VAD: false turns a minute", []).append(f"{kind:7} {line}")
    assert made["pink"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_many_speakers(kind: VadKind, figures: dict[str, list[str]]) -> None:
    """Everybody speaks at once, in as many channels as one process is meant to serve."""
    make = make_vad(kind)
    heard = frames(sounds.clip("bot-moon"))[:50]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    segmenters = [Segmenter(user, make(), count(1)) for user in range(SPEAKERS)]
    for tick, pcm in enumerate(heard[:10]):
        for segmenter in segmenters:
            segmenter.push([Frame(1, tick * RTP_STEP, pcm)], tick * FRAME_SECONDS)
    memory = (tracemalloc.get_traced_memory()[0] - before) / SPEAKERS
    tracemalloc.stop()
    start = time.process_time()
    for tick, pcm in enumerate(heard[10:], 10):
        for segmenter in segmenters:
            segmenter.push([Frame(1, tick * RTP_STEP, pcm)], tick * FRAME_SECONDS)
    share = (time.process_time() - start) / ((len(heard) - 10) * FRAME_SECONDS)
    line = f"{kind:7} {share:.0%} of a core, {memory / 1000:.1f} kB of state each"
    figures.setdefault(f"VAD and segmenter: {SPEAKERS} people at once", []).append(line)
