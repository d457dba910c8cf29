"""One queue for all jobs: so many at once, so many for each person and server, each cancelled cleanly."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.errors import AlreadyAtIt, JobCancelled, JobsFull

MAX_RUNNING_JOBS = 4
"""Jobs that run in this process; the CPU part of each is a few percent of a core, the memory about 20 MB."""
MAX_RUNNING_JOBS_PER_SERVER = 2
MAX_JOBS_PER_PERSON = 2
"""Jobs of one person that run or wait."""
MAX_JOBS_PER_SERVER = 8
"""Jobs of one server that run or wait."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One job's place."""

    id: int
    guild_id: int
    user_id: int
    name: str = ""
    "of work that must not be done twice at once"
    running: bool = False
    cancelled: bool = False
    task: asyncio.Task[object] | None = None
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self) -> None:
        """Keep the place, but be cancelled no more: what is left is to hand the work over."""
        self.task = None

    def cancel(self) -> None:
        """End the job, wherever it stands; it raises JobCancelled. Again, it lets the job end in its own time."""
        if not self.cancelled and self.task is not None:
            self.task.cancel()
        self.cancelled = True


class JobQueue:
    """Admits jobs in the order they came, as far as their server has room."""

    def __init__(
        self,
        at_once: int = MAX_RUNNING_JOBS,
        server_at_once: int = MAX_RUNNING_JOBS_PER_SERVER,
        person: int = MAX_JOBS_PER_PERSON,
        server: int = MAX_JOBS_PER_SERVER,
        counts: Counter[str] | None = None,
    ) -> None:
        """`counts` is where `jobs_refused` counts those that found no place."""
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._at_once = at_once
        self._server_at_once = server_at_once
        self._person = person
        self._server = server
        self._tickets: dict[int, Ticket] = {}
        self._numbers = itertools.count(1)
        self._closed = False

    def __len__(self) -> int:
        return len(self._tickets)

    @asynccontextmanager
    async def place(self, guild_id: int, user_id: int) -> AsyncIterator[Ticket]:
        """Take a place, wait for the turn, and keep it for the block.

        Raises JobsFull when the person or the server has too many, and JobCancelled out of the block (or the wait)
        when `Ticket.cancel` was called.
        """
        ticket = self.take(guild_id, user_id)
        async with self.turn(ticket):
            yield ticket

    def take(self, guild_id: int, user_id: int, name: str = "", *, again: bool = False) -> Ticket:
        """Take a place; `turn` or `give_back` must follow.

        `again`: it was admitted before, by an earlier process, and waits however many there are. Raises JobsFull, and
        AlreadyAtIt when work of this name has a place.
        """
        if name and any(ticket.name == name for ticket in self._tickets.values()):
            raise AlreadyAtIt
        people = Counter(ticket.user_id for ticket in self._tickets.values() if ticket.guild_id == guild_id)
        full = people[user_id] >= self._person or people.total() >= self._server
        if self._closed or (full and not again):
            self.counts["jobs_refused"] += 1
            raise JobsFull
        ticket = Ticket(next(self._numbers), guild_id, user_id, name)
        self._tickets[ticket.id] = ticket
        self._admit()
        return ticket

    def find(self, name: str) -> Ticket | None:
        """Return the place of the work of that name; None when it is over."""
        return next((ticket for ticket in self._tickets.values() if ticket.name == name), None)

    def give_back(self, ticket: Ticket) -> None:
        """Give up a place whose turn was not awaited. Idempotent."""
        if self._tickets.pop(ticket.id, None) is not None:
            self._admit()

    @asynccontextmanager
    async def turn(self, ticket: Ticket) -> AsyncIterator[None]:
        """Wait for a place's turn, and keep it for the block. Raises JobCancelled."""
        ticket.task = asyncio.current_task()
        try:
            if ticket.cancelled:
                raise JobCancelled
            await ticket._go.wait()
            yield
        except asyncio.CancelledError:
            task = ticket.task
            # Told apart from the cancelling of everything around us, which must go through.
            if not ticket.cancelled or self._closed or task is None or task.uncancel() > 0:
                raise
            raise JobCancelled from None
        finally:
            ticket.task = None  # what its task does from here on is not to be cancelled by a late press
            self.give_back(ticket)

    async def aclose(self) -> None:
        """Take no more jobs, and end those there are; each keeps what it has done."""
        self._closed = True
        tasks = {ticket.task for ticket in self._tickets.values() if ticket.task is not None}
        tasks.discard(asyncio.current_task())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _admit(self) -> None:
        running = [ticket for ticket in self._tickets.values() if ticket.running]
        servers = Counter(ticket.guild_id for ticket in running)
        free = self._at_once - len(running)
        for ticket in self._tickets.values():
            if free <= 0:
                return
            if not ticket.running and servers[ticket.guild_id] < self._server_at_once:
                ticket.running = True
                ticket._go.set()
                servers[ticket.guild_id] += 1
                free -= 1
