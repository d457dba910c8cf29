"""How loud an echo must be, band by band, and how much of what is heard it leaves unexplained.

The echo of a frame is what was played `delay` before, with a tail for the reverberation of the room, times the gain of
each band. A canceller or a noise gate only takes away from that, so the gain follows the louder frames.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bot.talk.played import REFERENCE_FRAME_SAMPLES, REFERENCE_RATE, Samples

Bands = NDArray[np.float32]
"""Power of each window's bands, shape (windows, 16)."""
Powers = NDArray[np.float32]
"""Power of each window at each frequency, 25 Hz apart, shape (windows, 161)."""

BAND_WINDOW_SAMPLES = 2 * REFERENCE_FRAME_SAMPLES
BAND_EDGES_HZ = (100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700)
"""Critical bands (Zwicker, 1961)."""
REVERBERATION_FRAMES = 20
"""Frames after the sound in which its reverberation may still be heard: 0.4 s."""
TAIL_DECAY = 0.7
"""Power that remains of the reverberation after a frame: 60 dB in 0.8 s."""
TAIL_SHARE = 0.5
"""Power that a frame leaves to its reverberation."""
FADING_RATIO = 4.0
"""Reverberation this far above the direct sound tells how lively the room is."""
LIVELINESS_RATE, MIN_LIVELINESS = 0.25, 0.01
"""Share of the bands' steps that it follows; a dry room."""
MAX_TAIL_STEPS = 128
EXPLAINED_MARGIN = 4.0
"""Power above the expected echo that still passes as echo: 6 dB."""
QUIET_RATIO = 0.05
"""Share of the loudest echo of late that counts as nothing: a pause of the bot is no place to find a voice."""
LOUDEST_MEMORY = 0.96
"""What remains of the loudest echo after a window: half in 0.7 s."""
INITIAL_QUANTILE = 0.85
"""Share of the first frames that the initial gain explains."""
SIGNIFICANT_RATIO = 10**-2.5
"""A band this far below its loudest frame tells nothing of its gain."""
GAIN_RISE, GAIN_FALL, GAIN_FADE = 0.184, -0.046, -0.0092
"""Change of its logarithm per window: above the expected echo 0.8 dB up, below it 0.2 dB down, in holes 0.04."""
SOUNDING_RATIO, MIN_SOUNDING_SHARE = 1e-4, 0.7
"""A window this far (40 dB) below the loudest one is silent; share of an echo's power heard while its source sounds."""
MIN_SOUNDING_WINDOWS = 5
"""Windows in which the source must sound: less may be like anything."""
FLOOR_RATIO = 1e-4
"""Power below the loudest of a spectrogram (40 dB) that counts as silence."""
NOISE_POWER = 6e-5
"""Power at one frequency of noise of -63 dBFS, which counts as silence, too: of a quiet echo, noise leaves little."""
SILENT_POWER = 1e-9
"""At each frequency of digital silence, so that it has a logarithm."""
SURPLUS_MARGIN = 0.7
"""Of the logarithm of the power: 3 dB above the expected echo are no surplus."""
HOLE_RATIO = 10**-2.5
"""Less of the expected echo than this is a hole, which a canceller makes."""
AUDIBLE_POWER = 10 ** (-60 / 10)
"""Mean square of a frame that counts as an echo: -60 dBFS."""
_AUDIBLE_BAND_POWER = AUDIBLE_POWER * (3 / 8) * BAND_WINDOW_SAMPLES**2 / 2 / 4
"""The same in the loudest band, which has about a fourth of a voice's power."""
NO_TAIL = np.zeros(len(BAND_EDGES_HZ) - 1, np.float32)
NO_FINE_TAIL = np.zeros(BAND_WINDOW_SAMPLES // 2 + 1, np.float32)

_EVERY_BAND = np.arange(len(BAND_EDGES_HZ) - 1)
_ALL_BANDS = np.ones(len(BAND_EDGES_HZ) - 1, np.float32)
_WINDOW = np.hanning(BAND_WINDOW_SAMPLES).astype(np.float32)
_HERTZ = np.arange(BAND_WINDOW_SAMPLES // 2 + 1) * REFERENCE_RATE / BAND_WINDOW_SAMPLES
_BANDS = np.array([(low <= _HERTZ) & (high > _HERTZ) for low, high in pairwise(BAND_EDGES_HZ)], np.float32).T
_COMPARED = _BANDS.any(axis=1)


def coarse_bands(*sounds: Samples) -> list[Bands]:
    """Return the same for windows that do not overlap, of sounds of one length; all at once is cheap."""
    together = _bands_of(np.concatenate(sounds).reshape(-1, BAND_WINDOW_SAMPLES))
    each = len(together) // len(sounds)
    return [together[at : at + each] for at in range(0, len(together), each)]


def _bands_of(windows: Samples) -> Bands:
    return _powers(windows) @ _BANDS


def _powers(windows: Samples) -> Powers:
    spectrum = np.fft.rfft(windows * _WINDOW)
    return (spectrum.real**2 + spectrum.imag**2 + SILENT_POWER).astype(np.float32)


def _spectrogram(samples: Samples) -> Powers:
    """Return a window per frame; each is two frames long."""
    return _powers(sliding_window_view(samples, BAND_WINDOW_SAMPLES)[::REFERENCE_FRAME_SAMPLES])


def reverberation_of(played: Bands, tail: Bands, step: int = 1) -> tuple[Bands, Bands]:
    """Return the reverberation that is heard in each window, and what they leave of it."""
    mixing, fading = _TAILS[step]
    count = len(played)
    reverberation = mixing[:count, :count] @ played + fading[:count, None] * tail
    left = mixing[count, :count] @ played + fading[count] * tail
    return reverberation.astype(np.float32), left.astype(np.float32)


def _tails(step: int) -> tuple[Bands, Bands]:
    """Return what each window leaves to each later one, and what is left of the tail before all of them."""
    age = np.subtract.outer(np.arange(MAX_TAIL_STEPS), np.arange(MAX_TAIL_STEPS))
    mixing = np.where(age > 0, TAIL_SHARE * TAIL_DECAY ** (step * np.maximum(age, 0)), 0)
    return mixing.astype(np.float32), (TAIL_DECAY ** (step * np.arange(MAX_TAIL_STEPS))).astype(np.float32)


_TAILS = {step: _tails(step) for step in (1, 2)}


class EchoModel:
    """The gains of one person's echo."""

    def __init__(self, heard: Bands, played: Bands) -> None:
        """Learn from frames that contain the echo; `played` has its tail."""
        ratio = heard / played
        told = played >= played.max(axis=0) * SIGNIFICANT_RATIO
        ratio[~told] = np.inf
        ratio.sort(axis=0)
        gains = ratio[(INITIAL_QUANTILE * (told.sum(axis=0) - 1)).astype(int), _EVERY_BAND]
        loud = played.max(axis=0) > played.max() * SIGNIFICANT_RATIO
        gains[~loud] = np.maximum(gains[~loud], np.median(gains[loud]))
        self._gains = gains
        self._loudest = float((played * self._gains).sum(axis=1).max())
        self.liveliness = 1.0
        "of the room: its reverberation relative to a lively one"

    def expected(self, played: Bands, reverberation: Bands) -> Bands:
        """Return the echo of what was played, before the gains."""
        return (played + self.liveliness * reverberation).astype(np.float32)

    def unexplained(self, heard: Bands, played: Bands) -> list[float]:
        """Return the share of each window's power that is no echo, 0 to 1."""
        echo = played * self._gains
        excess = np.maximum(heard - EXPLAINED_MARGIN * echo, 0)
        excesses, totals, echoes = (powers @ _ALL_BANDS for powers in (excess, heard, echo))
        shares: list[float] = []
        for extra, total, expected in zip(excesses.tolist(), totals.tolist(), echoes.tolist(), strict=True):
            self._loudest = max(expected, LOUDEST_MEMORY * self._loudest)
            shares.append(extra / (total + QUIET_RATIO * self._loudest))
        return shares

    def adapt(self, heard: Bands, played: Bands, reverberation: Bands) -> None:
        """Follow the echo with windows that are nothing else."""
        lively = self.liveliness * reverberation
        echo = (played + lively) * self._gains
        steps = np.where(heard > echo, GAIN_RISE, GAIN_FALL)
        steps[heard @ _ALL_BANDS < HOLE_RATIO * (echo @ _ALL_BANDS)] = GAIN_FADE
        steps[echo < echo.max() * SIGNIFICANT_RATIO] = 0
        fading = lively > FADING_RATIO * played
        self._gains *= np.exp(np.where(fading, 0, steps).sum(axis=0))
        change = float(steps[fading].sum()) * LIVELINESS_RATE
        self.liveliness = min(max(self.liveliness * math.exp(change), MIN_LIVELINESS), 1.0)


class Fit(NamedTuple):
    """A sound as the echo of what was played."""

    model: EchoModel
    tail: Bands
    "reverberation after it"
    likeness: float
    "of the spectrograms, -1 to 1"
    surplus: float
    audible: int
    "windows that can be heard"


def fitted(sound: Samples, source: Samples) -> Fit:
    """Return what `sound` is as the echo of `source`, which is longer by REVERBERATION_FRAMES before it."""
    fine_heard, fine_played = _spectrogram(sound), _spectrogram(source)
    heard, played = fine_heard @ _BANDS, fine_played @ _BANDS
    reverberation, tail = reverberation_of(played, NO_TAIL)
    expected = (played + reverberation)[-len(heard) :]
    alike = likeness(heard, played[-len(heard) :], expected)
    fine_expected = (fine_played + reverberation_of(fine_played, NO_FINE_TAIL)[0])[-len(heard) :]
    more = surplus(fine_heard[:, _COMPARED], fine_expected[:, _COMPARED])
    return Fit(EchoModel(heard, expected), tail, alike, more, audible(heard))


def audible(heard: Bands) -> int:
    """Return how many windows can be heard."""
    return int((heard.max(axis=1) > _AUDIBLE_BAND_POWER).sum())


def likeness(heard: Bands, played: Bands, expected: Bands) -> float:
    """Return how alike the spectrograms of a sound and its expected echo are, whatever the gain of each band.

    -1 to 1; -1 where most of it was heard after the source had fallen silent: then it is only like a reverberation.
    """
    source, powers = played @ _ALL_BANDS, heard @ _ALL_BANDS
    sounding = source > SOUNDING_RATIO * source.max()
    if sounding.sum() < MIN_SOUNDING_WINDOWS or powers[sounding].sum() < MIN_SOUNDING_SHARE * powers.sum():
        return -1.0
    a, b = (_levels(spectrum) for spectrum in (heard, expected))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


def surplus(heard: Powers, expected: Powers) -> float:
    """Return how far a sound stands above the expected echo, whatever the gain at each frequency: the mean logarithm.

    That gain is the mean over the louder windows: other speech is loud where the echo is not, between the harmonics of
    the bot's voice, too. An echo alone stays below 0.1.
    """
    loudest = float(heard.max())
    floor = max(FLOOR_RATIO, min(NOISE_POWER / (loudest + 1e-9), 1.0))
    above = np.log(heard + loudest * floor) - np.log(expected + expected.max() * floor)
    weight = np.sqrt(heard)
    gains = (weight * above).sum(axis=0) / weight.sum(axis=0)
    return float((weight * np.maximum(above - gains - SURPLUS_MARGIN, 0)).sum() / weight.sum())


def _levels(powers: Bands) -> Bands:
    levels = np.log(powers + powers.max() * 1e-4)
    return levels - levels.mean(axis=0)
