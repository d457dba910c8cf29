"""The utterance that somebody is still speaking: its frames, and which of them are voiced."""

from collections.abc import Iterable

import numpy as np

from bot.audio import FRAME_SECONDS, dbfs

MIN_DENSE_SECONDS, DENSE_WINDOW_SECONDS = 0.24, 0.6
"""Voiced seconds within some window of this length: every word has them, the strokes of a keyboard do not."""
SPLIT_SEARCH_SECONDS = 10.0
"""Part before the length limit in which to look for the quietest point."""
QUIET_WINDOW_FRAMES = 5
"""Frames (100 ms) summed to find the quietest point: about a gap between words."""


class OpenUtterance:
    """Grows frame by frame; `trailing` counts the frames since the last voiced one."""

    def __init__(
        self, utterance_id: int, started_at: float, frames: Iterable[tuple[bytes, bool]], continues: bool = False
    ) -> None:
        """`continues`: this is the rest of an utterance that was split at the length limit."""
        self.id = utterance_id
        self.started_at = started_at
        self.continues = continues
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
        """Seconds that the VAD calls speech."""
        return self._voiced_frames * FRAME_SECONDS

    @property
    def dense(self) -> bool:
        """Whether voiced frames come close together somewhere, as in a word."""
        flags = np.frombuffer(bytes(self._voiced), np.uint8).astype(np.int32)
        window = np.ones(round(DENSE_WINDOW_SECONDS / FRAME_SECONDS), np.int32)
        return bool(np.convolve(flags, window).max(initial=0) * FRAME_SECONDS >= MIN_DENSE_SECONDS)

    def rejection(self, min_voiced: float) -> tuple[str, dict[str, float | str]] | None:
        """Return why this is no utterance (outcome, and the number behind it); None if it is one.

        `min_voiced` is in seconds.
        """
        if self.continues and self.voiced:
            return None  # the end of something longer, however short
        if self.voiced < min_voiced:
            return "too_short", {"seconds": round(self.voiced, 2)}
        if not self.dense:
            return "no_speech", {"dbfs": round(dbfs(self.pcm(0)), 1)}
        return None

    def pcm(self, tail: int | None) -> bytes:
        """Return the sound with at most `tail` frames after the last voiced one; None: all of it."""
        return b"".join(self._frames if tail is None else self._frames[: self._kept(tail)])

    def after(self, tail: int) -> list[bytes]:
        """Return the frames that `pcm(tail)` leaves out."""
        return self._frames[self._kept(tail) :]

    def split(self, rest_id: int, now: float) -> "OpenUtterance":
        """Split at the quietest point of the last seconds; keep what is before it and return the rest.

        `now` is when the last frame ended, in seconds on the call's clock.
        """
        cut = self._quietest()
        rest = list(zip(self._frames[cut:], map(bool, self._voiced[cut:]), strict=True))
        del self._frames[cut:], self._voiced[cut:]
        self._voiced_frames = sum(self._voiced)
        # Late frames arrive all at once, so by the clock the rest could begin before this part does.
        started_at = max(now - len(rest) * FRAME_SECONDS, self.started_at + FRAME_SECONDS)
        return OpenUtterance(rest_id, started_at, rest, continues=True)

    def _kept(self, tail: int) -> int:
        return len(self._frames) - max(0, self.trailing - tail)

    def _quietest(self) -> int:
        search_frames = round(SPLIT_SEARCH_SECONDS / FRAME_SECONDS)
        first = max(1, len(self._frames) - search_frames, len(self._frames) // 2)
        samples = np.frombuffer(b"".join(self._frames[first:]), "<i2").astype(np.float32)
        power = np.square(samples).reshape(len(self._frames) - first, -1).sum(axis=1)
        around = np.convolve(power, np.ones(QUIET_WINDOW_FRAMES), "same")
        # Sums near the edges cover fewer frames, which must not look like quiet.
        edge = QUIET_WINDOW_FRAMES // 2
        if len(around) <= QUIET_WINDOW_FRAMES:
            return len(self._frames) - 1
        return first + edge + int(np.argmin(around[edge : len(around) - edge]))
