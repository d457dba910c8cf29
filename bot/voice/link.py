"""The voice connection of discord.py, made to last: the only file that knows private names of its voice client.

discord.py dials, identifies, sends heartbeats and keeps our side of the DAVE group; it receives no sound, and gives up
on many faults. So its connection state is replaced here (it offers that) by one that brings its own UDP reader,
survives what it is sent, and does nothing of itself: keeper.py says what follows when it breaks.
tests/voice/test_link_contract.py pins every private name used here and says what each is for.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord.gateway import DiscordVoiceWebSocket
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from bot.errors import AlreadyInCall, ChannelFull, EncryptionRefused, JoinError, MissingPermissions
from bot.voice import dave, opus, recovery
from bot.voice.dave import Session
from bot.voice.keeper import Link
from bot.voice.line import Broken, LinkStats, Removed
from bot.voice.outlet import Outlet
from bot.voice.pacer import Pacer
from bot.voice.receiver import Receiver
from bot.voice.roster import Roster
from bot.voice.transitions import Transitions
from bot.voice.udp import DatagramSocket, Inbox, Reader

__all__ = ["Channel", "Link", "connect"]

log = structlog.get_logger(__name__)

Channel = discord.VoiceChannel | discord.StageChannel

HEARD_WITHIN = 9.0
"""Seconds of quiet from the voice gateway that end it: an acknowledgement every 5 s is due."""
UNFINISHED = 4000
"""Our close code when we mean to resume: 1000 would end the session."""
CLOSED_WITHIN = 1.0
"""Seconds for a closing handshake; nobody answers on a connection that died."""
ENTERED_WITHIN = 8.0
"""Seconds until who asked is told that it did not work: people wait ten, and leaving again takes its time."""
LEFT_WITHIN = 1.0
"""Seconds for the main gateway to confirm that we left."""
DISCOVERIES = 5
"""IP discovery requests, one a second: a datagram may be lost."""
ASK_EVERY = 2.0
"""Seconds between datagrams that keep a NAT's door open, as long as they are answered (or never were)."""

_TROUBLE = (discord.DiscordException, TimeoutError, OSError, RuntimeError, aiohttp.ClientError)
"""What an attempt to connect or to send may end in."""


@contextlib.contextmanager
def _broken() -> Iterator[None]:
    """Turn everything that a connection dies of into Broken."""
    try:
        yield
    except discord.ConnectionClosed as closed:
        raise Broken(closed.code) from closed
    except _TROUBLE as error:
        raise Broken(recovery.BROKEN) from error


class _Gateway(DiscordVoiceWebSocket):
    """The voice gateway's WebSocket: quick to notice silence, and nothing that it is sent ends it."""

    resumed = False

    @property
    def _ours(self) -> "_Connection":
        return cast(_Connection, self._connection)

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
            self._ours.stats.unreadable += 1
            if self._ours.stats.unreadable == 1:
                log.warning("voice_message_unreadable", kind=type(error).__name__)

    async def received_message(self, msg: dict[str, Any]) -> None:
        transitions = self._ours.transitions
        transitions.message(msg["op"], msg.get("d"))
        await super().received_message(msg)
        # The count is kept in `transitions`.
        self._ours.dave_pending_transitions.clear()

    async def received_binary_message(self, msg: bytes) -> None:
        self._ours.transitions.binary(msg[2], msg[3:])
        try:
            await super().received_binary_message(msg)
        except ValueError:
            # A proposal that davey cannot apply: the group has gone on without us.
            await self._ours.regroup()

    async def discover_ip(self) -> tuple[str, int]:
        for _ in range(DISCOVERIES):
            answer = self._ours.discover()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    found = await answer
                    return found[8 : found.index(0, 8)].decode("ascii"), int.from_bytes(found[-2:])
        raise TimeoutError("no answer to IP discovery")

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_WITHIN):
                await super().close(code)


class _Connection(VoiceConnectionState):
    """discord.py's connection state as a line.Line: it connects when told and never by itself."""

    def __init__(self, voice: "_Voice", inbox: Inbox, roster: Roster, clock: Callable[[], float]) -> None:
        self._inbox = inbox
        self._roster = roster
        self._clock = clock
        self.stats = LinkStats()
        self.transitions = Transitions()
        self.news = asyncio.Event()
        self.fresh = self.awaiting_server = self.removed = self.left = False
        self.asked: float | None = None
        self._channel_id = voice.channel.id
        self._opened: tuple[str | None, str | None] | None = None
        "token and endpoint of the session that is open or being opened"
        self._cause: int | None = None
        self._told_at = float("-inf")
        self._leaving = self._dropped = False
        self._answer: asyncio.Future[bytes] | None = None
        self._answers = False
        "the voice server answers discoveries in the middle of this session"
        self._next_question = 0.0
        super().__init__(voice, hook=self._message)

    # discord.py makes its own reader here and then starts it: ours takes its place in between.
    @property
    def _socket_reader(self) -> Any:
        return self._reader

    @_socket_reader.setter
    def _socket_reader(self, _: threading.Thread) -> None:
        self._reader = Reader(self._receive, self._clock)

    # What the keeper asks

    @property
    def channel_id(self) -> int:
        return self._channel_id

    @property
    def connected(self) -> bool:
        return self.is_connected()

    @property
    def in_group(self) -> bool:
        return not self.dave_protocol_version or self.can_encrypt

    @property
    def apart(self) -> bool:
        session = self.dave_session
        return self.transitions.apart(
            self.dave_protocol_version, session.epoch if session and self.can_encrypt else None
        )

    @property
    def channel_exists(self) -> bool:
        return self._channel() is not None

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        members = getattr(self._channel(), "members", ())
        bots = frozenset(member.id for member in members if member.bot)
        return frozenset(member.id for member in members) - bots, bots | {self.user.id}

    def keys(self) -> tuple[Sequence[int] | None, Session | None, int]:
        return self.secret_key or None, cast("Session | None", self.dave_session), self.dave_protocol_version

    async def enter(self) -> None:
        """Ask the main gateway for the channel and open what it names. Raises Broken or Removed."""
        channel = self._channel()
        if channel is None:
            raise Broken(recovery.BROKEN)
        self.voice_client.channel = channel
        self.session_id = self._opened = None
        self.fresh = self.removed = False
        with _broken():
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
        guild = self.guild
        self._leaving = guild.me is not None and guild.me.voice is not None
        with contextlib.suppress(*_TROUBLE):
            # Even when we never got in: Discord might let us in when nobody waits for it any more.
            await guild.change_voice_state(channel=None)
            async with asyncio.timeout(LEFT_WITHIN):
                while self._leaving:
                    self.news.clear()
                    await self.news.wait()

    async def rejoin(self) -> None:
        await self._hang_up()
        await self.exit()
        await self.enter()

    async def open(self) -> None:
        self.fresh = self.awaiting_server = False
        self._roster.clear()
        await self._hang_up()
        self._opened = (self.token, self.endpoint)
        self._answers, self.asked = False, None
        self.ip = self.port = MISSING
        if self.dave_session is None:
            # discord.py heeds nothing of DAVE without one, and makes none for a call that begins in the clear.
            self.dave_session = dave.new_session(self.user.id, self._channel_id)
        self.socket = DatagramSocket()
        self._reader.attach(self.socket)
        with _broken():
            self.ws = ws = await self._connect_websocket(False)
            while ws.secret_key is None:
                await ws.poll_event()
        self._stand()

    async def resume(self) -> None:
        await self._close(UNFINISHED)
        with _broken():
            self.ws = ws = await self._connect_websocket(True)
            while not ws.resumed:
                await ws.poll_event()
        self._stand()

    async def poll(self) -> int:
        try:
            while not self.left:
                await self.ws.poll_event()
            code = recovery.NORMAL
        except discord.ConnectionClosed as closed:
            code = closed.code
        except TimeoutError:
            code = recovery.SILENT
        finally:
            self.state = ConnectionFlowState.disconnected
        cause, self._cause = self._cause, None
        return int(code) if cause is None else cause

    async def cut(self, code: int) -> None:
        self._cause = code
        await self._close(UNFINISHED)

    async def regroup(self) -> None:
        self.stats.regrouped += 1
        with contextlib.suppress(*_TROUBLE, ValueError):
            await self._recover_from_invalid_commit(0)

    def keep_alive(self) -> None:
        now = self._clock()
        waiting = self._answer is not None and not self._answer.done()
        if waiting and self._answers and self.asked is None:
            self.asked = now
        elif not waiting and self._answer is not None:
            self._answers, self.asked = True, None
        # One that has fallen silent is asked twice a second, to tell loss from death.
        if now >= self._next_question or self.asked is not None:
            self._next_question = now + ASK_EVERY
            with contextlib.suppress(OSError):
                self.discover()

    def discover(self) -> "asyncio.Future[bytes]":
        """Ask the voice server for our address, as seen from there; any datagram serves as a keep-alive."""
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
        self.socket.send(struct.pack(">HHI66x", 1, 70, self.ssrc))
        return self._answer

    async def speak(self, up: bool) -> None:
        with contextlib.suppress(*_TROUBLE):
            await self.ws.speak(discord.SpeakingState.voice if up else discord.SpeakingState.none)

    async def leave(self) -> None:
        self.left = True
        if not self._dropped:
            await self._hang_up()
            await self.exit()
            await self.drop()

    async def drop(self) -> None:
        self.left = True
        # Once only: our place in discord.py's list may soon be another link's.
        if self._dropped:
            return
        self._dropped = True
        await self._hang_up()
        self._reader.stop()
        self._reader.join(CLOSED_WITHIN)
        self.voice_client.cleanup()

    # What discord.py tells

    async def voice_state_update(self, data: Any) -> None:
        if data["channel_id"] is None:
            if self._leaving:
                self._leaving = False
            else:
                self.removed = True
                await self._heed()
        else:
            self.session_id = data["session_id"]
            if int(data["channel_id"]) != self._channel_id:
                self._channel_id = int(data["channel_id"])
                self.voice_client.channel = self._channel() or self.voice_client.channel
                # The new server is named before or after this, but DAVE's group is named after the channel.
                self.fresh = self.fresh or self._clock() - self._told_at < recovery.TOLD_WITHIN
                await self._heed()
        self.news.set()

    async def voice_server_update(self, data: Any) -> None:
        endpoint = (data.get("endpoint") or "").removeprefix("wss://")
        self.server_id = int(data["guild_id"])
        if not endpoint or not data["token"]:
            self.awaiting_server = True
            await self._heed()
        elif (data["token"], endpoint) != self._opened:
            self.token, self.endpoint = data["token"], endpoint
            self.fresh = True
            self._told_at = self._clock()
            await self._heed()
        self.news.set()

    async def _execute_transition(self, transition_id: int) -> None:
        version = self.transitions.execute(transition_id)
        if version is not None:
            self.dave_pending_transitions[transition_id] = version
            await super()._execute_transition(transition_id)

    async def _message(self, ws: DiscordVoiceWebSocket, message: Mapping[str, Any]) -> None:
        if message.get("op") == ws.RESUMED:
            cast(_Gateway, ws).resumed = True
        elif message.get("op") == ws.SESSION_DESCRIPTION:
            # From here on an upgrade has people who are still in the clear for a moment.
            self.dave_downgraded = not self.dave_protocol_version
        self._roster.message(message.get("op"), message.get("d"))

    def _receive(self, datagram: bytes, arrived: float) -> None:
        """Sort a datagram; in the reader's thread."""
        if len(datagram) == 74 and datagram[:2] == b"\x00\x02":
            with contextlib.suppress(RuntimeError):
                self.voice_client.loop.call_soon_threadsafe(self._discovered, datagram)
        else:
            self._inbox.push(datagram, arrived)

    def _discovered(self, datagram: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(datagram)

    # Inside

    def _channel(self) -> Channel | None:
        channel = self.voice_client.client.get_channel(self._channel_id)
        return channel if isinstance(channel, Channel) else None

    def _stand(self) -> None:
        self._cause = self._answer = None
        self._next_question = self._clock()
        self.state = ConnectionFlowState.connected

    async def _connect_websocket(self, resume: bool) -> _Gateway:
        seq_ack = self.ws.seq_ack if self.ws and resume else -1
        return await _Gateway.from_connection_state(self, resume=resume, hook=self.hook, seq_ack=seq_ack)

    async def _heed(self) -> None:
        """End the session that is polled, or being opened: the news decide what follows."""
        self.news.set()
        self._cause = recovery.NEWS
        await self._close(recovery.DISCONNECTED)

    async def _hang_up(self) -> None:
        self._opened = None
        await self._close(recovery.NORMAL)
        if self.socket:
            self.socket.close()

    async def _close(self, code: int) -> None:
        self.state = ConnectionFlowState.disconnected
        if self.ws:
            with contextlib.suppress(*_TROUBLE):
                await self.ws.close(code)


class _Voice(discord.VoiceClient):
    """discord.py's voice client around our connection."""

    connection: _Connection

    def __init__(
        self, client: discord.Client, channel: Any, *, inbox: Inbox, roster: Roster, clock: Callable[[], float]
    ) -> None:
        self._make = functools.partial(_Connection, self, inbox, roster, clock)
        super().__init__(client, channel)

    def create_connection_state(self) -> _Connection:
        self.connection = self._make()
        return self.connection

    async def connect(
        self, *, reconnect: bool, timeout: float, self_deaf: bool = False, self_mute: bool = False
    ) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._enter()
        except BaseException:
            await self.connection.leave()
            raise

    async def _enter(self) -> None:
        for seconds in itertools.count(0.5):
            try:
                await self.connection.enter()
            except Broken as broken:
                if broken.code in recovery.FATAL:
                    raise
            else:
                return
            await self.connection.exit()
            await asyncio.sleep(seconds)

    async def disconnect(self, *, force: bool = False) -> None:
        await self.connection.leave()


async def connect(
    channel: Channel,
    *,
    library: opus.Library,
    pacer: Pacer,
    timeout: float = ENTERED_WITHIN,
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
        raise (ChannelFull("no answer") if channel.user_limit else JoinError("no answer")) from error
    except Broken as broken:
        if broken.code == recovery.ENCRYPTION_REFUSED:
            raise EncryptionRefused from broken
        raise JoinError(f"the voice connection broke ({broken.code})") from broken
    except (Removed, *_TROUBLE) as error:
        raise JoinError(type(error).__name__) from error
    line = voice.connection
    if not line.connected:
        await line.leave()
        raise JoinError("not connected after connecting")
    outlet = Outlet(
        pacer,
        functools.partial(opus.Encoder, library),
        send=functools.partial(voice.send_audio_packet, encode=False),
        speak=line.speak,
        connected=line.is_connected,
        # discord.py sends in the clear whatever it cannot seal yet.
        keyed=lambda: line.in_group or roster.alone,
    )
    return Link(line, receiver, roster, inbox, outlet, clock)


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
