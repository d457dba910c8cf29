"""Repeats one action whenever something has changed, but not faster than Discord's rate limits allow."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.chat.requests import REQUEST_ERRORS, is_edge_fault, retry_delay

log = structlog.get_logger(__name__)


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
        self._failures = 0
        "in a row"
        self._hurried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        self._due = True
        if self._task is None or self._task.done():
            self._next = max(self._next, asyncio.get_running_loop().time() + self._gather)
            self._task = asyncio.create_task(self._run(), name=self.name)

    def hurry(self) -> None:
        """Act at once, without a gap from now on."""
        self._gap = self._gather = 0.0
        self._hurried.set()
        self.poke()

    async def idle(self) -> None:
        """Return when every poke so far has been handled."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._due:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._next - clock())):
                    await self._hurried.wait()
            self._hurried.clear()
            self._due = False
            self._next = clock() + self._gap
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
