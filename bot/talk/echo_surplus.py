"""What a person's sound has beyond the bot's echo, frequency by frequency.

A voice that is hardly louder than an echo is loud between the harmonics of the bot's voice, and where the bot pauses
for a moment: few frequencies are then far above what the echo explains, though every band is about as loud as without.
"""

import numpy as np

from bot.talk.echo_spectrum import BANDS, COMPARED, JUDGED_STEP, Bands, Powers, reverberation_of

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
_NO_WINDOWS = np.zeros((0, COMPARED.stop - COMPARED.start), np.float32)
_NOISE_OF_BANDS = (BANDS / BANDS.sum(axis=0)).T[:, COMPARED]
"""Power at each frequency of noise, of its power in bands."""


def surplus(heard: Powers, expected: Powers) -> float:
    """Return how far a sound stands above the expected echo, whatever the gain at each frequency: the mean logarithm.

    That gain is the mean over the louder windows: other speech is loud where the echo is not, between the harmonics of
    the bot's voice, too. An echo alone stays below 0.1.
    """
    return float(_surpluses(heard, expected, 0.0, SURPLUS_MARGIN, SURPLUS_LOUDNESS).sum())


class EchoSurplus:
    """The surplus of one person's last windows, as they are judged."""

    def __init__(self) -> None:
        self._heard = self._expected = _NO_WINDOWS
        self._tail = np.zeros(_NO_WINDOWS.shape[1], np.float32)
        "reverberation after the last window"

    def add(self, heard: Powers, played: Powers) -> None:
        """Take the next windows of the person's sound, and of what was played at the delay of their echo."""
        played = played[:, COMPARED]
        reverberation, self._tail = reverberation_of(played, JUDGED_STEP, self._tail)
        self._heard = np.concatenate((self._heard, heard[:, COMPARED]))[-RUNNING_WINDOWS:]
        self._expected = np.concatenate((self._expected, played + reverberation))[-RUNNING_WINDOWS:]

    def measure(self, noise: Bands) -> float:
        """Return it; `noise` is the least power in each band of what is always there."""
        if not len(self._heard):
            return 0.0
        noises = NOISE_PEAK_RATIO * noise @ _NOISE_OF_BANDS
        each = _surpluses(self._heard, self._expected, noises, RUNNING_MARGIN, RUNNING_LOUDNESS)
        return float(np.minimum(each, MAX_OF_WINDOW).sum())


def _surpluses(heard: Powers, expected: Powers, noise: Powers | float, margin: float, loudness: float) -> Powers:
    """Return what each window adds to the surplus; `noise` is the power at each frequency that counts as silence."""
    loudest = float(heard.max()) + 1e-9
    floor = np.maximum(noise, max(FLOOR_RATIO * loudest, min(NOISE_POWER, loudest)))
    above = np.log(heard + floor)
    above -= np.log(expected + floor * (float(expected.max()) / loudest))
    weight = heard**loudness
    above -= (weight * above).sum(axis=0) / weight.sum(axis=0) + margin
    np.maximum(above, 0, out=above)
    above *= weight
    return above.sum(axis=1) / weight.sum()
