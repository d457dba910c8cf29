"""One thread that empties the sockets of all links while the event loop stands still, before the kernel's are full.

Linux grants 208 KiB unless told otherwise, which is less than a second of ten people speaking.
"""

import threading
from typing import Protocol, Self

GUARD_INTERVAL_SECONDS = 0.1


class Relievable(Protocol):
    """What the guard looks after."""

    def relieve(self) -> None:
        """Do the event loop's work if it is late; called in the guard's thread."""
        ...


class StallGuard:
    """The thread, one for the process. Use as a context manager; it sleeps while there is nothing to guard."""

    def __init__(self) -> None:
        self._guarded: tuple[Relievable, ...] = ()
        "replaced, never changed: the thread may look at it at any time"
        self._some = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stall guard", daemon=True)

    def add(self, guarded: Relievable) -> None:
        self._guarded = (*self._guarded, guarded)
        self._some.set()

    def discard(self, guarded: Relievable) -> None:
        self._guarded = tuple(other for other in self._guarded if other is not guarded)
        if not self._guarded:
            self._some.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._some.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(GUARD_INTERVAL_SECONDS):
            self._some.wait()
            for guarded in self._guarded:
                guarded.relieve()
