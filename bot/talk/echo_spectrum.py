"""The power of a sound in time and frequency, and the reverberation that a room adds to it."""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bot.talk.played import REFERENCE_FRAME_SAMPLES, REFERENCE_RATE, Samples

Bands = NDArray[np.float32]
"""Power of each window's bands, shape (windows, 16)."""
Powers = NDArray[np.float32]
"""Power of each window at each frequency of any band, 25 Hz apart, shape (windows, 145)."""

BAND_WINDOW_SAMPLES = 2 * REFERENCE_FRAME_SAMPLES
BAND_EDGES_HZ = (100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700)
"""Critical bands (Zwicker, 1961)."""
TAIL_DECAY = 0.7
"""Power that remains of the reverberation after a frame: 60 dB in 0.8 s."""
TAIL_SHARE = 0.5
"""Power that a frame leaves to its reverberation."""
MAX_TAIL_STEPS = 128
JUDGED_STEP = 2
"""Frames from one judged window to the next."""
SILENT_POWER = 1e-9
"""At each frequency of digital silence, so that it has a logarithm."""

_STEP_HZ = REFERENCE_RATE // BAND_WINDOW_SAMPLES
_COMPARED = slice(BAND_EDGES_HZ[0] // _STEP_HZ, -(-BAND_EDGES_HZ[-1] // _STEP_HZ))
"""The frequencies of a transform that are in any band."""
_HERTZ = np.arange(_COMPARED.start, _COMPARED.stop) * _STEP_HZ
BANDS = np.array([(low <= _HERTZ) & (high > _HERTZ) for low, high in pairwise(BAND_EDGES_HZ)], np.float32).T
"""Which frequencies are in which band, shape (145, 16)."""
NO_TAIL = np.zeros(len(BANDS), np.float32)
"""What silence leaves to later windows."""
WINDOW = np.hanning(BAND_WINDOW_SAMPLES).astype(np.float32)


def coarse_powers(*sounds: Samples) -> list[Powers]:
    """Return the powers of windows that do not overlap, of sounds of one length; all at once is cheap."""
    together = _powers(np.concatenate(sounds).reshape(-1, BAND_WINDOW_SAMPLES))
    each = len(together) // len(sounds)
    return [together[at : at + each] for at in range(0, len(together), each)]


def coarse_bands(*sounds: Samples) -> list[Bands]:
    """Return the same, band by band."""
    return [powers @ BANDS for powers in coarse_powers(*sounds)]


def spectrogram(samples: Samples) -> Powers:
    """Return a window per frame; each is two frames long."""
    windows = sliding_window_view(samples, BAND_WINDOW_SAMPLES)[::REFERENCE_FRAME_SAMPLES]
    return _powers(windows)


def _powers(windows: Samples) -> Powers:
    squares = np.square(np.fft.rfft(windows * WINDOW)[:, _COMPARED].view(np.float32))
    powers = squares[:, ::2] + squares[:, 1::2]
    powers += SILENT_POWER
    return powers


def reverberation_of(played: Powers, step: int = 1, tail: Powers | None = None) -> tuple[Powers, Powers]:
    """Return the reverberation heard in each window, and its tail, what they leave of it; of powers or of bands.

    `tail` is what windows before them have left, `step` the frames from one to the next.
    """
    count = len(played)
    reverberation = _MIXING[step][: count + 1, 1 : count + 1] @ played
    if tail is not None:
        reverberation += _MIXING[step][: count + 1, :1] * tail
    return reverberation[:-1], reverberation[-1]


def _mixing_of(step: int) -> NDArray[np.float32]:
    """Return what the tail before some windows, and each of them, leaves to each window, and to those after them."""
    later, earlier = np.ogrid[: MAX_TAIL_STEPS + 1, -1:MAX_TAIL_STEPS]
    left = np.where(earlier < 0, TAIL_DECAY ** (step * later), TAIL_SHARE * TAIL_DECAY ** (step * (later - earlier)))
    return np.where(later > earlier, left, 0).astype(np.float32)


_MIXING = {step: _mixing_of(step) for step in (1, JUDGED_STEP)}
