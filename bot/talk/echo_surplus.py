"""What a person's sound has beyond the bot's echo, frequency by frequency.

A voice that is hardly louder than an echo is loud between the harmonics of the bot's voice, and where the bot pauses
for a moment: few frequencies are then far above what the echo explains, though every band is about as loud as without.
"""

import numpy as np

from bot.talk.echo_spectrum import BANDS, Bands, Powers

FLOOR_RATIO = 1e-4
"""Power below the loudest of a spectrogram (40 dB) that counts as silence."""
NOISE_POWER = 6e-5
"""Power at one frequency of noise of -63 dBFS, which counts as silence, too: of a quiet echo, noise leaves little."""
SURPLUS_MARGIN, SURPLUS_LOUDNESS = 0.7, 0.5
"""Logarithm of the power above the expected echo (3 dB) that is no surplus; exponent of the power that is a weight."""
RUNNING_MARGIN, RUNNING_LOUDNESS = 1.0, 0.7
"""The same of windows that do not overlap: 4.3 dB."""
RUNNING_WINDOWS, MAX_OF_WINDOW = 8, 0.015
"""Windows that are measured as they come, 0.32 s; the most that one adds: a single burst is no voice."""
NOISE_PEAK_RATIO = 4.0
"""Power of noise at one frequency above its least windows in a band."""
_NOISE_PEAKS = NOISE_PEAK_RATIO * (BANDS / BANDS.sum(axis=0)).T
"""Power at each frequency of noise, of its power in bands."""


def surplus(heard: Powers, expected: Powers) -> float:
    """Return how far a sound stands above the expected echo, whatever the gain at each frequency: the mean logarithm.

    That gain is the mean over the louder windows: other speech is loud where the echo is not, between the harmonics of
    the bot's voice, too. An echo alone stays below 0.1.
    """
    return float(_surpluses(heard, expected, heard**SURPLUS_LOUDNESS, 0.0, SURPLUS_MARGIN).sum())


class EchoSurplus:
    """The surplus of one person's last windows, as they are judged."""

    def __init__(self) -> None:
        self._windows = np.zeros((3, RUNNING_WINDOWS, len(BANDS)), np.float32)
        "a ring: what was heard, what was expected, and the weight of each window"
        self._next = self._count = 0

    def add(self, heard: Powers, expected: Powers) -> None:
        """Take the next windows of the person's sound, at most RUNNING_WINDOWS, and their echo before the gains."""
        first = self._next if self._next + len(heard) <= RUNNING_WINDOWS else 0
        self._next = first + len(heard)
        self._count = max(self._count, self._next)
        windows = self._windows[:, first : self._next]
        windows[0], windows[1], windows[2] = heard, expected, heard**RUNNING_LOUDNESS

    def measure(self, noise: Bands) -> float:
        """Return it; `noise` is the least power in each band of what is always there."""
        if not self._count:
            return 0.0
        heard, expected, weight = self._windows[:, : self._count]
        each = _surpluses(heard, expected, weight, noise @ _NOISE_PEAKS, RUNNING_MARGIN)
        return float(np.minimum(each, MAX_OF_WINDOW).sum())


def _surpluses(heard: Powers, expected: Powers, weight: Powers, noise: Powers | float, margin: float) -> Powers:
    """Return what each window adds to the surplus; `noise` is the power at each frequency that counts as silence."""
    loudest = float(heard.max()) + 1e-9
    floor = np.maximum(noise, max(FLOOR_RATIO * loudest, min(NOISE_POWER, loudest)))
    above = heard + floor
    above /= expected + floor * (float(expected.max()) / loudest)
    np.log(above, out=above)
    weights = np.add.reduce(weight)
    above -= np.add.reduce(weight * above) / weights + margin
    np.maximum(above, 0, out=above)
    above *= weight
    return np.add.reduce(above, axis=1) / np.add.reduce(weights)
