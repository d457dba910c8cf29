"""The true peak of an encoded file: the highest point of the curve between the samples (ITU-R BS.1770-5, annex 2).

Codecs overshoot, the more the fewer bits they have, so it is measured on what a player decodes. Takes CPU: call it in a
thread.
"""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import AudioFrame

MAX_TRUE_PEAK = 10 ** (-1 / 20)
"""−1 dBTP, as share of full scale: what podcast platforms ask for."""
_OVERSAMPLING = 4
_CHUNK_SAMPLES = 4096
_EDGE_SAMPLES = 128
"""Neighbours of a chunk, so that its edges do not ring."""
_MOST_BETWEEN = 10 ** (-3 / 20)
"""The curve of speech rises above its samples by less than 3 dB, so chunks that are quieter need no closer look."""


def true_peak(data: bytes) -> float:
    """Return the true peak of a file of the bot's own, as share of full scale."""
    import av  # takes 18 MiB, so only in a process that writes a file

    peak = 0.0
    held = np.zeros(_EDGE_SAMPLES, np.float32)
    with av.open(BytesIO(data), mode="r") as file:
        for frame in file.decode(audio=0):
            held = np.concatenate([held, _mono(frame)])
            while len(held) >= _CHUNK_SAMPLES + 2 * _EDGE_SAMPLES:
                peak = max(peak, _peak(held[: _CHUNK_SAMPLES + 2 * _EDGE_SAMPLES], peak))
                held = held[_CHUNK_SAMPLES:]
    return max(peak, _peak(np.concatenate([held, np.zeros(_EDGE_SAMPLES, np.float32)]), peak))


def _mono(frame: "AudioFrame") -> NDArray[np.float32]:
    samples = frame.to_ndarray().reshape(-1)
    return (samples if samples.dtype.kind == "f" else samples / 32768).astype(np.float32)


def _peak(samples: NDArray[np.float32], known: float) -> float:
    highest = float(np.abs(samples).max(initial=0.0))
    if highest <= max(known, MAX_TRUE_PEAK) * _MOST_BETWEEN:
        return highest
    spectrum = np.fft.rfft(samples)
    size = len(samples) * _OVERSAMPLING
    curve = np.fft.irfft(spectrum, size) * _OVERSAMPLING
    inner = slice(_EDGE_SAMPLES * _OVERSAMPLING, size - _EDGE_SAMPLES * _OVERSAMPLING)
    return float(np.abs(curve[inner]).max(initial=0.0))
