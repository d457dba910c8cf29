"""Sound as it comes -> parts of a few minutes, without long silences, at a level at which speech is understood."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bot.files.recordings.facts import MAX_SILENCE_SECONDS
from bot.files.recordings.samples import Samples
from bot.files.recordings.track import Piece

_SILENT_PEAK = 1.5 / 32768
"""What zeros of 16 bits become at most, with the noise that keeps them from being exact."""
_SILENT_EDGE_SECONDS = 0.1
"""A piece that begins or ends with less silence is sound as a whole."""
_QUIET_LEVEL = 10 ** (-30 / 20)
"""Speech below this level is raised to the working level."""
_WORKING_LEVEL = 10 ** (-16 / 20)
_LEVEL_SECONDS = 0.05
_LEVEL_PERCENTILE = 98
"""Level of the loudest 2 %: of speech, even where little is said."""
_PAUSE_RATIO = 0.1
"""A part this much quieter than a part before it is a pause, and stays quieter."""
_MAX_GAIN = 10 ** (60 / 20)
_MAX_OFFSET = 0.01
"""A larger offset from zero is taken out."""
_FULL_SCALE = 32768.0
_LOUD_PEAK = 0.25
"""A piece with a louder one is kept as it is, which saves scaling it back: 16 bits are enough for it."""
_PIECE_SAMPLES = 1 << 16


class PartBuffer:
    """Holds the sound of one part, 16 bits a sample; each piece has its own power of two, so quiet sound loses none."""

    def __init__(self, capacity: int, rate: int) -> None:
        self.size = 0
        self._capacity = capacity
        self._level_samples = round(_LEVEL_SECONDS * rate)
        self._samples: NDArray[np.int16] = np.empty(capacity, np.int16)
        self._pieces: list[tuple[int, int, float]] = []
        "where each piece begins and ends, and its scale"
        self._levels: list[Samples] = []
        self._sum = self._peak = self._loudest = 0.0

    def feed(self, samples: Samples) -> Samples:
        """Take what fits; return the rest."""
        fitting = samples[: self._capacity - self.size]
        for at in range(0, len(fitting), _PIECE_SAMPLES):
            self._take(fitting[at : at + _PIECE_SAMPLES])
        return samples[len(fitting) :]

    def clear(self, kept: Samples | None = None) -> None:
        """Begin the next part, with `kept`."""
        self._pieces.clear()
        self._levels.clear()
        self.size, self._sum, self._peak = 0, 0.0, 0.0
        if kept is not None:
            self.feed(kept)

    def tail(self, count: int) -> Samples:
        """Return the last `count` samples as they came."""
        found = [
            self._piece(number) for number in range(len(self._pieces)) if self._pieces[number][1] > self.size - count
        ]
        return np.concatenate(found)[-count:] if found and count else np.zeros(0, np.float32)

    def sound(self) -> Iterator[memoryview]:
        """Yield the part at its working level, s16le; valid until the next part."""
        gain = self._gain()
        offset = self._sum / self.size if self.size else 0.0
        offset = offset if abs(offset) > _MAX_OFFSET else 0.0
        for start, end, scale in self._pieces:
            found = self._samples[start:end]
            if gain != 1.0 or scale != 1.0 or offset:
                found = _rounded(found * np.float32(scale * gain) - np.float32(offset * gain * _FULL_SCALE))
            yield found.astype("<i2", copy=False).data.cast("B")

    def _take(self, samples: Samples) -> None:
        peak = _peak_of(samples)
        scale = 1.0 if _LOUD_PEAK < peak <= 1.0 else max(2.0**-24, 2.0 ** int(np.frexp(peak)[1]))
        end = self.size + len(samples)
        # Within full scale by the choice of the scale, but for a peak that rounds up to 32768.
        scaled = samples * np.float32(_FULL_SCALE / scale)
        np.rint(scaled, out=scaled)
        if peak * _FULL_SCALE / scale >= _FULL_SCALE - 1:
            np.minimum(scaled, _FULL_SCALE - 1, out=scaled)
        self._samples[self.size : end] = scaled
        self._pieces.append((self.size, end, scale))
        self.size = end
        self._peak = max(self._peak, peak)
        whole = len(samples) // self._level_samples * self._level_samples
        frames = samples[:whole].reshape(-1, self._level_samples)
        sums = np.einsum("ij->i", frames)
        self._sum += float(sums.sum(dtype=np.float64)) + float(samples[whole:].sum(dtype=np.float64))
        if whole:
            power = np.einsum("ij,ij->i", frames, frames) / self._level_samples - (sums / self._level_samples) ** 2
            self._levels.append(np.sqrt(np.maximum(power, 0.0)))

    def _piece(self, number: int) -> Samples:
        start, end, scale = self._pieces[number]
        return self._samples[start:end] * np.float32(scale / _FULL_SCALE)

    def _gain(self) -> float:
        level = float(np.percentile(np.concatenate(self._levels), _LEVEL_PERCENTILE)) if self._levels else 0.0
        level = max(level, self._loudest * _PAUSE_RATIO)
        self._loudest = max(self._loudest, level)
        if 0 < level < _QUIET_LEVEL:
            return min(_WORKING_LEVEL / level, _MAX_GAIN)
        return 1.0 / self._peak if self._peak > 1.0 else 1.0


def in_parts(
    pieces: Iterable[Piece], seconds: float, overlap: float, rate: int
) -> Iterator[tuple[float, bool, PartBuffer]]:
    """Cut a recording into parts of `seconds`. Each begins with the last `overlap` seconds of the one before.

    Yields where a part begins, whether it is the last, and its sound, valid until the next part.
    """
    buffer, kept, most_silence = (
        PartBuffer(round(seconds * rate), rate),
        round(overlap * rate),
        MAX_SILENCE_SECONDS * rate,
    )
    start = end = silence = 0

    def full(samples: Samples) -> Iterator[tuple[float, bool, PartBuffer]]:
        nonlocal start
        while len(samples := buffer.feed(samples)):
            yield start / rate, False, buffer
            start += buffer.size - kept
            buffer.clear(buffer.tail(kept))

    for piece in pieces:
        silence += max(0, piece.at - end)
        end = piece.at + len(piece.samples)
        first, behind = _sounding(piece.samples, rate)
        silence += first
        if first == behind:
            continue
        if silence > most_silence:
            if buffer.size:
                yield start / rate, False, buffer
                buffer.clear()
            start = piece.at + first
        else:
            yield from full(np.zeros(silence, np.float32))
        silence = len(piece.samples) - behind
        yield from full(piece.samples[first:behind])
    if buffer.size and silence <= most_silence:
        yield from full(np.zeros(silence, np.float32))
    if buffer.size:
        yield start / rate, True, buffer


def _sounding(samples: Samples, rate: int) -> tuple[int, int]:
    """Return where the sound of a piece begins and ends: at its ends, unless these are silent for a while."""
    edge = round(_SILENT_EDGE_SECONDS * rate)
    if _peak_of(samples[: edge + 1]) >= _SILENT_PEAK <= _peak_of(samples[-edge - 1 :]):
        return 0, len(samples)
    loud = np.abs(samples) >= _SILENT_PEAK
    first = int(loud.argmax()) if loud.size else 0
    if not loud[first : first + 1].any():
        return len(samples), len(samples)
    behind = len(samples) - int(loud[::-1].argmax())
    return (first if first > edge else 0), (behind if len(samples) - behind > edge else len(samples))


def _peak_of(samples: Samples) -> float:
    return max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))


def _rounded(samples: Samples) -> NDArray[np.int16]:
    """Return samples of which full scale is 32768 as 16 bits. It writes into what it is given."""
    np.rint(samples, out=samples)
    np.clip(samples, -32768, 32767, out=samples)
    return samples.astype(np.int16)
