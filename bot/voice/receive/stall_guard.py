"""Empties the sockets of all links while the event loop stands still, before the kernel's are full.

Linux grants 208 KiB unless told otherwise, which is less than a second of ten people speaking.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

GUARD_INTERVAL_SECONDS = 0.1


class Relievable(Protocol):
    """What the guard looks after."""

    def relieve(self) -> None:
        """Do the event loop's work if it is late; called in another thread."""
        ...


class StallGuard:
    """Everything guarded in the process. Whoever has a thread calls `run_due` there (see pacer.Aside)."""

    def __init__(self) -> None:
        self._guarded: tuple[Relievable, ...] = ()
        "replaced, never changed: the thread may look at it at any time"
        self._due = 0.0
        self._failed = 0
        self.on_wake: Callable[[], None] = lambda: None

    def add(self, guarded: Relievable) -> None:
        self._guarded = (*self._guarded, guarded)
        self.on_wake()

    def discard(self, guarded: Relievable) -> None:
        self._guarded = tuple(other for other in self._guarded if other is not guarded)

    def run_due(self, now: float) -> float | None:
        """Relieve everything guarded if it is time; return the seconds until then, None: there is nothing to guard."""
        if not self._guarded:
            return None
        if now >= self._due:
            self._due = now + GUARD_INTERVAL_SECONDS
            for guarded in self._guarded:
                try:
                    guarded.relieve()
                except Exception:  # the thread has other work
                    if not self._failed:
                        log.exception("not_relieved")
                    self._failed += 1
        return self._due - now
