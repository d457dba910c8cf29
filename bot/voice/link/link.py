"""The link as the call has it: sound in, sound out, and a connection that is kept up. No discord.py here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from bot.ports import Playback
from bot.types import Frame, LinkEnd, Sent
from bot.voice.link.monitor import LinkMonitor
from bot.voice.link.reconnector import Reconnector
from bot.voice.link.transport import Transport, TransportStats
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.roster import Roster
from bot.voice.receive.udp import UdpReader
from bot.voice.send.sender import Sender

log = structlog.get_logger(__name__)


class Link:
    """The bot in one voice channel; see ports.VoiceLink. Made by join.connect."""

    def __init__(
        self,
        transport: Transport,
        receiver: Receiver,
        roster: Roster,
        reader: UdpReader,
        sender: Sender,
        clock: Callable[[], float],
    ) -> None:
        self.transport = transport
        self.receiver = receiver
        self.reader = reader
        self.inbox = reader.inbox
        self.sender = sender
        self._clock = clock
        self._monitor = LinkMonitor(transport, receiver, roster, self.inbox, clock)
        self._reconnector = Reconnector(transport, clock, on_long_outage=sender.cut, on_recovered=self._monitor.reset)
        self._keys: tuple[object, ...] = ()
        self._end: asyncio.Future[LinkEnd] = asyncio.get_running_loop().create_future()
        self._monitor.update_people()
        self._running = asyncio.create_task(self._run(), name=f"link:{transport.channel_id}")

    @property
    def channel_id(self) -> int:
        return self.transport.channel_id

    @property
    def connected(self) -> bool:
        """Whether the connection stands; while it does not, sound waits."""
        return self.transport.connected

    @property
    def stats(self) -> TransportStats:
        return self.transport.stats

    def frames(self, now: float) -> Sequence[Frame]:
        if self.reader.drain(now):
            self._rekey()
        for datagram, arrived in self.inbox.drain(now):
            self.receiver.push(datagram, arrived)
        self.sender.pump()
        return self.receiver.frames(now)

    def rest(self, wake: Callable[[], None]) -> None:
        self.reader.rest(wake)

    def talking(self, now: float) -> frozenset[int]:
        return self.receiver.talking(now)

    def unopened(self) -> Mapping[int, int]:
        return self.receiver.unopened()

    def admit(self, user_ids: frozenset[int]) -> None:
        self.receiver.admit(user_ids)

    def played(self) -> Sequence[Sent]:
        return self.sender.played()

    def play(self) -> Playback:
        return self.sender.play()

    async def ended(self) -> LinkEnd:
        return await asyncio.shield(self._end)

    async def close(self) -> None:
        if self._end.done():
            await asyncio.wait({self._running})
            return
        self.transport.left = True
        self._end.set_result(LinkEnd.LEFT)
        self._running.cancel()
        await asyncio.wait({self._running})
        await self.sender.close()
        await self.transport.leave()

    def _rekey(self) -> None:
        """Give the receiver and the inbox the keys when they changed."""
        keys = self.transport.keys()
        secret, session, version = keys
        if secret and not (self._keys and all(old is new for old, new in zip(self._keys, keys, strict=True))):
            self._keys = keys
            self.receiver.rekey(bytes(secret), session, version)
            self.inbox.rekey(bytes(secret))

    async def _run(self) -> None:
        """Keep the connection up until it is over for good, then clean up."""
        monitoring = asyncio.create_task(self._monitor.run(), name=f"link monitor:{self.channel_id}")
        try:
            end = await self._reconnector.run()
        except Exception:
            # A bug of ours must end the call, not leave a bot in it that hears nothing.
            log.exception("link_failed", channel_id=self.channel_id)
            end = LinkEnd.LOST
        finally:
            monitoring.cancel()
            await asyncio.wait({monitoring})
        log.info("link_ended", channel_id=self.channel_id, end=end)
        if not self._end.done():
            self._end.set_result(end)
        await self.sender.close()
        await (self.transport.drop() if end is LinkEnd.KICKED else self.transport.leave())
