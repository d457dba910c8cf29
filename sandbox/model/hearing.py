"""Ears that know only the shipped recordings: which of them are in a piece of sound.

The spectrum over time of the sound is laid against that of each clip, at every offset (normalized cross-correlation).
A clip that was cut, by an early end of the utterance, gives about the share of its words that was heard.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.audio import HEAR_RATE
from sandbox import clips

STEP = 320
"""Samples between two columns: 20 ms."""
WINDOW = 512
BANDS = 24
ALIKE = 0.7
"""From this correlation on it is the clip: unlike sentences stay under 0.5, the same after Opus is over 0.85."""
SHORT_ALIKE = 0.85
"""For clips and pieces under SHORT, which have less to be told apart by: unlike ones reach 0.7."""
SHORT = 50
"""Columns: 1 s."""
SHORTEST = 12
"""Columns: 0.24 s, less is not looked at."""
MARGIN = 3
"""Columns of quiet kept at the ends."""
SLACK = 8
"""Columns of quiet put around a recording before clips are laid on it: a codec blurs its ends."""
QUIET = 0.12
"""Of the loudest column's level: less is quiet."""
DYNAMICS = 45.0
"""dB below the loudest column that still count."""

Columns = NDArray[np.float64]
Match = tuple[clips.Clip, float, int, int]
"""Clip, correlation, place, length in columns."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A clip in a recording."""

    clip: clips.Clip
    start: float
    "seconds, where it begins in the recording"
    score: float
    "correlation, up to 1"
    text: str
    "its sentence, or the part of it that was heard"


def recognise(pcm: bytes) -> list[Recognised]:
    """Return the clips in s16le mono 16 kHz, in order."""
    columns = spectrum(pcm)
    return _search(columns, 0) if len(columns) else []


def spectrum(pcm: bytes) -> Columns:
    """Return log band energies, one row per 20 ms, 0 at DYNAMICS below the loudest row."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    count = (len(samples) - WINDOW) // STEP + 1
    if count < SHORTEST or not samples.any():
        return np.empty((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2 @ _bands().T
    level = 10 * np.log10(power + 1e-3)
    return np.maximum(level - (level.max() - DYNAMICS), 0.0)


def _search(columns: Columns, offset: int) -> list[Recognised]:
    """Find the best whole clip, then look left and right of it; failing that, a part of a clip."""
    first, last = _ends(columns)
    columns, offset = columns[first:last], offset + first
    if len(columns) < SHORTEST:
        return []
    around = np.pad(columns, ((SLACK, SLACK), (0, 0)))
    whole = _best(
        (clip, *_slide(known, around), len(known)) for clip, known in _known().items() if len(known) <= len(around)
    )
    if whole:
        clip, score, at, length = whole
        start = max(0, offset - SLACK + at + MARGIN)
        found = Recognised(clip, start * STEP / HEAR_RATE, score, clip.sentence)
        after = offset - SLACK + at + length
        return [*_search(around[:at], offset - SLACK), found, *_search(around[at + length :], after)]
    part = _best(
        (clip, *_slide(columns, known), len(columns)) for clip, known in _known().items() if len(known) > len(columns)
    )
    if part:
        clip, score, at, length = part
        text = _share(clip, at, at + length)
        return [Recognised(clip, offset * STEP / HEAR_RATE, score, text)] if text else []
    return []


def _best(matches: Iterable[Match]) -> Match | None:
    """Return the longest of those that are alike enough, the most alike among equals."""
    alike = [match for match in matches if match[1] >= (ALIKE if match[3] >= SHORT else SHORT_ALIKE)]
    return max(alike, key=lambda match: (match[3], match[1]), default=None)


def _slide(short: Columns, long: Columns) -> tuple[float, int]:
    """Return the best correlation of `short` inside `long`, and where."""
    count = len(short)
    centred = short - short.mean(axis=0)
    size = 1 << (len(long) + count - 1).bit_length()
    product = np.fft.rfft(long, size, axis=0) * np.conj(np.fft.rfft(centred, size, axis=0))
    places = len(long) - count + 1
    shared = np.fft.irfft(product.sum(axis=1), size)[:places]
    sums = np.cumsum(np.pad(long, ((1, 0), (0, 0))), axis=0)
    squares = np.cumsum(np.pad((long**2).sum(axis=1), (1, 0)))
    spread = squares[count:] - squares[:-count] - ((sums[count:] - sums[:-count]) ** 2).sum(axis=1) / count
    norm = np.sqrt(np.maximum(spread, 1e-9) * (centred**2).sum() + 1e-9)
    scores = shared / norm
    at = int(np.argmax(scores))
    return float(scores[at]), at


def _ends(columns: Columns) -> tuple[int, int]:
    """Return where the sound begins and ends, leaving out the quiet around it."""
    if not len(columns) or not columns.any():
        return 0, 0
    loud = np.flatnonzero(_loud(columns))
    return int(loud[0]), int(loud[-1]) + 1


def _share(clip: clips.Clip, begin: int, end: int) -> str:
    """Return the words of a clip between two of its columns, as if all letters took equally long."""
    loud = np.cumsum(np.pad(_loud(_known()[clip]), (1, 0)))
    spaced = " " in clip.sentence
    units = clip.sentence.split(" ") if spaced else list(clip.sentence)
    letters = sum(map(len, units))
    taken: list[str] = []
    done = 0
    for unit in units:
        middle = (done + len(unit) / 2) / letters * loud[-1]
        done += len(unit)
        if loud[begin] <= middle < loud[end]:
            taken.append(unit)
    return (" " if spaced else "").join(taken)


def _loud(columns: Columns) -> NDArray[np.bool_]:
    level = columns.mean(axis=1)
    return level > QUIET * level.max()


@cache
def _known() -> dict[clips.Clip, Columns]:
    found: dict[clips.Clip, Columns] = {}
    for clip in clips.speech():
        columns = spectrum(clips.load(clip.id, HEAR_RATE))
        first, last = _ends(columns)
        found[clip] = np.pad(columns[first:last], ((MARGIN, MARGIN), (0, 0)))
    return found


@cache
def _bands() -> NDArray[np.float64]:
    """Return triangular weights, evenly spaced on the mel scale from 150 to 7,000 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 150 / 700), 2595 * np.log10(1 + 7000 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW, 1 / HEAR_RATE)
    rise = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None)
