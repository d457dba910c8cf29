"""What the bot played lately, and when: the reference that its echo is looked for in.

Kept at 8 kHz, where speech has its energy. Time is counted in frames of 20 ms since the clock's zero.
"""

from collections import deque
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
BUFFER_FRAMES = 2 * MAX_PLAYED_FRAMES
"""Frames there is room for, so that each moves only once."""
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
        self._samples = np.zeros(BUFFER_FRAMES * REFERENCE_FRAME_SAMPLES, np.float32)
        "at 8 kHz, ends with frame `_next` but for the unread; the oldest go when it is full"
        self._filled = MAX_PLAYED_FRAMES * REFERENCE_FRAME_SAMPLES
        self._unread: deque[bytes] = deque(maxlen=MAX_PLAYED_FRAMES)
        "frames that nobody has compared with anything yet: most are sent while nobody speaks"
        self._last_loud = [-MAX_PLAYED_FRAMES] * MAX_PLAYED_FRAMES
        "a ring: place of frame n, n modulo its size -> the last loud frame up to there"
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
        """Return `count` samples from `start` on, both at 8 kHz; silence where nothing is known. To be used at once."""
        if self._unread:
            self._read()
        place = self._filled - (self._next * REFERENCE_FRAME_SAMPLES - start)
        oldest = self._filled - MAX_PLAYED_FRAMES * REFERENCE_FRAME_SAMPLES
        if oldest <= place <= self._filled - count:
            return self._samples[place : place + count]
        samples = np.zeros(count, np.float32)
        first, last = max(place, oldest), min(place + count, self._filled)
        if first < last:
            samples[first - place : last - place] = self._samples[first:last]
        return samples

    def window(self, end: int, count: int, delay: int) -> Samples:
        """Return what was played `delay` samples before the `count` frames up to `end`."""
        return self.samples((end - count) * REFERENCE_FRAME_SAMPLES - delay, count * REFERENCE_FRAME_SAMPLES)

    def _read(self) -> None:
        """Bring the unread frames to 8 kHz, once for all who are compared with them."""
        samples = np.frombuffer(b"".join(self._unread), "<i2")
        self._unread.clear()
        size = len(samples) // 3
        if self._filled + size > len(self._samples):
            kept = MAX_PLAYED_FRAMES * REFERENCE_FRAME_SAMPLES - size
            self._samples[:kept] = self._samples[self._filled - kept : self._filled]
            self._filled = kept
        summed = np.add(samples[::3], samples[1::3], dtype=np.float32)
        summed += samples[2::3]
        np.multiply(summed, _PLAYED_SCALE, out=self._samples[self._filled : self._filled + size])
        self._filled += size

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
        self._unread.append(pcm)
        self._last_loud[place] = self._next if loud else self._last_loud[place - 1]
        self._next += 1
