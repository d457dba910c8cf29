"""The bot in one voice channel, over discord.py: the only file that knows private names of discord.py's voice client.

discord.py dials, identifies, keeps its heartbeat and its side of the DAVE group; it receives no sound and gives up on
many faults. So its connection state is replaced here (the hook is public) by one that brings its own UDP reader,
survives what it is sent, and leaves to `Link` what to do when the connection breaks (recovery.py).
tests/voice/test_link_contract.py pins every name used and says what each is for.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import logging
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import discord
from discord.gateway import DiscordVoiceWebSocket
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from bot.errors import AlreadyInCall, ChannelFull, EncryptionRefused, JoinError, MissingPermissions
from bot.ports import Playback
from bot.types import Frame, LinkEnd
from bot.voice import opus, recovery
from bot.voice.outlet import Outlet
from bot.voice.pacer import Pacer
from bot.voice.receiver import Receiver
from bot.voice.recovery import Cure
from bot.voice.roster import Roster
from bot.voice.udp import DatagramSocket, Inbox, Reader

log = logging.getLogger(__name__)

Channel = discord.VoiceChannel | discord.StageChannel

RESUMED = DiscordVoiceWebSocket.RESUMED
HEARD_WITHIN = 9.0
"""Seconds of quiet from the voice gateway that end it: an acknowledgement every 5 s is due."""
UNFINISHED = 4000
"""Our close code when we mean to resume: 1000 would end the session."""
CLOSED_WITHIN = 1.0
"""Seconds for a closing handshake; nobody answers on a connection that died."""
LEFT_WITHIN = 1.0
ATTEMPT = 8.0
"""Seconds for one attempt to recover."""
DISCOVERIES = 5
"""IP discovery requests, one a second: a datagram may be lost."""
KEEP_ALIVE = 4.0
"""Seconds between datagrams that keep a NAT's door open."""
PEOPLE = 0.5
"""Seconds between looks at who is in the channel."""
STABLE = 10.0
"""Seconds a connection must have lasted to count as sound."""
RESUMABLE = 5.0
"""Seconds of outage after which a reply is not taken up again."""

_BROKEN = (discord.DiscordException, TimeoutError, OSError, RuntimeError, aiohttp.ClientError)
"""What an attempt to connect may end in."""


class Removed(Exception):
    """Somebody disconnected the bot while it was connecting."""


@dataclass(slots=True)
class LinkStats:
    """What befell a link."""

    resumed: int = 0
    reopened: int = 0
    rejoined: int = 0
    failed: int = 0
    "attempts to recover that did not work"
    faulty: int = 0
    "messages of the voice gateway that could not be handled"
    regrouped: int = 0
    "times the DAVE group was asked to take us in anew"


class _Gateway(DiscordVoiceWebSocket):
    """The voice gateway's WebSocket: quick to notice silence, and nothing that it is sent ends the poller."""

    resumed = False

    @property
    def _ours(self) -> "_State":
        return cast(_State, self._connection)

    async def poll_event(self) -> None:
        # Not discord.py's own: its `wait_for` may swallow a cancellation (Python 3.11), and waits 30 s.
        async with asyncio.timeout(HEARD_WITHIN):
            message = await self.ws.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise discord.ConnectionClosed(self.ws, shard_id=None, code=self._close_code)
        try:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self.received_message(json.loads(message.data))
            else:
                await self.received_binary_message(message.data)
        except (discord.ConnectionClosed, TimeoutError):
            raise
        except Exception as error:
            # A message that discord.py cannot digest. Its text may quote the message: only the kind is logged.
            self._ours.stats.faulty += 1
            if self._ours.stats.faulty == 1:
                log.warning("a message of the voice gateway could not be handled: %s", type(error).__name__)

    async def received_binary_message(self, msg: bytes) -> None:
        try:
            await super().received_binary_message(msg)
        except ValueError:
            # A proposal that davey cannot apply: the group has gone on without us. Ask to be taken in anew.
            self._ours.stats.regrouped += 1
            await self._ours.regroup()

    async def discover_ip(self) -> tuple[str, int]:
        state = self._ours
        for _ in range(DISCOVERIES):
            answer = state.discovery = asyncio.get_running_loop().create_future()
            state.socket.send(struct.pack(">HHI66x", 1, 70, state.ssrc))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    found: bytes = await answer
                    return found[8 : found.index(0, 8)].decode("ascii"), int.from_bytes(found[-2:])
        raise TimeoutError("no answer to IP discovery")

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_WITHIN):
                await super().close(code)


class _State(VoiceConnectionState):
    """discord.py's connection state, made to be driven from outside: it connects when told and never by itself."""

    def __init__(self, voice: "_Voice", inbox: Inbox, roster: Roster, clock: Callable[[], float]) -> None:
        self._inbox = inbox
        self._roster = roster
        self._clock = clock
        self.stats = LinkStats()
        self.discovery: asyncio.Future[bytes] | None = None
        self.channel_id = voice.channel.id
        self.news = asyncio.Event()
        "something came from the main gateway"
        self.answered = False
        "Discord has reacted to our wish to enter"
        self.fresh = False
        "we know of a server that we have not connected to yet"
        self.awaiting_server = False
        self.removed = False
        "somebody else took us out of the channel"
        self.left = False
        "we left for good"
        self._opened: tuple[str | None, str | None] | None = None
        self._told_at = float("-inf")
        self._leaving = False
        self._beats = itertools.count()
        super().__init__(voice, hook=self._message)

    # discord.py makes its own reader here and starts it: ours takes its place before that.
    @property
    def _socket_reader(self) -> Any:
        return self._reader

    @_socket_reader.setter
    def _socket_reader(self, _: threading.Thread) -> None:
        self._reader = Reader(self._receive, self._clock)

    async def enter(self, channel: Channel) -> None:
        """Ask the main gateway for the channel and open what it names.

        Raises Removed, or one of _BROKEN; discord.ConnectionClosed carries the voice gateway's close code.
        """
        self.session_id = self._opened = None
        self.fresh = self.answered = self.removed = False
        await channel.guild.change_voice_state(channel=channel, self_deaf=False, self_mute=False)
        while not (self.fresh and self.session_id):
            if self.removed:
                raise Removed
            self.news.clear()
            await self.news.wait()
        await self.open()

    async def exit(self) -> None:
        """Leave the channel, as far as the main gateway can be told."""
        self.state = ConnectionFlowState.disconnected
        me = self.voice_client.guild.me
        self._leaving = me is not None and me.voice is not None
        with contextlib.suppress(*_BROKEN):
            # Without an answer so far, too: Discord might let us in when nobody waits for it any more.
            await self.voice_client.guild.change_voice_state(channel=None)
            async with asyncio.timeout(LEFT_WITHIN):
                while self._leaving:
                    self.news.clear()
                    await self.news.wait()

    async def open(self) -> None:
        """Begin a new session with the server we were told of. Raises like `enter`."""
        self.fresh = self.awaiting_server = False
        self._roster.clear()
        await self.hang_up()
        self._opened = (self.token, self.endpoint)
        self.ip = self.port = MISSING
        self.socket = DatagramSocket()
        self._reader.attach(self.socket)
        self.ws = await self._connect_websocket(False)
        while self.ws.secret_key is None:
            await self.ws.poll_event()
        self.state = ConnectionFlowState.connected

    async def resume(self) -> None:
        """Take the session up again on a new WebSocket; everything else is as it was. Raises like `enter`."""
        await self._close(UNFINISHED)
        ws = self.ws = await self._connect_websocket(True)
        while not ws.resumed:
            await ws.poll_event()
        self.state = ConnectionFlowState.connected

    async def poll(self) -> int:
        """Serve the voice gateway until it is over; return the close code, or recovery.SILENT or NEWS."""
        try:
            while not self.left:
                await self.ws.poll_event()
            return recovery.NEWS
        except discord.ConnectionClosed as closed:
            return recovery.NEWS if self.fresh or self.awaiting_server or self.removed else closed.code
        except TimeoutError:
            return recovery.SILENT
        finally:
            self.state = ConnectionFlowState.disconnected

    async def hang_up(self) -> None:
        """Close the connection to the voice server."""
        self._opened = None
        await self._close(1000)
        if self.socket:
            self.socket.close()

    async def regroup(self) -> None:
        """Say that the DAVE group is lost to us, and offer a new key package."""
        await self._recover_from_invalid_commit(0)

    def keep_alive(self) -> None:
        """Send a datagram that means nothing, so that the way back stays open."""
        if self.is_connected():
            with contextlib.suppress(OSError):
                self.socket.send(struct.pack("<Q", next(self._beats)))

    async def disconnect(self, *, force: bool = True, cleanup: bool = True, wait: bool = False) -> None:
        await self.hang_up()
        self._reader.stop()
        self._reader.join(CLOSED_WITHIN)

    async def voice_state_update(self, data: Any) -> None:
        """Take in where the main gateway says that we are."""
        channel_id = data["channel_id"]
        if channel_id is None:
            if self._leaving:
                self._leaving = False
            else:
                self.removed = True
                await self._break()
        else:
            self.answered = True
            self.session_id = data["session_id"]
            if int(channel_id) != self.channel_id:
                self.channel_id = int(channel_id)
                channel = self.voice_client.client.get_channel(self.channel_id)
                if isinstance(channel, Channel):
                    self.voice_client.channel = channel
                # The move's new server is named before or after this; DAVE's group is named after the channel.
                self.fresh = self.fresh or self._clock() - self._told_at < recovery.TOLD_WITHIN
                await self._break()
        self.news.set()

    async def voice_server_update(self, data: Any) -> None:
        """Take in which voice server to use."""
        endpoint = (data.get("endpoint") or "").removeprefix("wss://")
        self.answered = True
        self.server_id = int(data["guild_id"])
        if not endpoint or not data["token"]:
            self.awaiting_server = True
            await self._break()
        elif (data["token"], endpoint) != self._opened:
            self.token, self.endpoint = data["token"], endpoint
            self.fresh = True
            self._told_at = self._clock()
            await self._break()
        self.news.set()

    async def _connect_websocket(self, resume: bool) -> _Gateway:
        seq_ack = self.ws.seq_ack if self.ws and resume else -1
        return await _Gateway.from_connection_state(self, resume=resume, hook=self.hook, seq_ack=seq_ack)

    async def _break(self) -> None:
        """End the session that the poller serves, or that is being opened: the news decide what follows."""
        self.news.set()
        await self._close(recovery.DISCONNECTED)

    async def _close(self, code: int) -> None:
        self.state = ConnectionFlowState.disconnected
        if self.ws:
            with contextlib.suppress(*_BROKEN):
                await self.ws.close(code)

    async def _message(self, ws: DiscordVoiceWebSocket, message: Mapping[str, Any]) -> None:
        if message.get("op") == RESUMED:
            cast(_Gateway, ws).resumed = True
        self._roster.message(message.get("op"), message.get("d"))

    def _receive(self, datagram: bytes, arrived: float) -> None:
        """Sort a datagram; in the reader's thread."""
        if len(datagram) == 74 and datagram[:2] == b"\x00\x02":
            with contextlib.suppress(RuntimeError):
                self.voice_client.loop.call_soon_threadsafe(self._discovered, datagram)
        elif len(datagram) != 8:
            self._inbox.push(datagram, arrived)

    def _discovered(self, datagram: bytes) -> None:
        if self.discovery is not None and not self.discovery.done():
            self.discovery.set_result(datagram)


class _Voice(discord.VoiceClient):
    """discord.py's voice client around our connection state."""

    connection: _State

    def __init__(
        self, client: discord.Client, channel: Any, *, inbox: Inbox, roster: Roster, clock: Callable[[], float]
    ) -> None:
        self._make_state = functools.partial(_State, self, inbox, roster, clock)
        super().__init__(client, channel)

    def create_connection_state(self) -> _State:
        self.connection = self._make_state()
        return self.connection

    async def connect(
        self, *, reconnect: bool, timeout: float, self_deaf: bool = False, self_mute: bool = False
    ) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._enter()
        except BaseException:
            await self.disconnect(force=True)
            raise

    async def _enter(self) -> None:
        for seconds in itertools.count(0.5):
            try:
                await self.connection.enter(self.channel)
            except discord.ConnectionClosed as closed:
                if closed.code in recovery.FATAL:
                    raise
            else:
                return
            await self.connection.exit()
            await asyncio.sleep(seconds)

    async def disconnect(self, *, force: bool = False) -> None:
        self.connection.left = True
        await self.connection.exit()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Let go of sockets and threads, and of our place in discord.py's list; the channel was left before."""
        await self.connection.disconnect()
        self.cleanup()


class Link:
    """The bot in one voice channel; see ports.VoiceLink. Made by `connect`."""

    def __init__(
        self,
        voice: _Voice,
        receiver: Receiver,
        roster: Roster,
        inbox: Inbox,
        outlet: Outlet,
        clock: Callable[[], float],
    ) -> None:
        self._voice = voice
        self._state = voice.connection
        self._receiver = receiver
        self._roster = roster
        self._inbox = inbox
        self._outlet = outlet
        self._clock = clock
        self._keys: tuple[object, object, int] | None = None
        self._looked_at = float("-inf")
        self._beat_at = float("-inf")
        self._end: asyncio.Future[LinkEnd] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(), name=f"link:{self.channel_id}")

    @property
    def channel_id(self) -> int:
        return self._state.channel_id

    @property
    def stats(self) -> LinkStats:
        return self._state.stats

    @property
    def inbox(self) -> Inbox:
        """Its counters: datagrams received and dropped."""
        return self._inbox

    @property
    def outlet(self) -> Outlet:
        """Its counters: packets sent, failed and skipped."""
        return self._outlet

    @property
    def receiver(self) -> Receiver:
        """Its counters, by speaker."""
        return self._receiver

    def frames(self, now: float) -> Sequence[Frame]:
        self._rekey()
        self._look()
        offset = now - self._clock()
        for datagram, arrived in self._inbox.drain():
            self._receiver.push(datagram, arrived + offset)
        self._outlet.pump()
        return self._receiver.frames(now)

    def talking(self, now: float) -> frozenset[int]:
        return self._receiver.talking(now)

    def admit(self, user_ids: frozenset[int]) -> None:
        self._receiver.admit(user_ids)

    def play(self) -> Playback:
        return self._outlet.play()

    async def ended(self) -> LinkEnd:
        return await asyncio.shield(self._end)

    async def close(self) -> None:
        if self._end.done():
            await asyncio.wait({self._keeper})
            return
        self._end.set_result(LinkEnd.LEFT)
        self._keeper.cancel()
        await asyncio.wait({self._keeper})
        await self._outlet.close()
        await self._voice.disconnect(force=True)

    def _rekey(self) -> None:
        """Hand the receiver the keys when discord.py has new ones."""
        state = self._state
        keys = (state.secret_key, state.dave_session, state.dave_protocol_version)
        same = self._keys is not None and all(old is new for old, new in zip(self._keys, keys, strict=True))
        if state.secret_key and not same:
            self._keys = keys
            self._receiver.rekey(bytes(state.secret_key), state.dave_session, state.dave_protocol_version)

    def _look(self) -> None:
        """Twice a second: who is in the channel; every few seconds: keep the way back open."""
        now = self._clock()
        if now - self._looked_at < PEOPLE:
            return
        self._looked_at = now
        members = getattr(self._voice.client.get_channel(self.channel_id), "members", ())
        bots = frozenset(member.id for member in members if member.bot)
        self._roster.people(frozenset(member.id for member in members) - bots, bots | {self._voice.user.id})
        if now - self._beat_at >= KEEP_ALIVE:
            self._beat_at = now
            self._state.keep_alive()

    async def _keep(self) -> None:
        """Keep the connection up until it is over for good, then tidy up."""
        try:
            end = await self._serve()
        except Exception:
            # A fault of ours must end the call, not leave a deaf guest in it.
            log.exception("the voice link failed")
            end = LinkEnd.LOST
        log.info("the voice link ended: %s", end)
        self._end.set_result(end)
        await self._outlet.close()
        if end is LinkEnd.KICKED:
            await self._voice.hang_up()
        else:
            await self._voice.disconnect(force=True)

    async def _serve(self) -> LinkEnd:
        while True:
            since = self._clock()
            code = await self._state.poll()
            if self._state.left:
                return LinkEnd.LEFT
            end = recovery.FATAL.get(code) or await self._recover(code, self._clock() - since < STABLE)
            if end is not None:
                return end

    async def _recover(self, code: int, shaky: bool) -> LinkEnd | None:
        """Try one cure after the other; return the link's end when none is left."""
        state = self._state
        down_at = self._clock()
        log.info("the voice connection broke (%d)", code)
        for seconds, cure in recovery.plan(code, awaiting_server=state.awaiting_server, shaky=shaky):
            await self._pause(seconds, down_at)
            if state.removed or self._channel() is None:
                return LinkEnd.KICKED
            try:
                async with asyncio.timeout(ATTEMPT):
                    done = await self._apply(Cure.REOPEN if state.fresh else cure)
            except Removed:
                return LinkEnd.KICKED
            except _BROKEN as error:
                state.stats.failed += 1
                end = recovery.FATAL.get(getattr(error, "code", recovery.SILENT))
                if end is not None:
                    return end
            else:
                if done:
                    self._give_up_reply(down_at)
                    return None
        return LinkEnd.LOST

    async def _pause(self, seconds: float, down_at: float) -> None:
        """Wait, but not beyond news from the main gateway."""
        state = self._state
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (state.fresh or state.removed):
                    state.news.clear()
                    await state.news.wait()
        self._give_up_reply(down_at)

    async def _apply(self, cure: Cure) -> bool:
        """Return whether the connection stands again."""
        state = self._state
        match cure:
            case Cure.WAIT:
                return False
            case Cure.RESUME:
                await state.resume()
                state.stats.resumed += 1
            case Cure.REOPEN:
                await state.open()
                state.stats.reopened += 1
            case Cure.REJOIN:
                await state.hang_up()
                await state.exit()
                channel = self._channel()
                if channel is None:
                    return False
                self._voice.channel = channel
                await state.enter(channel)
                state.stats.rejoined += 1
        return True

    def _give_up_reply(self, down_at: float) -> None:
        if self._clock() - down_at > RESUMABLE:
            self._outlet.cut()

    def _channel(self) -> Channel | None:
        channel = self._voice.client.get_channel(self.channel_id)
        return channel if isinstance(channel, Channel) else None


async def connect(
    channel: Channel,
    *,
    library: opus.Library,
    pacer: Pacer,
    timeout: float = 10.0,
    clock: Callable[[], float] = time.monotonic,
) -> Link:
    """Enter the channel.

    Raises MissingPermissions, ChannelFull, AlreadyInCall, EncryptionRefused, or JoinError for anything else.
    """
    _check(channel)
    receiver = Receiver(library)
    roster = Roster(receiver)
    inbox = Inbox()
    make = functools.partial(_Voice, inbox=inbox, roster=roster, clock=clock)
    try:
        voice = await channel.connect(cls=make, timeout=timeout, reconnect=True)
    except TimeoutError as error:
        # Discord does not refuse: it falls silent, when a channel is full as when it is busy.
        raise (ChannelFull("no answer") if channel.user_limit else JoinError("timed out")) from error
    except discord.ConnectionClosed as closed:
        if closed.code == recovery.ENCRYPTION_REFUSED:
            raise EncryptionRefused from closed
        raise JoinError(f"voice gateway closed with {closed.code}") from closed
    except (Removed, *_BROKEN) as error:
        raise JoinError(type(error).__name__) from error
    if not voice.is_connected():
        await voice.disconnect(force=True)
        raise JoinError("not connected after connecting")
    outlet = Outlet(
        pacer,
        functools.partial(opus.Encoder, library),
        send=functools.partial(voice.send_audio_packet, encode=False),
        speak=functools.partial(_speak, voice),
        connected=voice.is_connected,
    )
    return Link(voice, receiver, roster, inbox, outlet, clock)


def _check(channel: Channel) -> None:
    """Find out before asking what Discord would answer with silence."""
    guild = channel.guild
    if guild.voice_client is not None:
        raise AlreadyInCall
    may = channel.permissions_for(guild.me)
    needed = {"View Channel": may.view_channel, "Connect": may.connect}
    if isinstance(channel, discord.VoiceChannel):
        needed["Speak"] = may.speak
    missing = [name for name, granted in needed.items() if not granted]
    if missing:
        raise MissingPermissions(missing)
    full = channel.user_limit and len(channel.voice_states) >= channel.user_limit
    if full and not may.move_members and guild.me.id not in channel.voice_states:
        raise ChannelFull


async def _speak(voice: _Voice, up: bool) -> None:
    with contextlib.suppress(*_BROKEN):
        await voice.ws.speak(discord.SpeakingState.voice if up else discord.SpeakingState.none)
