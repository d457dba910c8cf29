"""One queue for all jobs, with limits for the process, each server and each person. Jobs can be cancelled."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.errors import AlreadyAtIt, JobCancelled, JobsFull, ShortOfMemory
from bot.ports.holder import Holder
from bot.types import Message

MAX_RUNNING_JOBS = 4
"""In this process. Each takes a few percent of a core and about 20 MB of memory."""
MAX_RUNNING_JOBS_PER_SERVER = 2
MAX_JOBS_PER_PERSON = 2
"""Running and waiting jobs of one person in one server."""
MAX_JOBS_PER_SERVER = 8
"""Running and waiting jobs of one server."""
JOB_CLEANUP_SECONDS = 5.0
"""The most that a cancelled job takes to put its things away."""


@dataclass(eq=False, slots=True)
class Ticket:
    """The place of one job in the queue."""

    id: int
    guild_id: int
    user_id: int
    name: str = ""
    "of work that must not run twice at the same time; empty: any number may run"
    voices: frozenset[int] = frozenset()
    "whose recording the job hears"
    quoted: frozenset[int] = frozenset()
    "whose written words the job works on"
    talk: int = 0
    "id of the voice channel where those were said; 0: nowhere"
    lines: frozenset[str] = frozenset()
    "ids of the lines with them"
    running: bool = False
    cancelled: bool = False
    task: asyncio.Task[object] | None = None
    _go: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    "its place is given up"

    def tell_of(self, channel_id: int, people: Set[int], line_ids: Iterable[str]) -> None:
        """Note which talk the job works on: it ends when some of that is taken back."""
        self.quoted, self.talk, self.lines = frozenset(people), channel_id, frozenset(line_ids)

    def finish(self) -> None:
        """Keep the place, but ignore later cancels: the job only has to deliver its result."""
        self.task = None

    def cancel(self) -> None:
        """Cancel the job, running or waiting; it raises JobCancelled. A second call does not interrupt its cleanup."""
        if not self.cancelled and self.task is not None:
            self.task.cancel()
        self.cancelled = True


class JobQueue(Holder):
    """Starts jobs in the order of their arrival, except those whose server already runs enough."""

    def __init__(
        self,
        at_once: int = MAX_RUNNING_JOBS,
        server_at_once: int = MAX_RUNNING_JOBS_PER_SERVER,
        person: int = MAX_JOBS_PER_PERSON,
        server: int = MAX_JOBS_PER_SERVER,
        counts: Counter[str] | None = None,
        is_short_of_memory: Callable[[], bool] = lambda: False,
    ) -> None:
        """`counts["jobs_refused"]` counts the jobs that were refused."""
        self._is_short_of_memory = is_short_of_memory
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
        """Take a place, wait for its turn, and keep the place for the block.

        Raises ShortOfMemory, JobsFull when the person or the server has too many jobs, and JobCancelled from the wait
        or the block when somebody calls `Ticket.cancel`.
        """
        ticket = self.take(guild_id, user_id)
        async with self.turn(ticket):
            yield ticket

    def take(
        self, guild_id: int, user_id: int, name: str = "", *, voices: Iterable[int] = (), again: bool = False
    ) -> Ticket:
        """Take a place. The caller must then call `turn` or `give_back`.

        `voices`: whose recording the job hears. `again`: an earlier process admitted the job, so the limits do not
        apply. Raises JobsFull, ShortOfMemory, and AlreadyAtIt when a job of this name has a place.
        """
        if name and any(ticket.name == name for ticket in self._tickets.values()):
            raise AlreadyAtIt
        people = Counter(ticket.user_id for ticket in self._tickets.values() if ticket.guild_id == guild_id)
        full = people[user_id] >= self._person or people.total() >= self._server
        if self._closed or (full and not again):
            self.counts["jobs_refused"] += 1
            raise JobsFull
        if not again and self._is_short_of_memory():
            self.counts["jobs_refused"] += 1
            raise ShortOfMemory
        ticket = Ticket(next(self._numbers), guild_id, user_id, name, frozenset(voices))
        self._tickets[ticket.id] = ticket
        self._admit()
        return ticket

    def find(self, name: str) -> Ticket | None:
        """Return the place of the job with this name; None when there is none."""
        return next((ticket for ticket in self._tickets.values() if ticket.name == name), None)

    def give_back(self, ticket: Ticket) -> None:
        """Give up a place without waiting for its turn. Idempotent."""
        if self._tickets.pop(ticket.id, None) is not None:
            ticket._over.set()
            self._admit()

    @asynccontextmanager
    async def turn(self, ticket: Ticket) -> AsyncIterator[None]:
        """Wait for the turn of a place, and keep the place for the block. Raises JobCancelled."""
        ticket.task = asyncio.current_task()
        try:
            if ticket.cancelled:
                raise JobCancelled
            await ticket._go.wait()
            yield
        except asyncio.CancelledError:
            task = ticket.task
            # A cancel from outside, as on shutdown, must propagate; only `Ticket.cancel` becomes JobCancelled.
            if not ticket.cancelled or self._closed or task is None or task.uncancel() > 0:
                raise
            raise JobCancelled from None
        finally:
            ticket.task = None  # so that a late press of the button does not cancel what the task does next
            self.give_back(ticket)

    def forget_person(self, user_id: int) -> None:
        """Cancel the jobs that this person asked for, and those with their voice or words."""
        for ticket in self._tickets.values():
            if user_id == ticket.user_id or user_id in ticket.voices | ticket.quoted:
                ticket.cancel()

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        """Cancel the jobs of others that hear this person."""
        for ticket in self._tickets.values():
            if ticket.guild_id == guild_id and ticket.user_id != user_id and user_id in ticket.voices:
                ticket.cancel()
        return {}

    def clear_channel(self, channel_id: int) -> None:
        """Cancel the jobs on what was said there."""
        for ticket in self._tickets.values():
            if ticket.talk == channel_id:
                ticket.cancel()

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        """Cancel the jobs on these lines."""
        for ticket in self._tickets.values():
            if ticket.lines & line_ids:
                ticket.cancel()

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self.drop_lines(channel_id, {before.id, after.id})

    async def settled(self) -> None:
        """Return when the cancelled jobs do nothing more; a job that delivers its result counts as over."""
        waiting = [ticket._over.wait() for ticket in self._tickets.values() if ticket.cancelled and ticket.task]
        with suppress(TimeoutError):
            async with asyncio.timeout(JOB_CLEANUP_SECONDS):
                await asyncio.gather(*waiting)

    async def aclose(self) -> None:
        """Refuse new jobs and cancel all others. Each keeps its finished work."""
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
