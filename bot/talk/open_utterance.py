"""The utterance that is still being spoken: its frames, and which of them were voiced."""

from collections.abc import Iterable

import numpy as np

from bot.audio import FRAME_SECONDS

DENSE, DENSE_WINDOW = 0.24, 0.6
"""Seconds voiced within some window of this length: any word has them, the strokes of a keyboard do not add up."""
SEARCH = 10.0
"""Seconds before the cap in which the quietest point is looked for."""
QUIET = 5
"""Frames (100 ms) whose sound is summed to find it: about a gap between words."""


class OpenUtterance:
    """Grows frame by frame; `trailing` counts the frames since the last voiced one."""

    def __init__(
        self, passage_id: int, started_at: float, frames: Iterable[tuple[bytes, bool]], goes_on: bool = False
    ) -> None:
        """`goes_on`: this is the rest of an utterance that was cut for its length."""
        self.id = passage_id
        self.started_at = started_at
        self.goes_on = goes_on
        self.trailing = 0
        self._frames: list[bytes] = []
        self._voiced = bytearray()
        self._voiced_frames = 0
        for pcm, voiced in frames:
            self.append(pcm, voiced)

    def __len__(self) -> int:
        return len(self._frames)

    def append(self, pcm: bytes, voiced: bool) -> None:
        self._frames.append(pcm)
        self._voiced.append(voiced)
        self._voiced_frames += voiced
        self.trailing = 0 if voiced else self.trailing + 1

    @property
    def voiced(self) -> float:
        """Seconds that the VAD called speech."""
        return self._voiced_frames * FRAME_SECONDS

    @property
    def dense(self) -> bool:
        """Whether the voiced frames come together somewhere, as in a word."""
        flags = np.frombuffer(bytes(self._voiced), np.uint8).astype(np.int32)
        window = np.ones(round(DENSE_WINDOW / FRAME_SECONDS), np.int32)
        return bool(np.convolve(flags, window).max(initial=0) * FRAME_SECONDS >= DENSE)

    def pcm(self, tail: int | None) -> bytes:
        """Return the sound with at most `tail` frames after the last voiced one; None: all of it."""
        return b"".join(self._frames if tail is None else self._frames[: self._kept(tail)])

    def after(self, tail: int) -> list[bytes]:
        """Return the frames that `pcm(tail)` leaves out."""
        return self._frames[self._kept(tail) :]

    def split(self, rest_id: int, now: float) -> "OpenUtterance":
        """Cut at the quietest point of the last seconds; keep what is before it and return the rest.

        `now` is when the last frame ended, in seconds on the call's clock.
        """
        cut = self._quietest()
        rest = list(zip(self._frames[cut:], map(bool, self._voiced[cut:]), strict=True))
        del self._frames[cut:], self._voiced[cut:]
        self._voiced_frames = sum(self._voiced)
        # Late frames come all at once: by the clock the rest may then have begun before its beginning.
        started_at = max(now - len(rest) * FRAME_SECONDS, self.started_at + FRAME_SECONDS)
        return OpenUtterance(rest_id, started_at, rest, goes_on=True)

    def _kept(self, tail: int) -> int:
        return len(self._frames) - max(0, self.trailing - tail)

    def _quietest(self) -> int:
        first = max(1, len(self._frames) - round(SEARCH / FRAME_SECONDS), len(self._frames) // 2)
        samples = np.frombuffer(b"".join(self._frames[first:]), "<i2").astype(np.float32)
        power = np.square(samples).reshape(len(self._frames) - first, -1).sum(axis=1)
        around = np.convolve(power, np.ones(QUIET), "same")
        # Near the edges fewer frames are summed, which must not look like quiet.
        edge = QUIET // 2
        if len(around) <= QUIET:
            return len(self._frames) - 1
        return first + edge + int(np.argmin(around[edge : len(around) - edge]))
