"""The link as the call has it: sound in, sound out, and a connection that is kept up. No discord.py here."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

import structlog

from bot.ports import Playback
from bot.types import Frame, LinkEnd
from bot.voice.link import recovery
from bot.voice.link.recovery import Cure
from bot.voice.link.transport import Broken, LinkStats, Removed, Transport
from bot.voice.link.watchdog import Order, Sample, Watchdog
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.roster import Roster
from bot.voice.receive.udp import Inbox
from bot.voice.send.sender import Sender

log = structlog.get_logger(__name__)

WATCH = 0.5
"""Seconds between two looks at people, sound and keep-alive."""
ATTEMPT = 8.0
"""Seconds for one attempt to recover."""
STABLE = 10.0
"""Seconds a mended connection must have lasted to count as sound."""
RESUMABLE = 5.0
"""Seconds of outage after which a reply is not taken up again."""


class Link:
    """The bot in one voice channel; see ports.VoiceLink. Made by link.connect."""

    def __init__(
        self,
        line: Transport,
        receiver: Receiver,
        roster: Roster,
        inbox: Inbox,
        outlet: Sender,
        clock: Callable[[], float],
    ) -> None:
        self.receiver = receiver
        self.inbox = inbox
        self.outlet = outlet
        self._line = line
        self._roster = roster
        self._clock = clock
        self._watchdog = Watchdog(clock())
        self._keys: tuple[object, ...] = ()
        self._end: asyncio.Future[LinkEnd] = asyncio.get_running_loop().create_future()
        self._look()
        self._keeper = asyncio.create_task(self._keep(), name=f"link:{line.channel_id}")

    @property
    def channel_id(self) -> int:
        return self._line.channel_id

    @property
    def connected(self) -> bool:
        """Whether the connection stands; while it does not, sound stands still."""
        return self._line.connected

    @property
    def stats(self) -> LinkStats:
        return self._line.stats

    def frames(self, now: float) -> Sequence[Frame]:
        self._rekey()
        offset = now - self._clock()
        for datagram, arrived in self.inbox.drain():
            self.receiver.push(datagram, arrived + offset)
        self.outlet.pump()
        return self.receiver.frames(now)

    def talking(self, now: float) -> frozenset[int]:
        return self.receiver.talking(now)

    def unopened(self) -> Mapping[int, int]:
        return self.receiver.unopened()

    def admit(self, user_ids: frozenset[int]) -> None:
        self.receiver.admit(user_ids)

    def play(self) -> Playback:
        return self.outlet.play()

    async def ended(self) -> LinkEnd:
        return await asyncio.shield(self._end)

    async def close(self) -> None:
        if self._end.done():
            await asyncio.wait({self._keeper})
            return
        self._line.left = True
        self._end.set_result(LinkEnd.LEFT)
        self._keeper.cancel()
        await asyncio.wait({self._keeper})
        await self.outlet.close()
        await self._line.leave()

    def _rekey(self) -> None:
        """Hand the receiver the keys when there are new ones."""
        keys = self._line.keys()
        secret, session, version = keys
        if secret and not (self._keys and all(old is new for old, new in zip(self._keys, keys, strict=True))):
            self._keys = keys
            self.receiver.rekey(bytes(secret), session, version)
            self.inbox.rekey(bytes(secret))

    def _look(self) -> None:
        """See who is in the channel."""
        people, bots = self._line.people()
        self._roster.people(people, bots)

    async def _keep(self) -> None:
        """Keep the connection up until it is over for good, then tidy up."""
        watch = asyncio.create_task(self._watch(), name=f"link watch:{self.channel_id}")
        try:
            end = await self._serve()
        except Exception:
            # A fault of ours must end the call, not leave a deaf guest in it.
            log.exception("link_failed", channel_id=self.channel_id)
            end = LinkEnd.LOST
        finally:
            watch.cancel()
            await asyncio.wait({watch})
        log.info("link_ended", channel_id=self.channel_id, end=end)
        if not self._end.done():
            self._end.set_result(end)
        await self.outlet.close()
        await (self._line.drop() if end is LinkEnd.KICKED else self._line.leave())

    async def _serve(self) -> LinkEnd:
        mended_at = float("-inf")
        while True:
            code = await self._line.poll()
            if self._line.left:
                return LinkEnd.LEFT
            end = recovery.FATAL.get(code) or await self._recover(code, self._clock() - mended_at < STABLE)
            if end is not None:
                return end
            mended_at = self._clock()
            self._watchdog.reset(mended_at)

    async def _recover(self, code: int, shaky: bool) -> LinkEnd | None:
        """Try one cure after the other; return the link's end when none is left."""
        line = self._line
        down_at = self._clock()
        log.info("link_broken", channel_id=self.channel_id, code=code)
        for seconds, cure in recovery.plan(code, awaiting_server=line.news.awaiting_server, shaky=shaky):
            await self._pause(seconds)
            if self._clock() - down_at > RESUMABLE:
                self.outlet.cut()
            if line.news.removed or not line.channel_exists:
                return LinkEnd.KICKED
            if line.news.fresh:
                cure = Cure.REOPEN
            try:
                async with asyncio.timeout(ATTEMPT):
                    mended = await self._apply(cure)
            except Removed:
                return LinkEnd.KICKED
            except (Broken, TimeoutError) as error:
                line.stats.failed += 1
                end = recovery.FATAL.get(getattr(error, "code", recovery.BROKEN))
                if end is not None:
                    return end
            else:
                if mended:
                    seconds = round(self._clock() - down_at, 2)
                    log.info("link_mended", channel_id=self.channel_id, cure=cure.name, seconds=seconds)
                    return None
        return LinkEnd.LOST

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond news that decide what follows."""
        news = self._line.news
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (news.fresh or news.removed):
                    await news.more()

    async def _apply(self, cure: Cure) -> bool:
        """Return whether the connection stands again."""
        line = self._line
        match cure:
            case Cure.WAIT:
                return False
            case Cure.RESUME:
                await line.resume()
                line.stats.resumed += 1
            case Cure.REOPEN:
                await line.open()
                line.stats.reopened += 1
            case Cure.REJOIN:
                await line.rejoin()
                line.stats.rejoined += 1
        return True

    async def _watch(self) -> None:
        """Twice a second: who is there, the keep-alive, and whether sound comes through."""
        while True:
            await asyncio.sleep(WATCH)
            try:
                self._look()
                if self._line.connected:
                    self._line.keep_alive()
                    sample = self._sample()
                    await self._obey(self._watchdog.check(sample), sample.apart)
            except Exception:
                log.exception("link_watch_failed", channel_id=self.channel_id)

    def _sample(self) -> Sample:
        stats = self.receiver.stats
        return Sample(
            now=self._clock(),
            received=self.inbox.received,
            opened=stats.opened,
            shut=stats.undecryptable,
            announced=self._roster.announced,
            outside=bool(self._line.people()[0]) and not self._line.in_group,
            apart=self._line.apart,
            asked=self._line.discovery.asked,
        )

    async def _obey(self, order: Order | None, dumb: bool) -> None:
        if order is None:
            return
        if dumb:
            self.stats.dumb += 1
        else:
            self.stats.deaf += 1
        log.warning("link_dumb" if dumb else "link_deaf", channel_id=self.channel_id, order=order.name)
        match order:
            case Order.REGROUP:
                await self._line.regroup()
            case Order.REOPEN:
                await self._line.cut(recovery.DEAF)
            case Order.REJOIN:
                await self._line.cut(recovery.STILL_DEAF)
            case Order.GIVE_UP:
                await self._line.cut(recovery.GIVEN_UP)
