"""What waits to be written to the store: lines and charges in order, consents, and where a call is running.

The queue is bounded, retries while the store cannot serve, and writes nothing twice.

Every call has an outbox of its own. When a call ends, the process's outbox adopts what is left in it.
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

MAX_BATCH_ENTRIES = 50
STORE_RETRY_SECONDS = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Pauses between attempts while the store cannot serve; the last one repeats."""

MAX_CALL_ENTRIES = 1000
"""Entries in a call's outbox: about an hour of talk while the database is down."""
MAX_PROCESS_ENTRIES = 10_000
"""Entries that ended calls left: a few megabytes, hours of talk in many channels."""

Storable = Message | Charge


@dataclass(frozen=True, slots=True)
class Entry:
    """A line or a charge, and the channel it belongs to."""

    guild_id: int
    channel_id: int
    what: Storable


class Outbox:
    """A queue to the store. `run` it; after `close` it ends when all is written, or when the store fails once more."""

    def __init__(
        self,
        store: Store,
        max_entries: int = MAX_PROCESS_ENTRIES,
        counts: Counter[str] | None = None,
        on_failure: Callable[[StoreError], None] = lambda _: None,
        on_success: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_failure` and `on_success` are called after every attempt to write."""
        self.counts: Counter[str] = Counter() if counts is None else counts
        "kept_dropped, store_failures"
        self._store = store
        self._max_entries = max_entries
        self._on_failure = on_failure
        self._on_success = on_success
        self._entries: deque[Entry] = deque()
        self._consents: dict[tuple[int, int], bool] = {}
        "(server, person) -> their last answer"
        self._calls: dict[int, int | None] = {}
        "server -> the channel of its running call, or None"
        self._excluded: frozenset[int] = frozenset()
        self._wake = asyncio.Event()
        self._closed = False
        self._writing = asyncio.Lock()
        self._fact_locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        "key of a consent or a call -> held while somebody writes it"

    def __len__(self) -> int:
        """Return how much is pending."""
        return len(self._entries) + len(self._consents) + len(self._calls)

    def add(self, guild_id: int, channel_id: int, what: Storable) -> None:
        """Queue a line or a charge, without excluded people.

        When the queue is full, drop the newest: older entries must be stored first.
        """
        known = without(what, self._excluded)
        if known is not None:
            self._append(Entry(guild_id, channel_id, known))

    def adopt(self, other: "Outbox") -> None:
        """Take over what another outbox did not write; nobody runs that one any more."""
        for entry in other._entries:
            self._append(entry)
        other._entries.clear()

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Write a person's consent now. Raises StoreError, and then `run` writes it later."""
        key = guild_id, user_id
        async with self._in_order(key, self._consents):
            try:
                await self._store.consent(guild_id, user_id, agreed)
            except StoreError:
                if self._has_room():
                    self._consents[key] = agreed
                raise

    def pending_consents(self, guild_id: int) -> dict[int, bool]:
        """Return the consents of a server that are not written yet."""
        return {user_id: agreed for (guild, user_id), agreed in self._consents.items() if guild == guild_id}

    async def call(self, guild_id: int, channel_id: int | None) -> None:
        """Write now where a server's call runs, None: nowhere. Raises StoreError, and then `run` writes it later."""
        async with self._in_order(guild_id, self._calls):
            try:
                await _write_call(self._store, guild_id, channel_id)
            except StoreError:
                if self._has_room():
                    self._calls[guild_id] = channel_id
                raise

    def pending_lines(self, channel_id: int) -> list[Message]:
        """Return the lines of a channel that are not written yet."""
        return [
            entry.what for entry in self._entries if entry.channel_id == channel_id and isinstance(entry.what, Message)
        ]

    @property
    def excluded(self) -> frozenset[int]:
        """People of whom nothing more is written."""
        return self._excluded

    def exclude(self, user_id: int) -> None:
        """Forget a person, and write nothing of them until `include`."""
        self._excluded |= {user_id}
        self.forget(user_id)

    def include(self, user_id: int) -> None:
        """Write a person's words again."""
        self._excluded -= {user_id}

    def forget(self, user_id: int) -> None:
        """Drop what is pending of a person."""
        self._consents = {key: agreed for key, agreed in self._consents.items() if key[1] != user_id}
        self._filter(lambda what: without(what, {user_id}))

    def clear(self, channel_id: int) -> None:
        """Drop the pending lines of a channel. Its charges stay: the money is spent."""
        self._entries = deque(
            entry for entry in self._entries if entry.channel_id != channel_id or isinstance(entry.what, Charge)
        )

    def drop(self, message_ids: Set[str]) -> None:
        """Drop these lines. One that is being written may still arrive: see `settled`."""
        self._filter(lambda what: None if what.id in message_ids else what)

    async def settled(self) -> None:
        """Return when no batch is being written. Wait for it before deleting from the store: the batch may arrive."""
        async with self._writing:
            pass

    def close(self) -> None:
        """Nothing more comes."""
        self._closed = True
        self._wake.set()

    def discard(self) -> int:
        """Drop all that is pending, count it, and return how much it was."""
        left = len(self)
        for pending in (self._entries, self._consents, self._calls):
            pending.clear()
        if left:
            self.counts["kept_dropped"] += left
        return left

    async def run(self) -> None:
        """Write what comes, until `close`; it may run again."""
        attempt, size = 0, MAX_BATCH_ENTRIES
        while await self._has_more():
            batch = list(islice(self._entries, size))
            try:
                async with self._writing:
                    await self._write_facts()
                    await _write_batch(self._store, batch)
            except StoreError as error:
                self.counts["store_failures"] += 1
                self._on_failure(error)
                if self._closed:
                    break
                await self._pause(STORE_RETRY_SECONDS[min(attempt, len(STORE_RETRY_SECONDS) - 1)])
                attempt += 1
                continue
            except Exception as error:
                # Probably a bug that one entry triggers: it must not end the call or block the other entries.
                log.error("store_refused", reason=type(error).__name__, count=len(batch))
                if facts := len(self._consents) + len(self._calls):
                    self._consents.clear()
                    self._calls.clear()
                    self.counts["kept_dropped"] += facts
                elif len(batch) == 1:
                    self._remove_written(batch)
                    self.counts["kept_dropped"] += 1
                else:
                    size = 1
                continue
            self._remove_written(batch)
            attempt, size = 0, MAX_BATCH_ENTRIES
            self._on_success()
        self._closed = False

    def _remove_written(self, batch: list[Entry]) -> None:
        written = {entry.what.id for entry in batch}
        while self._entries and self._entries[0].what.id in written:
            self._entries.popleft()

    def _append(self, entry: Entry) -> None:
        if self._has_room():
            self._entries.append(entry)

    def _has_room(self) -> bool:
        """Return whether one more fits, and wake `run`."""
        self._wake.set()
        if len(self) < self._max_entries:
            return True
        self.counts["kept_dropped"] += 1
        return False

    def _filter(self, change: Callable[[Storable], Storable | None]) -> None:
        changed = ((entry, change(entry.what)) for entry in self._entries)
        self._entries = deque(
            entry if what is entry.what else replace(entry, what=what) for entry, what in changed if what is not None
        )

    @asynccontextmanager
    async def _in_order(self, key: Hashable, pending: dict[Any, Any]) -> AsyncIterator[None]:
        """Write one key's facts in order: an older pending one never follows a newer. Other keys do not wait."""
        lock = self._fact_locks.setdefault(key, asyncio.Lock())
        async with lock:
            was_pending = key in pending
            pending.pop(key, None)
            async with self._writing if was_pending else nullcontext():
                yield

    async def _write_facts(self) -> None:
        while self._consents:
            (guild_id, user_id), agreed = next(iter(self._consents.items()))
            await self._store.consent(guild_id, user_id, agreed)
            self._consents.pop((guild_id, user_id), None)
        while self._calls:
            guild_id, channel_id = next(iter(self._calls.items()))
            await _write_call(self._store, guild_id, channel_id)
            self._calls.pop(guild_id, None)

    async def _has_more(self) -> bool:
        while not len(self):
            if self._closed:
                return False
            self._wake.clear()
            await self._wake.wait()
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt, but not past `close`."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._wake.wait()
                    self._wake.clear()
        except TimeoutError:
            pass


async def _write_call(store: Store, guild_id: int, channel_id: int | None) -> None:
    if channel_id is None:
        await store.call_ended(guild_id)
    else:
        await store.call_started(guild_id, channel_id)


async def _write_batch(store: Store, batch: list[Entry]) -> None:
    """Write a batch. Each table takes all of it or nothing, and writing the same batch again changes nothing."""
    lines = [entry for entry in batch if isinstance(entry.what, Message)]
    for (guild_id, channel_id), group in groupby(lines, lambda entry: (entry.guild_id, entry.channel_id)):
        messages = [entry.what for entry in group if isinstance(entry.what, Message)]
        await store.remember(guild_id, channel_id, messages)
    charges = [entry.what for entry in batch if isinstance(entry.what, Charge)]
    if charges:
        await store.charge(charges)


def without(what: Storable, people: Set[int]) -> Storable | None:
    """Return a record without some people; None: nothing is left of it."""
    if isinstance(what, Message):
        return None if what.concerns(people) else what
    if people.isdisjoint(what.user_ids):
        return what
    return replace(what, user_ids=tuple(user_id for user_id in what.user_ids if user_id not in people))
