"""Who may have a file read now: at most a few files at once in this process, and one of each person."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.errors import FilesFull

MAX_FILES_AT_ONCE, MAX_FILES_WHILE_ANSWERING = 2, 1
"""In this process. Reading takes one core, and calls need the others."""
MAX_WAITING_FILES = 64
NOBODY = 0
"""The person of files that no Discord user sent: several may be read at once."""


@dataclass(eq=False, slots=True)
class FilePlace:
    """One person's place, or the wait for one."""

    person: int
    go: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False


class Places:
    """Gives places in the order of arrival, except to a person who has one."""

    def __init__(
        self,
        at_once: int = MAX_FILES_AT_ONCE,
        waiting: int = MAX_WAITING_FILES,
        answering: Callable[[], bool] = lambda: False,
    ) -> None:
        self._at_once = at_once
        self._answering = answering
        self._held = 0
        self._most_waiting = waiting
        self._waiting: list[FilePlace] = []
        self._reading: set[int] = set()
        self.wanted = asyncio.Event()
        "is set while somebody waits for a place"

    @asynccontextmanager
    async def taken(self, person: int) -> AsyncIterator[FilePlace]:
        """Wait for a place, and keep it for the block, or until `leave`. Raises FilesFull."""
        if len(self._waiting) >= self._most_waiting:
            raise FilesFull
        seat = FilePlace(person)
        self._waiting.append(seat)
        self._admit()
        try:
            await seat.go.wait()
            yield seat
        finally:
            self.leave(seat)

    def leave(self, seat: FilePlace) -> None:
        """Give a place to the next who waits. Idempotent."""
        if seat in self._waiting:
            self._waiting.remove(seat)
        elif seat.held:
            seat.held = False
            self._held -= 1
            self._reading.discard(seat.person)
        self._admit()

    def _admit(self) -> None:
        most = MAX_FILES_WHILE_ANSWERING if self._answering() else self._at_once
        for seat in list(self._waiting):
            if self._held < most and seat.person not in self._reading:
                self._waiting.remove(seat)
                self._held += 1
                seat.held = True
                if seat.person != NOBODY:
                    self._reading.add(seat.person)
                seat.go.set()
        if self._waiting:
            self.wanted.set()
        else:
            self.wanted.clear()
