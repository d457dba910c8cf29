"""Who makes sound now, from the timing and size of packets alone: this needs no key, no content and no consent."""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

HANGOVER_SECONDS: Final = 0.2
"""A sender still counts as talking this long after the last packet with sound; bridges jitter."""
MIN_PAUSE_SECONDS: Final = 0.3
"""A gap without sound this long ends a continuous stretch."""
MAX_QUIET_BYTES: Final = 3 + 16
"""Payloads up to this size hold no sound: Opus silence and DTX take at most 3 bytes, the E2EE trailer at most 16."""

K = TypeVar("K", bound=Hashable)


class Activity(Generic[K]):
    """Stretches of sound, one per key."""

    def __init__(self) -> None:
        self._stretches: dict[K, tuple[float, float]] = {}
        "when the stretch began, and its last packet"

    def __len__(self) -> int:
        return len(self._stretches)

    def note(self, key: K, size: int, at: float) -> None:
        """Record a packet that arrived `at` with a payload of `size` bytes."""
        if size <= MAX_QUIET_BYTES:
            return
        stretch = self._stretches.get(key)
        since = stretch[0] if stretch and at - stretch[1] <= MIN_PAUSE_SECONDS else at
        self._stretches[key] = (since, at)

    def talking(self, now: float) -> dict[K, float]:
        """Return who makes sound now, with the seconds since their last pause; forget stretches that ended."""
        if not self._stretches:
            return {}
        self._stretches = {key: it for key, it in self._stretches.items() if now - it[1] <= MIN_PAUSE_SECONDS}
        return {key: last - since for key, (since, last) in self._stretches.items() if now - last <= HANGOVER_SECONDS}

    def move(self, old: K, new: K) -> None:
        """Count the sound of `old` as `new`'s."""
        stretch = self._stretches.pop(old, None)
        if stretch:
            self._stretches.setdefault(new, stretch)

    def forget(self, key: K) -> None:
        self._stretches.pop(key, None)
