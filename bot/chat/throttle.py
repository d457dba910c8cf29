"""Repeats one action whenever something has changed, but not faster than Discord's rate limits allow."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.chat.requests import REQUEST_ERRORS, is_edge_fault, retry_delay

log = structlog.get_logger(__name__)

MAX_ACTS, ACTS_SECONDS = 5, 5.2
"""Discord allows about five requests of a kind in five seconds in one channel."""
SOON_GAP_SECONDS = 0.4
"""Between two acts, where the second cannot wait for the gap."""
TIMER_SECONDS = 0.001
"""A timer may end this early."""


class Throttle:
    """Runs `act` soon after each `poke`, at least `gap` seconds apart; pokes in between count as one.

    Its task exists only while there is work. While Discord cannot be reached `act` is tried again until it works, so it
    must show what holds then; what Discord refuses is logged, and the next poke tries again.
    """

    def __init__(self, act: Callable[[], Awaitable[None]], gap: float, name: str, gather: float = 0.0) -> None:
        """`gather` is how many seconds a first poke waits for others, which come at about the same time."""
        self._act = act
        self._gap = gap
        self._gather = gather
        self.name = name
        self._due = False
        self._next = float("-inf")
        self._acted = deque[float](maxlen=MAX_ACTS)
        "when"
        self._failures = 0
        "in a row"
        self._sooner = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        self._due = True
        if self._task is None or self._task.done():
            self._next = max(self._next, asyncio.get_running_loop().time() + self._gather)
            self._task = asyncio.create_task(self._run(), name=self.name)

    def soon(self) -> None:
        """Like `poke`, without the gap as far as Discord's limit has room. Out of reach it is the same."""
        self.poke()
        if not self._failures:
            last = self._acted[-1] if self._acted else float("-inf")
            at = max(asyncio.get_running_loop().time() + self._gather, last + SOON_GAP_SECONDS, self._allowed_at)
            self._next = min(self._next, at)
            self._sooner.set()

    def hurry(self) -> None:
        """Act at once, without a gap from now on."""
        self._gap = self._gather = 0.0
        self._next = float("-inf")
        self.poke()
        self._sooner.set()

    async def idle(self) -> None:
        """Return when every poke so far has been handled."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def _allowed_at(self) -> float:
        return self._acted[0] + ACTS_SECONDS if len(self._acted) == MAX_ACTS else float("-inf")

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._due:
            while (wait := self._next - clock()) > TIMER_SECONDS:
                self._sooner.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._sooner.wait()
            self._due = False
            self._acted.append(clock())
            self._next = max(clock() + self._gap, self._allowed_at)
            try:
                await self._act()
            except REQUEST_ERRORS as error:
                log.info("action_failed", act=self.name, error=type(error).__name__, code=getattr(error, "code", None))
                if is_edge_fault(error):
                    self._due = True
                    self._next = clock() + max(self._gap, retry_delay(self._failures, error))
                    self._failures += 1
                    continue
            self._failures = 0
