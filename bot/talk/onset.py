"""Whether somebody begins to speak: their last frames, of which an utterance keeps some from before its onset."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from bot.audio import FRAME_SECONDS

ONSET_FRAMES, ONSET_WINDOW_FRAMES = 3, 5
"""Voiced frames among the last few that open an utterance: a click has fewer."""
MIN_ONSET_SECONDS = ONSET_FRAMES * FRAME_SECONDS


class Onset:
    """The frames of one speaker since their last utterance."""

    def __init__(self, preroll: int) -> None:
        """`preroll`: frames kept from before the first voiced one."""
        self._preroll = preroll
        self._recent: deque[tuple[bytes, bool]] = deque(maxlen=preroll + ONSET_WINDOW_FRAMES)

    @property
    def begins_in(self) -> float:
        """Seconds in which no utterance can begin, at most MIN_ONSET: after the open one another may."""
        return (ONSET_FRAMES - sum(self._window(ONSET_WINDOW_FRAMES - 1))) * FRAME_SECONDS

    def add(self, pcm: bytes, *, voiced: bool) -> tuple[int, list[tuple[bytes, bool]]] | None:
        """Take a frame; return where an utterance began, if one did, and its frames so far, the newest last.

        Where: the number of frames since then.
        """
        self._recent.append((pcm, voiced))
        window = self._window(ONSET_WINDOW_FRAMES)
        if sum(window) < ONSET_FRAMES:
            return None
        behind = len(window) - window.index(True)
        kept = list(self._recent)[-(self._preroll + behind) :]
        self._recent.clear()
        return behind, kept

    def add_silence(self, frames: Iterable[bytes]) -> None:
        """Take frames without speech."""
        self._recent.extend((pcm, False) for pcm in frames)

    def restart(self) -> None:
        """Forget all frames."""
        self._recent.clear()

    def _window(self, count: int) -> list[bool]:
        return [voiced for _, voiced in islice(self._recent, max(0, len(self._recent) - count), None)]
