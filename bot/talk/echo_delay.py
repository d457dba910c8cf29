"""How late a sound comes back: generalised cross-correlation with phase transform (Knapp and Carter, 1976)."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.talk.played import REFERENCE_RATE, Samples

CORRELATED_BAND_HZ = (200, 3200)
WHITENING = 0.85
"""Exponent of the phase transform: 1 hears every frequency alike, noise too."""
PEAK_SAMPLES = 20
"""Half the width of a peak: 2.5 ms."""


class EchoDelay(NamedTuple):
    """Where one sound fits best into another."""

    samples: int
    "how much later it comes, at 8 kHz"
    strength: float
    "height of the peak in RMS of the correlation, times its height over the second; other speech stays below 15"


def find_delay(heard: Samples, played: Samples) -> EchoDelay:
    """Search for `heard` in `played`; both end at the same time, and `played` begins earlier by the longest delay."""
    # A size of 5, 6, 7 or 8 times a power of two: transforms of powers of two alone take up to twice as long.
    step = 1 << max(0, (len(played) - 1).bit_length() - 3)
    size = -(-len(played) // step) * step
    cross: NDArray[np.complex64] = np.conj(np.fft.rfft(heard, size))
    cross *= np.fft.rfft(played, size)
    low, high = (round(hertz * size / REFERENCE_RATE) for hertz in CORRELATED_BAND_HZ)
    band = cross[low:high]
    weights = np.square(band.real)
    weights += np.square(band.imag)
    weights += 1e-18
    # The power of a logarithm: a power takes twice as long.
    np.log(weights, out=weights)
    weights *= -WHITENING / 2
    band *= np.exp(weights, out=weights)
    cross[:low] = cross[high:] = 0
    reach = len(played) - len(heard)
    correlation = np.fft.irfft(cross, size)[: reach + 1]
    place = int(np.argmax(correlation))
    peak = float(correlation[place])
    rms = math.sqrt(float(correlation @ correlation) / len(correlation))
    if peak <= 0 or rms <= 0 or place < PEAK_SAMPLES:  # at the longest delay, hardly anything may be compared
        return EchoDelay(0, 0.0)
    correlation[max(0, place - PEAK_SAMPLES) : place + PEAK_SAMPLES + 1] = 0
    second = max(float(correlation.max()), peak / 10)
    return EchoDelay(reach - place, peak / rms * peak / second)
