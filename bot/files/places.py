"""Who may have a file read now: at most a few files at once in this process, and one of each person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import FilesFull

MAX_FILES_AT_ONCE = 2
"""In this process. Reading takes one core, and calls need the others."""
MAX_WAITING_FILES = 64
NOBODY = 0
"""The person of files that no Discord user sent: several may be read at once."""


class Places:
    """Gives places in the order of arrival, except to a person who has one."""

    def __init__(self, at_once: int = MAX_FILES_AT_ONCE, waiting: int = MAX_WAITING_FILES) -> None:
        self._free = at_once
        self._most_waiting = waiting
        self._waiting: list[tuple[int, asyncio.Event]] = []
        self._reading: set[int] = set()

    @property
    def contested(self) -> bool:
        """Whether somebody waits for a place."""
        return bool(self._waiting)

    @asynccontextmanager
    async def taken(self, person: int) -> AsyncIterator[None]:
        """Wait for a place, and keep it for the block. Raises FilesFull."""
        if len(self._waiting) >= self._most_waiting:
            raise FilesFull
        ticket = person, asyncio.Event()
        self._waiting.append(ticket)
        self._admit()
        try:
            await ticket[1].wait()
            yield
        finally:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            else:
                self._free += 1
                self._reading.discard(person)
            self._admit()

    def _admit(self) -> None:
        for ticket in list(self._waiting):
            person, go = ticket
            if self._free and person not in self._reading:
                self._waiting.remove(ticket)
                self._free -= 1
                if person != NOBODY:
                    self._reading.add(person)
                go.set()
