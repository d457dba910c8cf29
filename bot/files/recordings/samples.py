"""Decoded frames of FFmpeg as floating-point samples."""

from typing import TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Full scale is 1. One dimension: mono. Two: channels, then samples."""
_SAMPLE_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
"""What FFmpeg calls packed samples -> what numpy calls them. Planar ones have a "p" behind."""


def channels_of(frame: av.AudioFrame) -> Samples:
    """Return the channels of a frame: shape (channels, samples)."""
    count = frame.layout.nb_channels
    kind = np.dtype(_SAMPLE_TYPES[frame.format.packed.name])
    if frame.format.is_planar:
        # As many as there are channels: of eight or more, PyAV lists one too many.
        raw = np.stack([np.frombuffer(memoryview(plane), kind, frame.samples) for plane in frame.planes[:count]])
    else:
        raw = np.frombuffer(memoryview(frame.planes[0]), kind, frame.samples * count).reshape(-1, count).T
    match raw.dtype.kind:
        case "f":
            found = raw.astype(np.float32)
        case "u":
            found = (raw.astype(np.float32) - 128) / 128
        case _:
            found = raw.astype(np.float32) / (1 << 8 * raw.dtype.itemsize - 1)
    return np.nan_to_num(found, posinf=1.0, neginf=-1.0).astype(np.float32, copy=False)


def mono_of(frame: av.AudioFrame) -> Samples:
    """Return the samples of a frame that is mono and of 32-bit floats, without a copy."""
    samples = np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples)
    return samples if np.isfinite(samples).all() else np.nan_to_num(samples, posinf=1.0, neginf=-1.0)


def frame_of(samples: Samples, rate: int, pts: int | None = None) -> av.AudioFrame:
    """Return mono samples as a frame."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    frame.pts = pts
    return frame


def power(samples: Samples) -> float:
    """Return the mean square of samples without their offset from zero."""
    return float(samples.var()) if samples.size else 0.0
