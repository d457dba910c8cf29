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

    def relieve(self) -> bool:
        """Do a few milliseconds of the event loop's work if it is late; return whether there was any.

        Called in another thread.
        """
        ...


class StallGuard:
    """Everything guarded in the process. Whoever has a thread calls `run_due` there (see pacer.Aside)."""

    def __init__(self) -> None:
        self._guarded: tuple[Relievable, ...] = ()
        "replaced, never changed: the thread may look at it at any time"
        self._due = 0.0
        self._next = 0
        "whose turn it is"
        self._failed: frozenset[Relievable] = frozenset()
        "for these it was logged"
        self.on_wake: Callable[[], None] = lambda: None

    def add(self, guarded: Relievable) -> None:
        self._guarded = (*self._guarded, guarded)
        self.on_wake()

    def discard(self, guarded: Relievable) -> None:
        self._guarded = tuple(other for other in self._guarded if other is not guarded)
        self._failed -= {guarded}

    def run_due(self, now: float) -> float | None:
        """Relieve the next that is late, if it is time; return when it is again, None: there is nothing to guard.

        One at a time, because the thread has packets to send between them.
        """
        guarded = self._guarded
        if not guarded:
            return None
        if now < self._due:
            return self._due
        for _ in guarded:
            self._next = (self._next + 1) % len(guarded)
            if self._relieved(guarded[self._next]):
                return now
        self._due = now + GUARD_INTERVAL_SECONDS
        return self._due

    def _relieved(self, guarded: Relievable) -> bool:
        try:
            return guarded.relieve()
        except BaseException:  # a Rust panic included: the thread has other work
            if guarded not in self._failed:
                log.exception("not_relieved")
            self._failed |= {guarded}
            return False
