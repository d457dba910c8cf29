"""What waits to be written to the store: lines, charges and ended holds in order, consents, and where a call runs.

The queue is bounded, retries while the store cannot serve, and writes nothing twice.

Every call has an outbox of its own. When a call ends, the process's outbox adopts what is left in it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Set
from contextlib import asynccontextmanager, nullcontext, suppress
from itertools import groupby
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.errors import StoreError
from bot.ports import Store
from bot.store.pending_entries import Entry, PendingEntries, Storable, without
from bot.store.pending_facts import PendingFacts, write_call
from bot.types import Charge, Message, Release

log = structlog.get_logger(__name__)

MAX_BATCH_ENTRIES = 50
STORE_RETRY_SECONDS = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Pauses between attempts while the store cannot serve; the last one repeats."""

MAX_CALL_ENTRIES = 1000
"""Entries in a call's outbox: about an hour of talk while the database is down."""
MAX_PROCESS_ENTRIES = 10_000
"""Entries that ended calls left: a few megabytes, hours of talk in many channels."""


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
        self._entries = PendingEntries()
        self._facts = PendingFacts()
        self._excluded: frozenset[int] = frozenset()
        self._wake = asyncio.Event()
        self._closed = False
        self._writing = asyncio.Lock()
        self._fact_locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        "key of a consent or a call -> held while somebody writes it"

    def __len__(self) -> int:
        """Return how much is pending."""
        return len(self._entries) + len(self._facts)

    def add(self, guild_id: int, channel_id: int, what: Storable) -> None:
        """Queue a line, a charge or an ended hold, without excluded people.

        When the queue is full, drop the newest: older entries must be stored first.
        """
        known = without(what, self._excluded)
        if known is not None:
            self._append(Entry(guild_id, channel_id, known))

    def adopt(self, other: "Outbox") -> None:
        """Take over what another outbox did not write; nobody runs that one any more."""
        for entry in other._entries.take_all():
            self._append(entry)

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Write a person's consent now. Raises StoreError, and then `run` writes it later."""
        key = guild_id, user_id
        async with self._in_order(key, self._facts.consents):
            try:
                await self._store.consent(guild_id, user_id, agreed)
            except StoreError:
                if self._has_room():
                    self._facts.consents[key] = agreed
                raise

    def pending_consents(self, guild_id: int) -> dict[int, bool]:
        """Return the consents of a server that are not written yet."""
        return self._facts.consents_of(guild_id)

    async def call(self, guild_id: int, channel_id: int | None) -> None:
        """Write now where a server's call runs, None: nowhere. Raises StoreError, and then `run` writes it later."""
        async with self._in_order(guild_id, self._facts.calls):
            try:
                await write_call(self._store, guild_id, channel_id)
            except StoreError:
                if self._has_room():
                    self._facts.calls[guild_id] = channel_id
                raise

    def pending_lines(self, channel_id: int) -> list[Message]:
        """Return the lines of a channel that are not written yet."""
        return self._entries.lines(channel_id)

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
        self._facts.forget(user_id)
        self._entries.forget(user_id)

    def withdraw(self, guild_id: int, user_id: int) -> dict[int, set[str]]:
        """Drop the pending lines of a person in a server; return their ids by channel. See `settled`."""
        return self._entries.take_lines_of(guild_id, user_id)

    def clear(self, channel_id: int) -> None:
        """Drop the pending lines of a channel. Its charges stay: the money is spent."""
        self._entries.clear_lines(channel_id)

    def drop(self, message_ids: Set[str]) -> None:
        """Drop these lines. One that is being written may still arrive: see `settled`."""
        self._entries.drop(message_ids)

    def correct(self, message: Message) -> None:
        """Replace a pending line. One that is being written may still arrive as it was: see `settled`."""
        self._entries.replace_line(message)

    async def settled(self) -> None:
        """Return when no batch is being written. Wait for it before deleting from the store: the batch may arrive."""
        async with self._writing:
            await _write_nameless(self._store, self._entries)

    def close(self) -> None:
        """Nothing more comes."""
        self._closed = True
        self._wake.set()

    def discard(self) -> int:
        """Drop all that is pending, count it, and return how much it was."""
        left = len(self)
        self._entries.take_all()
        self._facts.clear()
        if left:
            self.counts["kept_dropped"] += left
        return left

    async def run(self) -> None:
        """Write what comes, until `close`; it may run again."""
        attempt, size = 0, MAX_BATCH_ENTRIES
        while await self._has_more():
            batch = self._entries.oldest(size)
            try:
                async with self._writing:
                    await self._facts.write(self._store)
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
                if facts := len(self._facts):
                    self._facts.clear()
                    self.counts["kept_dropped"] += facts
                elif len(batch) == 1:
                    self._entries.remove(batch)
                    self.counts["kept_dropped"] += 1
                else:
                    size = 1
                continue
            self._entries.remove(batch)
            attempt, size = 0, MAX_BATCH_ENTRIES
            self._on_success()
        self._closed = False

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

    @asynccontextmanager
    async def _in_order(self, key: Hashable, pending: dict[Any, Any]) -> AsyncIterator[None]:
        """Write one key's facts in order: an older pending one never follows a newer. Other keys do not wait."""
        lock = self._fact_locks.setdefault(key, asyncio.Lock())
        async with lock:
            was_pending = key in pending
            pending.pop(key, None)
            async with self._writing if was_pending else nullcontext():
                yield

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
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._wake.wait()
                    self._wake.clear()


async def _write_batch(store: Store, batch: list[Entry]) -> None:
    """Write a batch. Each table takes all of it or nothing, and writing the same batch again changes nothing."""
    lines = [entry for entry in batch if isinstance(entry.what, Message)]
    for (guild_id, channel_id), group in groupby(lines, lambda entry: (entry.guild_id, entry.channel_id)):
        messages = [entry.what for entry in group if isinstance(entry.what, Message)]
        await store.remember(guild_id, channel_id, messages)
    charges = [entry.what for entry in batch if isinstance(entry.what, Charge)]
    if charges:
        await store.charge(charges)
    if ended := [entry.what.id for entry in batch if isinstance(entry.what, Release)]:
        await store.release(ended)  # after the charges that take their place


async def _write_nameless(store: Store, entries: PendingEntries) -> None:
    """Write the charges of the forgotten ahead of the rest: while they wait, they have to know whose they are."""
    if charges := entries.nameless_charges():
        with suppress(StoreError):
            await store.charge(charges)
            entries.drop({charge.id for charge in charges})
