"""Finds the shipped recordings in a piece of audio. It recognises nothing else.

It compares the spectrogram of the audio with that of each clip at every offset (normalized cross-correlation). If the
end of the utterance came early and cut the clip, it returns about the share of the words that the audio contains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.audio import HEAR_RATE
from sandbox import clips

STEP_SAMPLES = 320
"""Distance between two columns: 20 ms."""
WINDOW_SAMPLES = 512
MEL_BANDS = 24
MIN_CORRELATION = 0.7
"""From this correlation on, it is the clip: other sentences stay under 0.5, the same one after Opus exceeds 0.85."""
MIN_SHORT_CORRELATION = 0.85
"""For anything shorter than SHORT_COLUMNS, which has less to compare: different sounds reach 0.7."""
SHORT_COLUMNS = 50
"""1 s."""
MIN_COLUMNS = 12
"""0.24 s. Anything shorter is not searched."""
MARGIN_COLUMNS = 3
"""Quiet columns kept at both ends of a clip."""
PADDING_COLUMNS = 8
"""Quiet columns added around a recording before the search, because a codec blurs its ends."""
QUIET_RATIO = 0.12
"""A column below this share of the loudest column's level is quiet."""
DYNAMIC_RANGE_DB = 45.0
"""Levels further below the loudest column than this are cut off."""

Columns = NDArray[np.float64]
Match = tuple[clips.Clip, float, int, int]
"""Clip, correlation, position and length in columns."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A clip found in a recording."""

    clip: clips.Clip
    start: float
    "seconds from the start of the recording"
    score: float
    "correlation, up to 1"
    text: str
    "its sentence, or the part of it that the recording contains"


def recognise(pcm: bytes) -> list[Recognised]:
    """Return the clips found in s16le mono 16 kHz, in order."""
    columns = spectrum(pcm)
    return _search(columns, 0) if len(columns) else []


def spectrum(pcm: bytes) -> Columns:
    """Return log band energies, one row per 20 ms. 0 is DYNAMIC_RANGE_DB below the loudest value."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    count = (len(samples) - WINDOW_SAMPLES) // STEP_SAMPLES + 1
    if count < MIN_COLUMNS or not samples.any():
        return np.empty((0, MEL_BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::STEP_SAMPLES] * np.hanning(
        WINDOW_SAMPLES
    )
    power = np.abs(np.fft.rfft(frames)) ** 2 @ _bands().T
    level = 10 * np.log10(power + 1e-3)
    return np.maximum(level - (level.max() - DYNAMIC_RANGE_DB), 0.0)


def _search(columns: Columns, offset: int) -> list[Recognised]:
    """Find the best whole clip, then search left and right of it. If there is none, find a part of a clip."""
    first, last = _ends(columns)
    columns, offset = columns[first:last], offset + first
    if len(columns) < MIN_COLUMNS:
        return []
    around = np.pad(columns, ((PADDING_COLUMNS, PADDING_COLUMNS), (0, 0)))
    whole = _best(
        (clip, *_slide(known, around), len(known)) for clip, known in _known().items() if len(known) <= len(around)
    )
    if whole:
        clip, score, at, length = whole
        start = max(0, offset - PADDING_COLUMNS + at + MARGIN_COLUMNS)
        found = Recognised(clip, start * STEP_SAMPLES / HEAR_RATE, score, clip.sentence)
        after = offset - PADDING_COLUMNS + at + length
        return [*_search(around[:at], offset - PADDING_COLUMNS), found, *_search(around[at + length :], after)]
    part = _best(
        (clip, *_slide(columns, known), len(columns)) for clip, known in _known().items() if len(known) > len(columns)
    )
    if part:
        clip, score, at, length = part
        text = _share(clip, at, at + length)
        return [Recognised(clip, offset * STEP_SAMPLES / HEAR_RATE, score, text)] if text else []
    return []


def _best(matches: Iterable[Match]) -> Match | None:
    """Return the longest match with enough correlation. Among equal lengths, the best correlation wins."""
    alike = [
        match
        for match in matches
        if match[1] >= (MIN_CORRELATION if match[3] >= SHORT_COLUMNS else MIN_SHORT_CORRELATION)
    ]
    return max(alike, key=lambda match: (match[3], match[1]), default=None)


def _slide(short: Columns, long: Columns) -> tuple[float, int]:
    """Return the best correlation of `short` inside `long`, and its position."""
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
    """Return where the sound begins and ends, without the quiet around it."""
    if not len(columns) or not columns.any():
        return 0, 0
    loud = np.flatnonzero(_loud(columns))
    return int(loud[0]), int(loud[-1]) + 1


def _share(clip: clips.Clip, begin: int, end: int) -> str:
    """Return the words of a clip between two of its columns, assuming that every letter takes equally long."""
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
    return level > QUIET_RATIO * level.max()


@cache
def _known() -> dict[clips.Clip, Columns]:
    found: dict[clips.Clip, Columns] = {}
    for clip in clips.speech():
        columns = spectrum(clips.load(clip.id, HEAR_RATE))
        first, last = _ends(columns)
        found[clip] = np.pad(columns[first:last], ((MARGIN_COLUMNS, MARGIN_COLUMNS), (0, 0)))
    return found


@cache
def _bands() -> NDArray[np.float64]:
    """Return triangular weights, evenly spaced on the mel scale from 150 to 7,000 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 150 / 700), 2595 * np.log10(1 + 7000 / 700), MEL_BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / HEAR_RATE)
    rise = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None)
