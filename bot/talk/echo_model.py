"""How loud an echo must be, band by band, and how much of what is heard it leaves unexplained.

The echo of a frame is what was played `delay` before, with a tail for the reverberation of the room, times the gain of
each band. A canceller or a noise gate only takes away from that, so the gain follows the louder frames.
"""

import math
from typing import NamedTuple

import numpy as np

from bot.talk.echo_spectrum import (
    BAND_EDGES_HZ,
    BAND_WINDOW_SAMPLES,
    BANDS,
    SILENT_POWER,
    WINDOW,
    Bands,
    Powers,
    reverberation_of,
    spectrogram,
)
from bot.talk.echo_surplus import surplus
from bot.talk.played import Samples

REVERBERATION_FRAMES = 20
"""Frames after the sound in which its reverberation may still be heard: 0.4 s."""
FADING_RATIO = 4.0
"""Reverberation this far above the direct sound tells how lively the room is."""
LIVELINESS_RATE, MIN_LIVELINESS = 0.25, 0.01
"""Share of the bands' steps that it follows; a dry room."""
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
HOLE_RATIO = 10**-2.5
"""Less of the expected echo than this is a hole, which a canceller makes."""
AUDIBLE_POWER = 10 ** (-60 / 10)
"""Mean square of a frame that counts as an echo: -60 dBFS."""
_AUDIBLE_TOTAL = AUDIBLE_POWER * (3 / 8) * BAND_WINDOW_SAMPLES**2 / 2
_AUDIBLE_BAND_POWER = _AUDIBLE_TOTAL / 4
"""The same in all bands, and in the loudest one, which has about a fourth of a voice's power."""

_RISE_OVER_FALL = np.float32(GAIN_RISE - GAIN_FALL)
_EVERY_BAND = np.arange(len(BAND_EDGES_HZ) - 1)
_ALL_BANDS = np.ones(len(BAND_EDGES_HZ) - 1, np.float32)
_SILENT_TOTAL = SILENT_POWER * float(np.square(WINDOW).sum()) * BANDS.sum()
"""Of noise of -90 dBFS, in all bands."""


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
        self.noise = np.zeros_like(gains)
        "power of what is always there"
        self.liveliness = 1.0
        "of the room: its reverberation relative to a lively one"

    def judge(self, heard: Bands, played: Bands, reverberation: Bands) -> list[float]:
        """Return the share of each window's power that is no echo, 0 to 1, of the windows after those judged last."""
        lively: Bands = np.multiply(reverberation, self.liveliness, dtype=np.float32)
        self._judged = heard, played, lively
        shares = self.unexplained(heard, played + lively)
        self._least = np.minimum.reduce(heard)
        self.noise = np.minimum(np.maximum(self._least, NOISE_FALL * self.noise), self.noise)
        return shares

    def unexplained(self, heard: Bands, expected: Bands) -> list[float]:
        """Return the same of any windows; `expected` is the echo before the gains."""
        self._echo = echo = expected * self._gains
        excess = heard - EXPLAINED_MARGIN * echo
        excess -= EXPLAINED_MARGIN * NOISE_MARGIN * self.noise
        np.maximum(excess, 0, out=excess)
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
        self.noise = np.minimum(np.maximum(self._least, self.noise), NOISE_RISE * self.noise)
        steps = (heard > self._echo) * _RISE_OVER_FALL
        steps += GAIN_FALL
        for place, (total, echo) in enumerate(zip(self._totals, self._echoes, strict=True)):
            if total < HOLE_RATIO * echo:
                steps[place] = GAIN_FADE
        steps *= self._echo >= max(self._echoes) * SIGNIFICANT_SHARE
        all_steps = np.add.reduce(steps)
        steps *= lively <= FADING_RATIO * played
        gain_steps = np.add.reduce(steps)
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
    tail: Powers
    "reverberation after it"


def fitted(sound: Samples, source: Samples) -> Fit:
    """Return what `sound` is as the echo of `source`, which is longer by REVERBERATION_FRAMES before it."""
    fine_heard, fine_played = spectrogram(sound), spectrogram(source)
    reverberation, tail = reverberation_of(fine_played)
    fine_played, fine_expected = (powers[-len(fine_heard) :] for powers in (fine_played, fine_played + reverberation))
    heard, played, expected = (powers @ BANDS for powers in (fine_heard, fine_played, fine_expected))
    alike, more = likeness(heard, played, expected), surplus(fine_heard, fine_expected)
    model = EchoModel(heard, expected)
    model.noise = heard[heard.sum(axis=1) > _SILENT_TOTAL].min(axis=0, initial=float(heard.max()))
    return Fit(model, alike, more, audible(heard), tail)


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


def _levels(powers: Bands) -> Bands:
    levels = np.log(powers + powers.max() * 1e-4)
    return levels - levels.mean(axis=0)
