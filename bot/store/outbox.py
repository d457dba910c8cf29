"""What the store has still to be given: lines and charges in order, who agreed, where a call is on.

It is bounded, tried again while the store cannot serve, and never given twice.

Every call has one of its own (call/display.py). What is left of it when the call ends goes to the
process's outbox.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable, Set
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.errors import StoreError
from bot.ports import Store
from bot.types import Charge, Message

log = structlog.get_logger(__name__)

BATCH = 50
RETRIES = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Seconds between attempts on a store that cannot serve; the last one repeats."""

BOUND = 10_000
"""Of what calls left behind: a few megabytes, hours of talk in many channels."""

What = Message | Charge


@dataclass(frozen=True, slots=True)
class Entry:
    """A line or a charge, and where it belongs."""

    guild_id: int
    channel_id: int
    what: What


class Outbox:
    """A queue to the store. Run `pay`; `close` and it ends when all is written, or the store fails once more."""

    def __init__(
        self,
        store: Store,
        bound: int = BOUND,
        counts: Counter[str] | None = None,
        failed: Callable[[StoreError], None] = lambda _: None,
        served: Callable[[], None] = lambda: None,
    ) -> None:
        """`failed` and `served` are told of every attempt."""
        self.counts: Counter[str] = Counter() if counts is None else counts
        "kept_dropped, store_failures"
        self._store = store
        self._bound = bound
        self._failed = failed
        self._served = served
        self._entries: deque[Entry] = deque()
        self._consents: dict[tuple[int, int], bool] = {}
        "(server, person) -> what they said last"
        self._calls: dict[int, int | None] = {}
        "server -> the channel of the call that is on, or None"
        self._wake = asyncio.Event()
        self._closed = False
        self._pen = asyncio.Lock()
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        "of those who are writing a fact down: the key of it -> held while one of them is"

    def __len__(self) -> int:
        return len(self._entries) + len(self._consents) + len(self._calls)

    def add(self, guild_id: int, channel_id: int, what: What) -> None:
        """Queue something; the newest goes when the queue is full, for the older is owed first."""
        self._add(Entry(guild_id, channel_id, what))

    def take(self, other: "Outbox") -> None:
        """Take over all that another one could not write; nobody runs that one any more."""
        for entry in other._entries:
            self._add(entry)
        other._entries.clear()

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Write down now what somebody said last. Raises StoreError, and then it is written later."""
        key = guild_id, user_id
        async with self._turn(key, self._consents):
            try:
                await self._store.consent(guild_id, user_id, agreed)
            except StoreError:
                if self._room():
                    self._consents[key] = agreed
                raise

    def consents(self, guild_id: int) -> dict[int, bool]:
        """Return what people of a server said last that is not written yet."""
        return {user_id: agreed for (guild, user_id), agreed in self._consents.items() if guild == guild_id}

    async def call(self, guild_id: int, channel_id: int | None) -> None:
        """Write down now that a call is on there, or none. Raises StoreError, and then it is written later."""
        async with self._turn(guild_id, self._calls):
            try:
                await self._call(guild_id, channel_id)
            except StoreError:
                if self._room():
                    self._calls[guild_id] = channel_id
                raise

    def lines(self, channel_id: int) -> list[Message]:
        """Return the lines of a channel that wait."""
        return [
            entry.what for entry in self._entries if entry.channel_id == channel_id and isinstance(entry.what, Message)
        ]

    def forget(self, user_id: int) -> None:
        """Write nothing of a person that waits."""
        self._consents = {key: agreed for key, agreed in self._consents.items() if key[1] != user_id}
        self._keep(lambda what: without(what, {user_id}))

    def clear(self, channel_id: int) -> None:
        """Drop the lines of a channel; what it cost is owed all the same."""
        self._entries = deque(
            entry for entry in self._entries if entry.channel_id != channel_id or isinstance(entry.what, Charge)
        )

    def drop(self, message_ids: Set[str]) -> None:
        """Drop some lines."""
        self._keep(lambda what: None if what.id in message_ids else what)

    async def settled(self) -> None:
        """Return when no batch is on its way: one that is may still be written, so whoever deletes more waits here."""
        async with self._pen:
            pass

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._wake.set()

    def lost(self) -> int:
        """Give up on what is left: count it, and return how much it was."""
        left = len(self)
        for waiting in (self._entries, self._consents, self._calls):
            waiting.clear()
        if left:
            self.counts["kept_dropped"] += left
        return left

    async def pay(self) -> None:
        """Write what comes, until `close`; then it may be run again."""
        attempt, size = 0, BATCH
        while await self._more():
            batch = list(islice(self._entries, size))
            try:
                async with self._pen:
                    await self._write_facts()
                    await self._write(batch)
            except StoreError as error:
                self.counts["store_failures"] += 1
                self._failed(error)
                if self._closed:
                    break
                await self._pause(RETRIES[min(attempt, len(RETRIES) - 1)])
                attempt += 1
                continue
            except Exception as error:
                # A bug, in all likelihood over one of them, must neither end the call nor hold up the others.
                log.error("store_refused", reason=type(error).__name__, count=len(batch))
                if facts := len(self._consents) + len(self._calls):
                    self._consents.clear()
                    self._calls.clear()
                    self.counts["kept_dropped"] += facts
                elif len(batch) == 1:
                    self._done(batch)
                    self.counts["kept_dropped"] += 1
                else:
                    size = 1
                continue
            self._done(batch)
            attempt, size = 0, BATCH
            self._served()
        self._closed = False

    def _done(self, batch: list[Entry]) -> None:
        done = {entry.what.id for entry in batch}
        while self._entries and self._entries[0].what.id in done:
            self._entries.popleft()

    def _add(self, entry: Entry) -> None:
        if self._room():
            self._entries.append(entry)

    def _room(self) -> bool:
        """Whether one more has room; wake who writes."""
        self._wake.set()
        if len(self) < self._bound:
            return True
        self.counts["kept_dropped"] += 1
        return False

    def _keep(self, change: Callable[[What], What | None]) -> None:
        changed = ((entry, change(entry.what)) for entry in self._entries)
        self._entries = deque(
            entry if what is entry.what else replace(entry, what=what) for entry, what in changed if what is not None
        )

    async def _call(self, guild_id: int, channel_id: int | None) -> None:
        if channel_id is None:
            await self._store.call_ended(guild_id)
        else:
            await self._store.call_started(guild_id, channel_id)

    @asynccontextmanager
    async def _turn(self, key: Hashable, waiting: dict[Any, Any]) -> AsyncIterator[None]:
        """Keep what was said before of the same from being written after; for others nobody waits on a slow store."""
        lock = self._turns.setdefault(key, asyncio.Lock())
        async with lock:
            waited = key in waiting
            waiting.pop(key, None)
            async with self._pen if waited else nullcontext():
                yield

    async def _write_facts(self) -> None:
        while self._consents:
            (guild_id, user_id), agreed = next(iter(self._consents.items()))
            await self._store.consent(guild_id, user_id, agreed)
            self._consents.pop((guild_id, user_id), None)
        while self._calls:
            guild_id, channel_id = next(iter(self._calls.items()))
            await self._call(guild_id, channel_id)
            self._calls.pop(guild_id, None)

    async def _write(self, batch: list[Entry]) -> None:
        """Write a batch; each table is written all or none, and writing the same again changes nothing."""
        lines = [entry for entry in batch if isinstance(entry.what, Message)]
        for (guild_id, channel_id), group in groupby(lines, lambda entry: (entry.guild_id, entry.channel_id)):
            messages = [entry.what for entry in group if isinstance(entry.what, Message)]
            await self._store.remember(guild_id, channel_id, messages)
        charges = [entry.what for entry in batch if isinstance(entry.what, Charge)]
        if charges:
            await self._store.charge(charges)

    async def _more(self) -> bool:
        while not len(self):
            if self._closed:
                return False
            self._wake.clear()
            await self._wake.wait()
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt, but not longer than until `close`."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._wake.wait()
                    self._wake.clear()
        except TimeoutError:
            pass


def without(what: What, people: Set[int]) -> What | None:
    """Return something as it is when some people are forgotten; None: nothing is left of it."""
    if isinstance(what, Message):
        return None if what.concerns(people) else what
    if people.isdisjoint(what.user_ids):
        return what
    return replace(what, user_ids=tuple(user_id for user_id in what.user_ids if user_id not in people))
