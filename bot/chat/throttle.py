"""Repeats one action whenever something has changed, but not faster than Discord's rate limits allow."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import discord
import structlog

log = structlog.get_logger(__name__)


class Throttle:
    """Runs `act` soon after each `poke`, at least `gap` seconds apart; pokes in between count as one.

    Its task exists only while there is work. Errors of Discord or the network are logged: the next poke tries again.
    """

    def __init__(self, act: Callable[[], Awaitable[None]], gap: float, name: str) -> None:
        self._act = act
        self._gap = gap
        self.name = name
        self._due = False
        self._last = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        self._due = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self.name)

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
            await asyncio.sleep(max(0.0, self._last + self._gap - clock()))
            self._due = False
            self._last = clock()
            try:
                await self._act()
            except discord.HTTPException as error:
                log.info("action_refused", act=self.name, status=error.status, code=error.code)
            except (OSError, aiohttp.ClientError) as error:
                log.info("action_unreachable", act=self.name, error=type(error).__name__)
