"""Other sample rates -> 24 kHz, for servers that do not stream OpenAI's rate."""

import numpy as np

from bot.audio import SPEAK_RATE


class Resampler:
    """Linear interpolation that continues across parts.

    Simple on purpose: only few servers need it, and speech from 16, 22.05, 44.1 or 48 kHz stays clear.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self.source = (rate, channels)
        self._step = rate / SPEAK_RATE
        "input samples per output sample"
        self._channels = channels
        self._last = np.zeros(0)
        self._at = 0.0
        "position of the next output sample, relative to `_last`"

    def feed(self, data: bytes) -> bytes:
        """Return s16le mono 24 kHz, as far as the whole s16le samples in `data` determine it."""
        fresh = np.frombuffer(data, "<i2").reshape(-1, self._channels).mean(axis=1)
        samples = np.concatenate((self._last, fresh))
        if samples.size < 2:
            self._last = samples
            return b""
        points = np.arange(self._at, samples.size - 1, self._step)
        out = np.interp(points, np.arange(samples.size), samples)
        self._at = (points[-1] + self._step if points.size else self._at) - (samples.size - 1)
        self._last = samples[-1:]
        return np.round(out).astype("<i2").tobytes()
