import numpy as np
import pytest

from bot.audio import SPEAK_RATE
from bot.engine.resample import Resampler


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("part", [7, 480, 100_000])
def test_a_tone_stays_a_tone(rate: int, part: int):
    tone = np.sin(2 * np.pi * 200 * np.arange(rate) / rate) * 10_000
    samples = tone.astype("<i2")
    resampler = Resampler(rate, 1)
    parts = [resampler.feed(samples[at : at + part].tobytes()) for at in range(0, rate, part)]
    out = np.frombuffer(b"".join(parts), "<i2")
    wanted = np.sin(2 * np.pi * 200 * np.arange(out.size) / SPEAK_RATE) * 10_000
    assert out.size == pytest.approx(SPEAK_RATE, abs=3)
    assert np.corrcoef(out, wanted)[0, 1] > 0.999


def test_two_channels_become_one():
    stereo = np.array([[1000, 3000]] * 480, dtype="<i2")
    out = np.frombuffer(Resampler(SPEAK_RATE, 2).feed(stereo.tobytes()), "<i2")
    assert set(out.tolist()) == {2000}
