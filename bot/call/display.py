"""Shows people what happens in a call, through a bounded queue: Discord's rate limits never hold up the call."""

import asyncio
from collections import Counter, deque
from dataclasses import replace

import structlog

from bot.call.shown import HeardLine, Notice, Shown, SpokenLine, Trouble, show_to
from bot.errors import StoreError
from bot.ports import Audience

log = structlog.get_logger(__name__)

MAX_WAITING_TO_SHOW = 100
"""Values in the queue. Discord takes at most one edit every 1.2 s, so a longer queue could never catch up."""


class Display:
    """The queue to one call's audience. `run` it in the call's TaskGroup; `close` and it ends when it is empty."""

    def __init__(self, audience: Audience, counts: Counter[str]) -> None:
        """`counts` gets shown_dropped."""
        self.memory_off = False
        self._audience = audience
        self._counts = counts
        self._queue: deque[Shown] = deque()
        self._progress: tuple[int, str] | None = None
        "turn id and the bot's words so far"
        self._wake = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        """Return how much waits to be shown."""
        return len(self._queue)

    def show(self, shown: Shown) -> None:
        """Queue a value, in order. When the queue is full, the oldest goes."""
        if len(self._queue) >= MAX_WAITING_TO_SHOW:
            dropped = self._queue.popleft()
            self._counts["shown_dropped"] += 1
            log.debug("shown_dropped", kind=type(dropped).__name__)
        self._queue.append(shown)
        self._progress = None  # the final line comes next, and partial words must not follow it
        self._wake.set()

    def drop_words(self, user_id: int) -> None:
        """Do not show what a person said, if it is not shown yet."""
        kept = (one for one in self._queue if not (isinstance(one, HeardLine) and one.heard.user_id == user_id))
        self._queue = deque(kept)
        self._audience.drop_words(user_id)

    def drop_answers(self, user_id: int) -> None:
        """Do not show the rest of what a person was answered, if it is not shown yet."""
        self._queue = deque(
            SpokenLine(replace(one.spoken, text="", interrupted=True))
            if isinstance(one, SpokenLine) and user_id in one.spoken.asked_by
            else one
            for one in self._queue
        )
        self._audience.drop_answers(user_id)

    def show_progress(self, turn_id: int, text: str) -> None:
        """Show the bot's words so far, in place of those that are not shown yet."""
        self._progress = turn_id, text
        self._wake.set()

    def memory_failed(self, error: StoreError) -> None:
        """Tell people, once, that the store does not work."""
        if not self.memory_off:
            self.memory_off = True
            log.warning("memory_off", reason=str(error))
            self.show(Trouble(error))

    def memory_works(self) -> None:
        """Tell people that the store works again, if they were told that it did not."""
        if self.memory_off:
            self.memory_off = False
            self.show(Notice("memory_back"))

    def close(self) -> None:
        """Nothing more comes: `run` ends when the queue is empty."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Show until `close`; it may run again for the next link."""
        while await self._has_more():
            if self._queue:
                await show_to(self._audience, self._queue.popleft())
            elif self._progress:
                (turn_id, text), self._progress = self._progress, None
                await self._audience.saying(turn_id, text)
        self._closed = False

    async def _has_more(self) -> bool:
        while not (self._queue or self._progress):
            if self._closed:
                return False
            self._wake.clear()
            await self._wake.wait()
        return True
