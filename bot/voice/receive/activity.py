"""Who makes sound now, known from the timing and size of packets alone: no key, no content, no consent needed."""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

HANG: Final = 0.2
"""Seconds after the last packet with sound in which its sender still counts as talking; bridges jitter."""
PAUSE: Final = 0.3
"""Seconds without sound that end a continuous stretch."""
HOLDS_FLOOR: Final = 15.0
"""Seconds of continuous sound after which somebody unheard no longer holds the floor: an open microphone."""
QUIET_BYTES: Final = 3 + 16
"""Payloads up to this hold no sound: Opus silence and DTX take at most 3 bytes, the E2EE trailer at most 16."""

K = TypeVar("K", bound=Hashable)


class Activity(Generic[K]):
    """Stretches of sound, one per key."""

    def __init__(self) -> None:
        self._stretches: dict[K, tuple[float, float]] = {}
        "when the stretch began, and its last packet"

    def __len__(self) -> int:
        return len(self._stretches)

    def note(self, key: K, size: int, at: float) -> None:
        """A packet whose payload has `size` bytes arrived `at`."""
        if size <= QUIET_BYTES:
            return
        stretch = self._stretches.get(key)
        since = stretch[0] if stretch and at - stretch[1] <= PAUSE else at
        self._stretches[key] = (since, at)

    def talking(self, now: float) -> dict[K, float]:
        """Return who sounds now, and for how many seconds without a pause; forget the rest."""
        self._stretches = {key: it for key, it in self._stretches.items() if now - it[1] <= PAUSE}
        return {key: last - since for key, (since, last) in self._stretches.items() if now - last <= HANG}

    def move(self, old: K, new: K) -> None:
        """Let what `old` sounded count as `new`'s."""
        stretch = self._stretches.pop(old, None)
        if stretch:
            self._stretches.setdefault(new, stretch)

    def forget(self, key: K) -> None:
        self._stretches.pop(key, None)
