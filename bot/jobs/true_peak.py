"""The loudness and the true peak of encoded files: the highest point of the curve between the samples.

Both by ITU-R BS.1770-5. Codecs overshoot and lose high sounds, the more the fewer bits they have, so both are measured
on what a player decodes. Takes CPU: call it in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.audio import SPEAK_RATE
from bot.jobs.loudness import Meter

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler

MAX_TRUE_PEAK = 10 ** (-1 / 20)
"""−1 dBTP, as share of full scale: what podcast platforms ask for."""
_OVERSAMPLING = 4
_CHUNK_SAMPLES = 4096
_TAKEN_SAMPLES = 1 << 16
"""Of the decoder at a time, for there are fewer steps with more of them."""
_EDGE_SAMPLES = 128
"""Neighbours of a chunk, so that its edges do not ring."""
_MOST_BETWEEN = 10 ** (-3 / 20)
"""The curve of speech rises above its samples by less than 3 dB, so chunks that are quieter need no closer look."""


@dataclass(frozen=True, slots=True)
class MeasuredFiles:
    """What a player makes of files."""

    peak: float
    "share of full scale"
    loudness: float
    "LUFS of all of them"


def played(files: Sequence[bytes]) -> MeasuredFiles:
    """Decode files of the bot's own and measure them."""
    meter = Meter(SPEAK_RATE)
    return MeasuredFiles(max(_played(data, meter) for data in files), meter.integrated)


def _played(data: bytes, meter: Meter) -> float:
    """Feed a file to the meter; return its true peak."""
    import av  # takes 18 MiB, so only in a process that writes a file

    peak = 0.0
    held = np.zeros(_EDGE_SAMPLES, np.float32)
    fifo = av.AudioFifo()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SPEAK_RATE)

    def take(frame: "AudioFrame") -> None:
        nonlocal peak, held
        held = np.concatenate([held, _mono(frame)])
        at = 0
        while len(held) - at >= _CHUNK_SAMPLES + 2 * _EDGE_SAMPLES:
            peak = max(peak, _peak(held[at : at + _CHUNK_SAMPLES + 2 * _EDGE_SAMPLES], peak))
            at += _CHUNK_SAMPLES
        held = held[at:]
        _feed(meter, resampler, frame)

    with av.open(BytesIO(data), mode="r") as file:
        for frame in file.decode(audio=0):
            frame.pts = None  # else the queue compares it with what it expects
            fifo.write(frame)
            if fifo.samples >= _TAKEN_SAMPLES and (taken := fifo.read()):
                take(taken)
        if rest := fifo.read():
            take(rest)
        _feed(meter, resampler, None)
    return max(peak, _peak(np.concatenate([held, np.zeros(_EDGE_SAMPLES, np.float32)]), peak))


def _feed(meter: Meter, resampler: "AudioResampler", frame: "AudioFrame | None") -> None:
    for part in resampler.resample(frame):
        meter.feed(bytes(part.planes[0])[: part.samples * 2])


def _mono(frame: "AudioFrame") -> NDArray[np.float32]:
    samples = frame.to_ndarray().reshape(-1)
    return (samples if samples.dtype.kind == "f" else samples / 32768).astype(np.float32, copy=False)


def _peak(samples: NDArray[np.float32], known: float) -> float:
    highest = float(np.abs(samples).max(initial=0.0))
    if highest <= max(known, MAX_TRUE_PEAK) * _MOST_BETWEEN:
        return highest
    spectrum = np.fft.rfft(samples)
    size = len(samples) * _OVERSAMPLING
    curve = np.fft.irfft(spectrum, size) * _OVERSAMPLING
    inner = slice(_EDGE_SAMPLES * _OVERSAMPLING, size - _EDGE_SAMPLES * _OVERSAMPLING)
    return float(np.abs(curve[inner]).max(initial=0.0))
