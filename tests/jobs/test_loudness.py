"""Loudness matches the standard, and peaks stay under the ceiling."""

import numpy as np
import pytest

from bot.jobs.loudness import PEAK_CEILING, SILENCE_LUFS, Meter, gain_to, levelled, measure
from tests.jobs.conftest import speech


def sine(pitch: float, dbfs: float, seconds: float, rate: int) -> bytes:
    time = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * pitch * time) * 10 ** (dbfs / 20) * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
@pytest.mark.parametrize(
    ("pitch", "dbfs", "lufs"),
    # The reference tone of BS.1770; 4 dB more above the shelf, and less below it.
    [(997, 0, -3.01), (997, -20, -23.01), (100, -20, -24.8), (4_000, -20, -19.7)],
)
def test_tones_measure_as_in_the_standard(rate: int, pitch: float, dbfs: float, lufs: float) -> None:
    assert measure([sine(pitch, dbfs, 4, rate)], rate) == pytest.approx(lufs, abs=0.3)


def test_silence_does_not_count() -> None:
    tone = sine(997, -20, 5, 24_000)
    assert measure([tone, bytes(24_000 * 2 * 20)], 24_000) == pytest.approx(measure([tone], 24_000), abs=0.15)
    assert measure([bytes(48_000)], 24_000) == SILENCE_LUFS
    assert gain_to(-16, SILENCE_LUFS) == 1.0


def test_pieces_of_any_length_measure_the_same() -> None:
    pcm, meter = speech(5), Meter(24_000)
    for at in range(0, len(pcm), 3_334):
        meter.feed(pcm[at : at + 3_334])
    assert meter.integrated == pytest.approx(measure([pcm], 24_000), abs=0.01)


@pytest.mark.parametrize("gain", [1.0, 4.0, 12.0])
def test_peaks_stay_under_the_ceiling_and_nothing_is_lost(gain: float) -> None:
    pcm = speech(3, 5_000)
    out = b"".join(levelled([pcm[at : at + 5_000] for at in range(0, len(pcm), 5_000)], gain, 24_000))
    assert len(out) == len(pcm)
    assert np.abs(np.frombuffer(out, "<i2").astype(int)).max() <= PEAK_CEILING * 32768 + 2
    if gain == 1.0:
        assert np.abs(np.frombuffer(out, "<i2").astype(int) - np.frombuffer(pcm, "<i2")).max() <= PEAK_CEILING * 32768
