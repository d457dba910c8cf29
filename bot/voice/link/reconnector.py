"""Serves a connection and brings it back when it breaks, as recovery.py plans it."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from bot.types import LinkEnd
from bot.voice.link import recovery
from bot.voice.link.recovery import RecoveryStep
from bot.voice.link.transport import ConnectionBroken, RemovedFromChannel, Transport

log = structlog.get_logger(__name__)

RECOVERY_ATTEMPT_SECONDS = 8.0
"""For one attempt to recover."""
STABLE_AFTER_SECONDS = 10.0
"""A recovered connection counts as stable after this long."""
MAX_RESUMABLE_OUTAGE_SECONDS = 5.0
"""After a longer outage a reply does not continue."""


class Reconnector:
    """Runs one transport: calls `on_long_outage` when a reply must not continue, `on_recovered` after each outage."""

    def __init__(
        self,
        transport: Transport,
        clock: Callable[[], float],
        *,
        on_long_outage: Callable[[], None],
        on_recovered: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._on_long_outage = on_long_outage
        self._on_recovered = on_recovered

    async def run(self) -> LinkEnd:
        """Serve the connection until it is over for good; return why."""
        recovered_at = float("-inf")
        while True:
            code = await self._transport.poll()
            if self._transport.left:
                return LinkEnd.LEFT
            shaky = self._clock() - recovered_at < STABLE_AFTER_SECONDS
            end = recovery.FATAL_CODES.get(code) or await self._recover(code, shaky)
            if end is not None:
                return end
            recovered_at = self._clock()
            self._on_recovered()

    async def _recover(self, code: int, shaky: bool) -> LinkEnd | None:
        """Try one step after the other; return the link's end when none is left."""
        transport = self._transport
        down_at = self._clock()
        log.info("link_broken", channel_id=transport.channel_id, code=code)
        for delay, step in recovery.plan(code, awaiting_server=transport.events.awaiting_server, shaky=shaky):
            await self._pause(delay)
            if self._clock() - down_at > MAX_RESUMABLE_OUTAGE_SECONDS:
                self._on_long_outage()
            if transport.events.removed or not transport.channel_exists:
                return LinkEnd.KICKED
            if transport.events.server_ready:
                step = RecoveryStep.REOPEN
            try:
                async with asyncio.timeout(RECOVERY_ATTEMPT_SECONDS):
                    recovered = await self._take(step)
            except RemovedFromChannel:
                return LinkEnd.KICKED
            except (ConnectionBroken, TimeoutError) as error:
                transport.stats.failed += 1
                end = recovery.FATAL_CODES.get(getattr(error, "code", recovery.CONNECTION_BROKEN))
                if end is not None:
                    return end
            else:
                if recovered:
                    seconds = round(self._clock() - down_at, 2)
                    log.info("link_recovered", channel_id=transport.channel_id, step=step.name, seconds=seconds)
                    return None
        return LinkEnd.LOST

    async def _pause(self, seconds: float) -> None:
        """Wait, but only until an event decides what follows."""
        events = self._transport.events
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (events.server_ready or events.removed):
                    await events.wait()

    async def _take(self, step: RecoveryStep) -> bool:
        """Take a step; return whether the connection stands again."""
        transport = self._transport
        match step:
            case RecoveryStep.WAIT:
                return False
            case RecoveryStep.RESUME:
                await transport.resume()
                transport.stats.resumed += 1
            case RecoveryStep.REOPEN:
                await transport.open()
                transport.stats.reopened += 1
            case RecoveryStep.REJOIN:
                await transport.rejoin()
                transport.stats.rejoined += 1
        return True
