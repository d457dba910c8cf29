"""How many times faster than real time recordings are converted, measured, joined and encoded."""

from typing import Any

import pytest

from bot.audio import SPEAK_RATE
from bot.files.recordings.facts import Limits
from bot.files.recordings.reader import Recording
from bot.jobs import loudness
from bot.jobs import programme as joining
from bot.jobs.encoder import encode
from tests.bench import BRIEF
from tests.files.sounds import to_pcm
from tests.jobs.conftest import speech

SECONDS = 12 if BRIEF else 60


@pytest.mark.parametrize(("container", "codec"), [("ogg", "libopus"), ("mp3", "libmp3lame"), ("ipod", "aac")])
def test_reading(benchmark: Any, container: str, codec: str) -> None:
    data = encode(speech(SECONDS), SPEAK_RATE, container, codec)
    benchmark.extra_info["seconds of sound"] = SECONDS
    pcm = benchmark.pedantic(lambda: len(to_pcm(data)), rounds=3)
    if benchmark.stats is not None:  # None where benchmarks only run to see that they work
        benchmark.extra_info["times real time"] = round(SECONDS / benchmark.stats.stats.median)
    assert pcm > 31_000 * SECONDS


def test_knowing_the_length(benchmark: Any) -> None:
    data = encode(speech(SECONDS), SPEAK_RATE, "mp3")
    seconds = benchmark.pedantic(lambda: Recording.open(data, Limits()).facts.seconds, rounds=3)
    if benchmark.stats is not None:
        benchmark.extra_info["times real time"] = round(SECONDS / benchmark.stats.stats.median)
    assert abs(seconds - SECONDS) < 0.2


def test_joining(benchmark: Any) -> None:
    parts = [speech(SECONDS / 4, seed=number) for number in range(4)]

    def join() -> joining.Programme:
        return joining.join(parts.__getitem__, [("One", 2), ("Two", 2)], "ogg", 10_000_000, "T")

    programme = benchmark.pedantic(join, rounds=2)
    if benchmark.stats is not None:
        benchmark.extra_info["times real time"] = round(programme.seconds / benchmark.stats.stats.median)
    heard = to_pcm(programme.files[0].data, SPEAK_RATE)
    assert abs(loudness.measure([heard], SPEAK_RATE) - loudness.TARGET_LUFS) < 1
