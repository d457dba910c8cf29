"""One call's life: it runs over lost links, survives its own crash, and ends in time."""

import asyncio
from collections import Counter

import structlog

from bot.call.call import Call
from bot.errors import (
    BotError,
    CallCrashed,
    EncryptionRefused,
    JoinError,
    LinkLost,
    LinkUnexplained,
    Unwanted,
    VoiceLimited,
    VoiceOutdated,
)
from bot.ports import Venue, VoiceLink
from bot.types import CallState, LinkEnd

log = structlog.get_logger(__name__)

REJOIN_PAUSE_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Before each attempt to rejoin after the link was lost; after the last one the call ends."""
LAST_TOUCHES_SECONDS = 1.0
"""For what works only while the bot is in the channel, such as clearing the status line under its name."""
CLOSE_SECONDS = 10.0
"""For a call to write its last words once it must end."""
DRAINED_CLOSE_SECONDS = 6.0
"""The same when the process ends: it must be gone within 30 s."""

_CAUSES: dict[LinkEnd, type[BotError]] = {
    LinkEnd.REFUSED: EncryptionRefused,
    LinkEnd.OUTDATED: VoiceOutdated,
    LinkEnd.LIMITED: VoiceLimited,
    LinkEnd.UNEXPLAINED: LinkUnexplained,
}
"""What people are told about an end that no new attempt can mend."""


class Session:
    """A call and its current link."""

    def __init__(self, call: Call, link: VoiceLink, counts: Counter[str]) -> None:
        """`counts` gets rejoined, lost, crashed."""
        self.call = call
        self.link = link
        self.moving = False
        "another channel's call takes over the link"
        self.comes_back = False
        "the process ends, and the next one takes up the call: the store keeps it"
        self.task: asyncio.Task[None] | None = None
        "runs it"
        self._counts = counts

    async def run(self) -> LinkEnd | None:
        """Run the call to its end and close its link; None: the call crashed. Other calls do not notice a crash."""
        guild_id = self.call.venue.guild_id
        try:
            end = await self._run_until_gone()
            log.info("call_ended", guild=guild_id, reason=end.value)
            return end
        except Exception:
            # A bug in one server's call must not reach another's: log it, count it, and let the others run.
            self._counts["crashed"] += 1
            log.exception("call_crashed", guild=guild_id)
            await _report_crash(self.call.venue)
            return None
        finally:
            if not self.moving:
                await self.link.close()

    async def end(self) -> None:
        """End the call and wait until it has written its last words, but not forever."""
        assert self.task is not None
        self.call.leave()
        if not self.moving:
            await asyncio.wait([self.task], timeout=LAST_TOUCHES_SECONDS)
            await self.link.close()
        _, late = await asyncio.wait([self.task], timeout=DRAINED_CLOSE_SECONDS if self.comes_back else CLOSE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.wait([self.task])

    async def _run_until_gone(self) -> LinkEnd:
        while True:
            end = await self.call.run(self.link)
            if cause := _CAUSES.get(end):
                await self.call.venue.audience.trouble(cause())
            if end is not LinkEnd.LOST:
                return end
            self._counts["lost"] += 1
            if failure := await self._rejoin():
                if isinstance(failure, Unwanted):
                    return LinkEnd.KICKED
                await self.call.venue.audience.trouble(failure)
                return end
            self._counts["rejoined"] += 1

    async def _rejoin(self) -> BotError | None:
        """Enter the channel again while people are in it; return why not when every attempt failed."""
        venue = self.call.venue
        failure: BotError = LinkLost()
        for pause in REJOIN_PAUSE_SECONDS:
            await self.link.close()
            await asyncio.sleep(pause)
            if self.call.left or not venue.people():
                break
            try:
                self.link = await venue.connect()
            except Unwanted as error:
                return error
            except BotError as error:
                log.warning("rejoin_failed", guild=venue.guild_id, reason=error.code)
                if type(error) is not JoinError:  # it names a cause that people can remove
                    failure = error
            else:
                return None
        return failure


async def _report_crash(venue: Venue) -> None:
    """Tell people that a bug ended their call, if they can still be told."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await venue.audience.trouble(CallCrashed())
            await venue.audience.state(CallState.LEAVING)
    except Exception:
        log.exception("crash_untold")
