"""Serves a connection and brings it back when it breaks, as recovery.py plans it."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from bot.types import LinkEnd
from bot.voice.link import recovery
from bot.voice.link.presence import Presence
from bot.voice.link.recovery import RecoveryStep
from bot.voice.link.transport import ConnectionBroken, RemovedFromChannel, Transport

log = structlog.get_logger(__name__)

RECOVERY_ATTEMPT_SECONDS = 8.0
"""For one attempt to recover."""
GATEWAY_ANSWERS_PER_ATTEMPT = 4
"""An attempt waits this often for the main gateway, so it gets that much longer while the gateway answers late."""
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
            end = recovery.FATAL_CODES.get(code)
            if end is not None:
                log.error("link_refused", channel_id=self._transport.channel_id, code=code, end=end)
                return end
            end = await self._recover(code, shaky)
            if end is not None:
                return end
            recovered_at = self._clock()
            self._on_recovered()

    async def _recover(self, code: int, shaky: bool) -> LinkEnd | None:
        """Try one step after the other; return the link's end when none is left."""
        transport = self._transport
        down_at = self._clock()
        log.info("link_broken", channel_id=transport.channel_id, code=code)
        giving_up = asyncio.get_running_loop().call_later(MAX_RESUMABLE_OUTAGE_SECONDS, self._on_long_outage)
        try:
            return await self._try_steps(code, shaky, down_at)
        finally:
            giving_up.cancel()

    async def _try_steps(self, code: int, shaky: bool, down_at: float) -> LinkEnd | None:
        transport = self._transport
        for delay, step in recovery.plan(code, awaiting_server=transport.events.awaiting_server, shaky=shaky):
            if step is RecoveryStep.RESUME and not recovery.resumable(code):  # an attempt to resume ended so
                continue
            await self._pause(delay)
            end = self._removed() if step is not RecoveryStep.REJOIN else await self._certain()
            if end is not None:
                return end
            if transport.events.server_ready:
                step = RecoveryStep.REOPEN
            try:
                async with asyncio.timeout(
                    RECOVERY_ATTEMPT_SECONDS + GATEWAY_ANSWERS_PER_ATTEMPT * transport.gateway_lag_seconds
                ):
                    recovered = await self._take(step)
            except RemovedFromChannel:
                return LinkEnd.KICKED
            except (ConnectionBroken, TimeoutError) as error:
                transport.stats.failed += 1
                code = getattr(error, "code", recovery.CONNECTION_BROKEN)
                end = recovery.FATAL_CODES.get(code)
                if end is not None:
                    log.error("link_refused", channel_id=transport.channel_id, code=code, end=end)
                    return end
            else:
                if recovered:
                    seconds = round(self._clock() - down_at, 2)
                    log.info("link_recovered", channel_id=transport.channel_id, step=step.name, seconds=seconds)
                    return None
        return self._removed() or LinkEnd.LOST

    def _removed(self) -> LinkEnd | None:
        events = self._transport.events
        return LinkEnd.KICKED if events.removed or not self._transport.channel_exists else None

    async def _certain(self) -> LinkEnd | None:
        """Wait until it is certain that nobody removed the bot, so that it may enter again; else return the end.

        The main gateway's silence proves nothing: news of a removal may come seconds after the voice gateway's.
        """
        asked_at = self._clock()
        while True:
            presence = await self._presence()
            if end := self._removed():
                return end
            if self._transport.events.server_ready or presence in (Presence.HERE, Presence.FREE):
                return None
            waited = self._clock() - asked_at
            if presence is Presence.GONE and waited >= recovery.REMOVAL_NEWS_SECONDS:
                return LinkEnd.KICKED
            if waited >= recovery.SILENCE_SECONDS:
                return LinkEnd.UNEXPLAINED
            await self._pause(recovery.PRESENCE_INTERVAL_SECONDS)

    async def _presence(self) -> Presence:
        """Ask whether the bot is still in the channel, unless an event decides before the answer comes."""
        asking = asyncio.create_task(self._transport.presence(), name="presence")
        deciding = asyncio.create_task(self._decided(), name="decision")
        try:
            await asyncio.wait({asking, deciding}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else Presence.UNKNOWN
        finally:
            asking.cancel()
            deciding.cancel()
            await asyncio.wait({asking, deciding})

    async def _pause(self, seconds: float) -> None:
        """Wait, but only until an event decides what follows."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._decided()

    async def _decided(self) -> None:
        """Wait for an event that decides what follows."""
        events = self._transport.events
        while not events.decisive:
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
