"""Writes along: what people see goes to the audience, what must last goes to the store.

Both are fed through bounded queues, so that neither Discord's rate limits nor a slow disk ever hold up a call.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Set

import structlog

from bot.errors import StoreError
from bot.ports import Audience, Store
from bot.store.outbox import Outbox, without
from bot.types import Charge, Message

log = structlog.get_logger(__name__)

SHOWN_BOUND = 100
"""Things waiting to be shown: at most one edit in 1.2 s, so more than this could never catch up."""
KEPT_BOUND = 1000
"""Messages and charges waiting for the store: about an hour of talk while a database is away."""

Show = Callable[[Audience], Awaitable[None]]


class Display:
    """The two writers of one call. `run` them in the call's TaskGroup; `close` and they finish what is queued."""

    def __init__(self, guild_id: int, channel_id: int, audience: Audience, store: Store) -> None:
        self.counts: Counter[str] = Counter()
        "shown_dropped, kept_dropped, store_failures"
        self.memory_off = False
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._audience = audience
        self.owed = Outbox(store, KEPT_BOUND, self.counts, self.memory_failed, self._memory_back)
        "what waits for the store; after the call, what it could not be given"
        self._shown: deque[Show] = deque()
        self._progress: tuple[int, str] | None = None
        "turn id and the bot's words so far"
        self._forgotten: frozenset[int] = frozenset()
        self._show_wake = asyncio.Event()
        self._closed = False

    @property
    def waiting(self) -> tuple[int, int]:
        """How much waits to be shown, and to be stored."""
        return len(self._shown), len(self.owed)

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
        known = without(what, self._forgotten)
        if known is not None:
            self.owed.add(self._guild_id, self._channel_id, known)

    def forget(self, user_id: int) -> None:
        """Write nothing more of a person: not what waits, nor what still comes, until they are welcome again."""
        self._forgotten |= {user_id}
        self.owed.forget(user_id)

    def welcome(self, user_id: int) -> None:
        """Write down a person's words again."""
        self._forgotten -= {user_id}

    async def settled(self) -> None:
        """Return when no batch is on its way to the store: it may be written whatever was forgotten meanwhile."""
        await self.owed.settled()

    def clear(self) -> None:
        """Drop the lines that wait (/memory clear); what is owed stays."""
        self.owed.clear(self._channel_id)

    def drop(self, message_ids: Set[str]) -> None:
        """Drop these lines if they wait; one on its way may still be written, as with `forget`."""
        self.owed.drop(message_ids)

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
        self.owed.close()

    async def run(self) -> None:
        """Write until `close`; after a lost link it runs again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._show_all(), name="scribe:show")
            group.create_task(self.owed.pay(), name="scribe:keep")
        self._closed = False

    async def _show_all(self) -> None:
        while await self._more():
            if self._shown:
                await self._shown.popleft()(self._audience)
            elif self._progress:
                (turn_id, text), self._progress = self._progress, None
                await self._audience.saying(turn_id, text)

    def _memory_back(self) -> None:
        if self.memory_off:
            self.memory_off = False
            self.show(lambda audience: audience.notice("memory_back"))

    async def _more(self) -> bool:
        while not (self._shown or self._progress):
            if self._closed:
                return False
            self._show_wake.clear()
            await self._show_wake.wait()
        return True
