"""What one person sent lately, frame by frame, by when they made it: RTP time placed on the call's clock.

RTP time runs evenly while a network or a busy process brings packets late and then all at once. What comes early shows
that what came before it was late; what comes late shows nothing, unless all else is late from then on, too.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from bot.audio import HEAR_BYTES, RTP_STEP
from bot.talk.played import Samples
from bot.types import Frame

MAX_OFF_FRAMES = 10
"""Frames by which the place of a frame may be off: 0.2 s."""
MAX_JUMP_FRAMES = 50
"""This much (1 s) later or earlier than the tick before, it is another RTP time: a new stream, or a pause without."""
MAX_LATE_TICKS = 150
"""Ticks in a row with late frames only, after which it is the clocks that differ."""
MUTED_FRAME = bytes(HEAR_BYTES)
_HEARD_SCALE = np.float32(1 / 65536)
"""Of the sum of two samples to -1 … 1."""


class HeardSound:
    """One person's last frames. Each has a number: the frames of 20 ms since the clock's zero."""

    def __init__(self, size: int) -> None:
        """`size` frames are kept."""
        self._frames: deque[tuple[int, bytes]] = deque(maxlen=size)
        self._anchor: int | None = None
        "number of the frame with RTP time 0"
        self._last = 0
        "the same as it seemed in the last tick"
        self._late = 0
        "ticks in a row with late frames only"

    def __bool__(self) -> bool:
        return bool(self._frames)

    @property
    def end(self) -> int:
        """The number after the newest frame's."""
        return self._frames[-1][0] + 1

    def place(self, frames: Sequence[Frame], arrived: int) -> int:
        """Place a tick's frames in time, before they are added; return by how much those before them moved.

        `arrived`: number of the tick.
        """
        anchor = arrived - frames[-1].timestamp // RTP_STEP
        jump, self._last = abs(anchor - self._last), anchor
        if self._anchor is None or jump > MAX_JUMP_FRAMES:
            self._anchor, self._late = anchor, 0
            self._frames.clear()
            return 0
        moved = anchor - self._anchor
        self._late = self._late + 1 if moved > MAX_OFF_FRAMES else 0
        if moved >= -MAX_OFF_FRAMES and self._late < MAX_LATE_TICKS:
            return 0
        self._anchor, self._late = anchor, 0
        self._frames = deque(((number + moved, pcm) for number, pcm in self._frames), self._frames.maxlen)
        return moved

    def number_of(self, frame: Frame) -> int:
        """Return the number of a frame that was placed."""
        return frame.timestamp // RTP_STEP + (self._anchor or 0)

    def add(self, frame: Frame) -> int:
        """Keep a frame that was placed, and return its number."""
        number = self.number_of(frame)
        self._frames.append((number, frame.pcm))
        return number

    def window(self, end: int, count: int) -> Samples:
        """Return the `count` frames up to `end`, at 8 kHz; silence where none came."""
        recent = [self._frames[place] for place in range(-min(count, len(self._frames)), 0)]
        if len(recent) == count and recent[0][0] == end - count:
            sound = b"".join([pcm for _, pcm in recent])
        else:
            sounds = dict(recent)
            sound = b"".join(sounds.get(number, MUTED_FRAME) for number in range(end - count, end))
        samples = np.frombuffer(sound, "<i2")
        summed = np.add(samples[::2], samples[1::2], dtype=np.float32)
        summed *= _HEARD_SCALE
        return summed
