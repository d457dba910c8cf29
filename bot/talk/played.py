"""What the bot played lately, and when: the reference that its echo is looked for in.

Kept at 8 kHz, where speech has its energy. Time is counted in frames of 20 ms since the clock's zero.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bot.audio import FRAME_SECONDS, SPEAK_BYTES
from bot.types import Sent

Samples = NDArray[np.float32]

REFERENCE_RATE = 8_000
REFERENCE_FRAME_SAMPLES = 160
"""Samples of 20 ms."""
MAX_PLAYED_FRAMES = 160
"""Frames kept: 3.2 s, longer than any delay and the window that is compared."""
MAX_PACKET_JITTER_FRAMES = 6
"""A packet this late still follows the last one: who listens plays them without a gap."""
LONG_PAUSE_FRAMES = 50
"""Frames without sound after which the bot begins anew: 1 s, longer than its own pauses."""
LOUD_SAMPLE = 100
"""A frame with a sample above this may be heard to come back: -50 dBFS."""


_SILENT_OUTPUT_FRAME = bytes(SPEAK_BYTES)
_PLAYED_SCALE = np.float32(1 / 98304)
"""Of the sum of three samples to -1 … 1."""


class PlayedSound:
    """The last seconds of the bot's voice as sent."""

    def __init__(self) -> None:
        self._frames: list[bytes] = [_SILENT_OUTPUT_FRAME] * MAX_PLAYED_FRAMES
        "a ring: frame n is at n modulo its size"
        self._last_loud = [-MAX_PLAYED_FRAMES] * MAX_PLAYED_FRAMES
        "place in the ring -> the last loud frame up to there"
        self._next = 0
        "the frame after the newest one"
        self.began = -MAX_PLAYED_FRAMES
        "the first loud frame after the last long pause"

    def add(self, sent: Iterable[Sent]) -> None:
        """Note what was sent: frames of 20 ms, s16le mono 24 kHz. Several at once are cheaper."""
        frames = [(round(one.at / FRAME_SECONDS), one.pcm.ljust(SPEAK_BYTES, b"\0")[:SPEAK_BYTES]) for one in sent]
        if not frames:
            return
        samples = np.frombuffer(b"".join([pcm for _, pcm in frames]), "<i2").reshape(len(frames), -1)
        loud = (np.maximum.reduce(samples, axis=1) > LOUD_SAMPLE).tolist()
        for (frame, pcm), is_loud in zip(frames, loud, strict=True):
            if frame > self._next + MAX_PACKET_JITTER_FRAMES:
                self._skip_to(frame)
            self._put(pcm, is_loud)

    def silent_for(self, frame: int) -> int:
        """Return how many frames before `frame` the last loud one was, 0 if it is loud; many if it was long ago."""
        newest = min(frame, self._next - 1)
        if newest < self._next - MAX_PLAYED_FRAMES:
            return frame + MAX_PLAYED_FRAMES
        return frame - self._last_loud[newest % MAX_PLAYED_FRAMES]

    def samples(self, start: int, count: int) -> Samples:
        """Return `count` samples from `start` on, both at 8 kHz; silence where nothing is known."""
        first, offset = divmod(start, REFERENCE_FRAME_SAMPLES)
        last = (start + count - 1) // REFERENCE_FRAME_SAMPLES
        known = range(self._next - MAX_PLAYED_FRAMES, self._next)
        wanted = range(first, last + 1)
        frames = [self._frames[n % MAX_PLAYED_FRAMES] if n in known else _SILENT_OUTPUT_FRAME for n in wanted]
        samples = np.frombuffer(b"".join(frames), "<i2")
        summed = np.add(samples[::3], samples[1::3], dtype=np.float32)
        summed += samples[2::3]
        summed *= _PLAYED_SCALE
        return summed[offset : offset + count]

    def window(self, end: int, count: int, delay: int) -> Samples:
        """Return what was played `delay` samples before the `count` frames up to `end`."""
        return self.samples((end - count) * REFERENCE_FRAME_SAMPLES - delay, count * REFERENCE_FRAME_SAMPLES)

    def _skip_to(self, frame: int) -> None:
        """Fill the time in which nothing was sent."""
        if frame - self._next >= MAX_PLAYED_FRAMES:
            self._next = frame - MAX_PLAYED_FRAMES
        while self._next < frame:
            self._put(_SILENT_OUTPUT_FRAME, loud=False)

    def _put(self, pcm: bytes, loud: bool) -> None:
        place = self._next % MAX_PLAYED_FRAMES
        if loud and self._next - self._last_loud[place - 1] > LONG_PAUSE_FRAMES:
            self.began = self._next
        self._frames[place] = pcm
        self._last_loud[place] = self._next if loud else self._last_loud[place - 1]
        self._next += 1
