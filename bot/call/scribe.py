"""Writes along: what people see goes to the audience, what must last goes to the store.

Both are fed through bounded queues, so that neither Discord's rate limits nor a slow disk ever hold up a call.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Set
from dataclasses import replace
from itertools import islice

import structlog

from bot.errors import StoreError
from bot.ports import Audience, Store
from bot.types import Charge, Message

log = structlog.get_logger(__name__)

SHOWN_BOUND = 100
"""Things waiting to be shown: at most one edit in 1.2 s, so more than this could never catch up."""
KEPT_BOUND = 1000
"""Messages and charges waiting for the store: about an hour of talk while a database is away."""
BATCH = 50
RETRIES = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Seconds between attempts on a store that cannot serve; the last one repeats."""

Show = Callable[[Audience], Awaitable[None]]


class Scribe:
    """The two writers of one call. `run` them in the call's TaskGroup; `close` and they finish what is queued."""

    def __init__(self, guild_id: int, channel_id: int, audience: Audience, store: Store) -> None:
        self.counts: Counter[str] = Counter()
        "shown_dropped, kept_dropped, store_failures"
        self.memory_off = False
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._audience = audience
        self._store = store
        self._shown: deque[Show] = deque()
        self._progress: tuple[int, str] | None = None
        "turn id and the bot's words so far"
        self._kept: deque[Message | Charge] = deque()
        self._forgotten: frozenset[int] = frozenset()
        self._show_wake = asyncio.Event()
        self._keep_wake = asyncio.Event()
        self._closed = False
        self._pen = asyncio.Lock()

    @property
    def waiting(self) -> tuple[int, int]:
        """How much waits to be shown, and to be stored."""
        return len(self._shown), len(self._kept)

    def show(self, what: Show) -> None:
        """Queue something for people to see, in order; the oldest goes when the queue is full."""
        if len(self._shown) >= SHOWN_BOUND:
            self._shown.popleft()
            self.counts["shown_dropped"] += 1
        self._shown.append(what)
        self._progress = None  # what is final comes after it, and must not be followed by it
        self._show_wake.set()

    def show_progress(self, turn_id: int, text: str) -> None:
        """Queue the bot's words so far, in place of those not shown yet."""
        self._progress = turn_id, text
        self._show_wake.set()

    def keep(self, what: Message | Charge) -> None:
        """Queue something for the store; the newest goes when the queue is full, for the older is owed first."""
        if self._forgotten:
            known = self._without(what, self._forgotten)
            if known is None:
                return
            what = known
        if len(self._kept) >= KEPT_BOUND:
            self.counts["kept_dropped"] += 1
            return
        self._kept.append(what)
        self._keep_wake.set()

    def forget(self, user_id: int) -> None:
        """Write nothing more of a person: not what waits, nor what still comes, until they are welcome again."""
        self._forgotten |= {user_id}
        known = (self._without(what, {user_id}) for what in self._kept)
        # A batch on its way may still be written: whoever deletes the rest of it waits for `settled` first.
        self._kept = deque(what for what in known if what is not None)

    async def settled(self) -> None:
        """Return when no batch is on its way to the store."""
        async with self._pen:
            pass

    def welcome(self, user_id: int) -> None:
        """Write down a person's words again."""
        self._forgotten -= {user_id}

    def clear(self) -> None:
        """Drop the lines that wait (/memory clear); what is owed stays."""
        self._kept = deque(what for what in self._kept if isinstance(what, Charge))

    def drop(self, message_ids: Set[str]) -> None:
        """Drop these lines if they wait; one on its way may still be written, as with `forget`."""
        self._kept = deque(what for what in self._kept if what.id not in message_ids)

    @staticmethod
    def _without(what: Message | Charge, people: Set[int]) -> Message | Charge | None:
        if isinstance(what, Message):
            return None if what.speaker_id in people else what
        return replace(what, user_ids=tuple(user_id for user_id in what.user_ids if user_id not in people))

    def memory_failed(self, error: StoreError) -> None:
        """Tell people once that memory is off."""
        if not self.memory_off:
            self.memory_off = True
            log.warning("memory_off", reason=str(error))
            self.show(lambda audience: audience.trouble(error))

    def close(self) -> None:
        """Nothing more will come: both writers end when their queues are empty (the store's also when it fails)."""
        self._closed = True
        self._show_wake.set()
        self._keep_wake.set()

    async def run(self) -> None:
        """Write until `close`; after a lost link it runs again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._show_all(), name="scribe:show")
            group.create_task(self._keep_all(), name="scribe:keep")
        self._closed = False

    async def _show_all(self) -> None:
        while await self._more(lambda: bool(self._shown or self._progress), self._show_wake):
            if self._shown:
                await self._shown.popleft()(self._audience)
            elif self._progress:
                (turn_id, text), self._progress = self._progress, None
                await self._audience.saying(turn_id, text)

    async def _keep_all(self) -> None:
        attempt = 0
        while await self._more(lambda: bool(self._kept), self._keep_wake):
            batch = list(islice(self._kept, BATCH))
            try:
                async with self._pen:
                    await self._write(batch)
            except StoreError as error:
                self.counts["store_failures"] += 1
                self.memory_failed(error)
                if self._closed:
                    self.counts["kept_dropped"] += len(self._kept)
                    return
                await self._pause(RETRIES[min(attempt, len(RETRIES) - 1)])
                attempt += 1
                continue
            written = {id(item) for item in batch}
            while self._kept and id(self._kept[0]) in written:
                self._kept.popleft()
            attempt = 0
            if self.memory_off:
                self.memory_off = False
                self.show(lambda audience: audience.notice("memory_back"))

    async def _write(self, batch: list[Message | Charge]) -> None:
        """Write a batch; each table is written all or none, and writing the same again changes nothing."""
        messages = [item for item in batch if isinstance(item, Message)]
        charges = [item for item in batch if isinstance(item, Charge)]
        if messages:
            await self._store.remember(self._guild_id, self._channel_id, messages)
        if charges:
            await self._store.charge(charges)

    async def _more(self, waiting: Callable[[], bool], wake: asyncio.Event) -> bool:
        while not waiting():
            if self._closed:
                return False
            wake.clear()
            await wake.wait()
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt, but not longer than the call lasts."""
        self._keep_wake.clear()
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    await self._keep_wake.wait()
                    self._keep_wake.clear()
        except TimeoutError:
            pass
