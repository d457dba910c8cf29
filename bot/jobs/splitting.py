"""Where a programme that is too long for one file is cut: between chapters, else in a pause."""

import math
from collections.abc import Sequence

import numpy as np

from bot.audio import SPEAK_RATE

_LEAST_SHARE = 0.5
"""A cut is looked for in the second half of what fits, so that files are not too short."""
_CUTTABLE_PAUSE_SECONDS = 0.15
_PAUSE_FRAME_SAMPLES = 240
_PAUSE_PEAK = 0.006
"""Share of full scale; quieter sound is a pause."""
_CUT_FADE_SECONDS = 0.02


def file_ends(seconds: float, most: float, chapters: Sequence[float], pauses: Sequence[float]) -> list[float]:
    """Return where each file ends, none longer than `most` seconds. `chapters`: where each begins.

    Of the pauses the one is taken that leaves files of even length, so that the last is not a single sentence.
    """
    start, ends = 0.0, []
    while (rest := seconds - start) > most:
        latest = start + most
        even = start + rest / math.ceil(rest / most)
        between = [at for at in chapters if start + most * _LEAST_SHARE < at <= latest]
        within = [at for at in pauses if start + (even - start) * _LEAST_SHARE < at <= latest]
        start = between[-1] if between else min(within, key=lambda at: abs(at - even), default=latest)
        ends.append(start)
    return [*ends, seconds]


def pauses_in(pcm: bytes) -> list[float]:
    """Return the middles of the pauses in speech, in seconds; s16le mono 24 kHz."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    frames = samples[: len(samples) // _PAUSE_FRAME_SAMPLES * _PAUSE_FRAME_SAMPLES].reshape(-1, _PAUSE_FRAME_SAMPLES)
    quiet = (frames.max(axis=1, initial=0) < _PAUSE_PEAK * 32768).astype(int)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet, [0]]))).reshape(-1, 2)
    frame = _PAUSE_FRAME_SAMPLES / SPEAK_RATE
    return [float(begin + end) / 2 * frame for begin, end in edges if (end - begin) * frame >= _CUTTABLE_PAUSE_SECONDS]


def faded(piece: bytes, at: int, length: int, *, first: bool, last: bool) -> bytes:
    """Fade a piece of a file in and out where the file was cut. `at`: its first sample, of `length` in the file."""
    size = round(_CUT_FADE_SECONDS * SPEAK_RATE)
    end = at + len(piece) // 2
    if (first or at >= size) and (last or end <= length - size):
        return piece
    places = np.arange(at, end)
    rise = np.ones(len(places)) if first else np.minimum(1.0, places / size)
    fall = np.ones(len(places)) if last else np.minimum(1.0, (length - places) / size)
    return np.rint(np.frombuffer(piece, "<i2") * np.minimum(rise, fall)).astype("<i2").tobytes()
