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
JUDGED_STEP = 2
"""Frames from one judged window to the next."""
NOISE_MARGIN, NOISE_RISE, NOISE_FALL = 2.0, 1.1, 0.25
"""Power of noise above its least windows; how fast those may rise, per judgement: 2.6 dB a second; and fall: 38 dB a
second, for where a client sends nothing there is none, but a lost packet is no such place."""
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
SIGNIFICANT_SHARE = SIGNIFICANT_RATIO / 2
"""The same, of all bands together: the loudest one has about half of their power."""
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
_AUDIBLE_TOTAL = AUDIBLE_POWER * (3 / 8) * BAND_WINDOW_SAMPLES**2 / 2
_AUDIBLE_BAND_POWER = _AUDIBLE_TOTAL / 4
"""The same in all bands, and in the loudest one, which has about a fourth of a voice's power."""
NO_TAIL = np.zeros(len(BAND_EDGES_HZ) - 1, np.float32)

_EVERY_BAND = np.arange(len(BAND_EDGES_HZ) - 1)
_ALL_BANDS = np.ones(len(BAND_EDGES_HZ) - 1, np.float32)
_WINDOW = np.hanning(BAND_WINDOW_SAMPLES).astype(np.float32)
_HERTZ = np.arange(BAND_WINDOW_SAMPLES // 2 + 1) * REFERENCE_RATE / BAND_WINDOW_SAMPLES
_BANDS = np.array([(low <= _HERTZ) & (high > _HERTZ) for low, high in pairwise(BAND_EDGES_HZ)], np.float32).T
_BANDS_OF_PARTS = np.repeat(_BANDS, 2, axis=0)
"The same of real and imaginary parts."
_COMPARED = _BANDS.any(axis=1)
SILENT_BAND_POWER = SILENT_POWER * _BANDS.sum(axis=0)
_SILENT_TOTAL = 1e-9 * float(np.square(_WINDOW).sum()) * _BANDS.sum()
"""Of noise of -90 dBFS, in all bands."""


def coarse_bands(*sounds: Samples) -> list[Bands]:
    """Return the same for windows that do not overlap, of sounds of one length; all at once is cheap."""
    spectrum = np.fft.rfft(np.concatenate(sounds).reshape(-1, BAND_WINDOW_SAMPLES) * _WINDOW)
    together = np.square(spectrum.view(np.float32)) @ _BANDS_OF_PARTS
    together += SILENT_BAND_POWER
    each = len(together) // len(sounds)
    return [together[at : at + each] for at in range(0, len(together), each)]


def _spectrogram(samples: Samples) -> Powers:
    """Return a window per frame; each is two frames long."""
    windows = sliding_window_view(samples, BAND_WINDOW_SAMPLES)[::REFERENCE_FRAME_SAMPLES]
    spectrum = np.fft.rfft(windows * _WINDOW)
    return (spectrum.real**2 + spectrum.imag**2 + SILENT_POWER).astype(np.float32)


def reverberation_of(played: Bands, step: int = 1) -> tuple[Bands, Bands]:
    """Return the reverberation that is heard in each window, and what they leave of it."""
    count = len(played)
    reverberation = _MIXING[step][: count + 1, 1 : count + 1] @ played
    return reverberation[:-1], reverberation[-1]


def _mixing_of(step: int) -> Bands:
    """Return what the tail before some windows, and each of them, leaves to each window, and to those after them."""
    later, earlier = np.ogrid[: MAX_TAIL_STEPS + 1, -1:MAX_TAIL_STEPS]
    left = np.where(earlier < 0, TAIL_DECAY ** (step * later), TAIL_SHARE * TAIL_DECAY ** (step * (later - earlier)))
    return np.where(later > earlier, left, 0).astype(np.float32)


_MIXING = {step: _mixing_of(step) for step in (1, 2)}


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
        self.tail, self.noise = NO_TAIL, NO_TAIL
        "reverberation after the last judged window; power of what is always there"
        self.liveliness = 1.0
        "of the room: its reverberation relative to a lively one"

    def judge(self, heard: Bands, played: Bands) -> list[float]:
        """Return the share of each window's power that is no echo, 0 to 1, of the windows after those judged last."""
        rows = len(played) + 1
        mixed = _MIXING[JUDGED_STEP][:rows, :rows] @ np.concatenate((self.tail[None], played))
        self.tail, lively = mixed[-1], mixed[:-1]
        lively *= self.liveliness
        self._judged = heard, played, lively
        shares = self.unexplained(heard, (played + lively).astype(np.float32))
        self._least = np.minimum.reduce(heard)
        self.noise = np.clip(self._least, NOISE_FALL * self.noise, self.noise)
        return shares

    def unexplained(self, heard: Bands, expected: Bands) -> list[float]:
        """Return the same of any windows; `expected` is the echo before the gains."""
        self._echo = echo = expected * self._gains
        excess = np.maximum(heard - EXPLAINED_MARGIN * (echo + NOISE_MARGIN * self.noise), 0)
        sums = (np.concatenate((excess, heard, echo)) @ _ALL_BANDS).tolist()
        count = len(heard)
        self._totals, self._echoes = sums[count : 2 * count], sums[2 * count :]
        shares: list[float] = []
        for extra, total, loud in zip(sums[:count], self._totals, self._echoes, strict=True):
            self._loudest = max(loud, LOUDEST_MEMORY * self._loudest)
            shares.append(extra / (total + QUIET_RATIO * self._loudest))
        return shares

    def adapt(self) -> int:
        """Follow the echo with the windows judged last, which are nothing else; return how many can be heard."""
        heard, played, lively = self._judged
        self.noise = np.clip(self._least, self.noise, NOISE_RISE * self.noise)
        steps = np.where(heard > self._echo, GAIN_RISE, GAIN_FALL)
        for place, (total, echo) in enumerate(zip(self._totals, self._echoes, strict=True)):
            if total < HOLE_RATIO * echo:
                steps[place] = GAIN_FADE
        steps *= self._echo >= max(self._echoes) * SIGNIFICANT_SHARE
        all_steps = steps.sum(axis=0)
        steps *= lively <= FADING_RATIO * played
        gain_steps = steps.sum(axis=0)
        self._gains *= np.exp(gain_steps)
        change = float((all_steps - gain_steps) @ _ALL_BANDS) * LIVELINESS_RATE
        self.liveliness = min(max(self.liveliness * math.exp(change), MIN_LIVELINESS), 1.0)
        return sum(total > _AUDIBLE_TOTAL for total in self._totals)


class Fit(NamedTuple):
    """A sound as the echo of what was played."""

    model: EchoModel
    likeness: float
    "of the spectrograms, -1 to 1"
    surplus: float
    audible: int
    "windows that can be heard"


def fitted(sound: Samples, source: Samples) -> Fit:
    """Return what `sound` is as the echo of `source`, which is longer by REVERBERATION_FRAMES before it."""
    fine_heard, fine_played = _spectrogram(sound), _spectrogram(source)
    heard, played = fine_heard @ _BANDS, fine_played @ _BANDS
    reverberation, tail = reverberation_of(played)
    expected = (played + reverberation)[-len(heard) :]
    alike = likeness(heard, played[-len(heard) :], expected)
    fine_expected = (fine_played + reverberation_of(fine_played)[0])[-len(heard) :]
    more = surplus(fine_heard[:, _COMPARED], fine_expected[:, _COMPARED])
    model = EchoModel(heard, expected)
    model.tail = tail
    model.noise = heard[heard.sum(axis=1) > _SILENT_TOTAL].min(axis=0, initial=float(heard.max()))
    return Fit(model, alike, more, audible(heard))


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
