"""Feeds the watchdog twice a second and does what it says."""

import asyncio
from collections.abc import Callable

import structlog

from bot.voice.link import recovery
from bot.voice.link.transport import Transport
from bot.voice.link.watchdog import Sample, Watchdog, WatchdogAction
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.roster import Roster

log = structlog.get_logger(__name__)

MONITOR_INTERVAL_SECONDS = 0.5


class LinkMonitor:
    """Looks after one link: who is in the channel, the keep-alive, and whether sound gets through."""

    def __init__(
        self, transport: Transport, receiver: Receiver, roster: Roster, inbox: Inbox, clock: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._receiver = receiver
        self._roster = roster
        self._inbox = inbox
        self._clock = clock
        self._watchdog = Watchdog(clock())
        self._taking_over: asyncio.Task[None] | None = None

    def reset(self) -> None:
        """Judge from here on: the connection is a new one."""
        self._watchdog.reset(self._clock())

    def update_people(self) -> bool:
        """Tell the roster who is in the channel; return whether there are people."""
        people, bots = self._transport.people()
        self._roster.set_people(people, bots)
        return bool(people)

    async def run(self) -> None:
        """Check twice a second, until cancelled; all links at one wake-up."""
        clock = asyncio.get_running_loop().time
        try:
            while True:
                await asyncio.sleep(MONITOR_INTERVAL_SECONDS - clock() % MONITOR_INTERVAL_SECONDS)
                await self._check()
        finally:
            if self._taking_over is not None:
                self._taking_over.cancel()

    async def _check(self) -> None:
        try:
            among_people = self.update_people()
            if self._transport.connected:
                self._transport.keep_alive()
                idle = self._taking_over is None or self._taking_over.done()
                if idle and self._transport.superseded:
                    self._taking_over = asyncio.create_task(self._transport.take_over(), name="take over")
                sample = self._sample(among_people)
                action = self._watchdog.check(sample)
                if action is not None:
                    await self._act(action, sending=sample.out_of_step)
        except Exception:
            log.exception("link_monitor_failed", channel_id=self._transport.channel_id)

    def _sample(self, among_people: bool) -> Sample:
        transport = self._transport
        stats = self._receiver.stats
        return Sample(
            now=self._clock(),
            received=self._inbox.received,
            opened=stats.opened,
            undecryptable=stats.undecryptable,
            announced=self._roster.announced,
            outside_group=among_people and not transport.in_group,
            out_of_step=transport.out_of_step,
            unanswered_since=transport.discovery.unanswered_since,
        )

    async def _act(self, action: WatchdogAction, *, sending: bool) -> None:
        """Take an action. `sending`: people cannot open what the bot sends; else the bot hears nothing."""
        transport = self._transport
        if sending:
            transport.stats.send_broken += 1
        else:
            transport.stats.receive_broken += 1
        event = "link_send_broken" if sending else "link_receive_broken"
        log.warning(event, channel_id=transport.channel_id, action=action.name)
        match action:
            case WatchdogAction.REGROUP:
                await transport.regroup()
            case WatchdogAction.REOPEN:
                await transport.cut(recovery.SOUND_BROKEN)
            case WatchdogAction.REJOIN:
                await transport.cut(recovery.SOUND_STILL_BROKEN)
            case WatchdogAction.GIVE_UP:
                await transport.cut(recovery.SOUND_GIVEN_UP)
