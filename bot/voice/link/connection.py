"""The voice connection of discord.py, made to last: the only file that knows private names of its voice client.

discord.py dials, identifies, sends heartbeats and keeps our side of the DAVE group; it receives no sound, and gives up
on many faults. So its connection state is replaced here (it offers that) by one that brings its own UDP reader,
survives what it is sent, and does nothing of itself: keeper.py says what follows when it breaks.
tests/voice/test_discord_contract.py pins every private name used here and says what each is for.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord.gateway import DiscordVoiceWebSocket
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from bot.voice import dave
from bot.voice.dave import DaveSession
from bot.voice.link import recovery
from bot.voice.link.dave_transitions import DaveTransitions
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.ip_discovery import IpDiscovery
from bot.voice.link.transport import Broken, LinkStats, Removed
from bot.voice.receive.roster import Roster
from bot.voice.receive.udp import DatagramSocket, Inbox, UdpReader

log = structlog.get_logger(__name__)

Channel = discord.VoiceChannel | discord.StageChannel

HEARD_WITHIN = 9.0
"""Seconds of quiet from the voice gateway that end it: an acknowledgement every 5 s is due."""
UNFINISHED = 4000
"""Our close code when we mean to resume: 1000 would end the session."""
CLOSED_WITHIN = 1.0
"""Seconds for a closing handshake; nobody answers on a connection that died."""
LEFT_WITHIN = 1.0
"""Seconds for the main gateway to confirm that we left."""
TROUBLE = (discord.DiscordException, TimeoutError, OSError, RuntimeError, aiohttp.ClientError)
"""What an attempt to connect or to send may end in."""


@contextlib.contextmanager
def _broken() -> Iterator[None]:
    """Turn everything that a connection dies of into Broken."""
    try:
        yield
    except discord.ConnectionClosed as closed:
        raise Broken(closed.code) from closed
    except TROUBLE as error:
        raise Broken(recovery.BROKEN) from error


class VoiceGatewaySocket(DiscordVoiceWebSocket):
    """The voice gateway's WebSocket: quick to notice silence, and nothing that it is sent ends it."""

    resumed = False

    @property
    def _ours(self) -> "VoiceConnection":
        return cast(VoiceConnection, self._connection)

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
        op, payload = msg[2], msg[3:]
        self._ours.transitions.binary(op, payload)
        try:
            await super().received_binary_message(msg)
        except BaseException as error:
            if not (isinstance(error, ValueError) or dave.is_panic(error)):
                raise
            if op != self.MLS_EXTERNAL_SENDER:
                # A proposal that davey cannot apply: the group has gone on without us.
                await self._ours.regroup()
            elif payload != self._ours.external_sender:
                await self._ours.regroup()
                await super().received_binary_message(msg)
        if op == self.MLS_EXTERNAL_SENDER:
            self._ours.external_sender = payload

    async def discover_ip(self) -> tuple[str, int]:
        return await self._ours.discovery.address(self._ours.ssrc)

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_WITHIN):
                await super().close(code)


class VoiceConnection(VoiceConnectionState):
    """discord.py's connection state as a line.Line: it connects when told and never by itself."""

    def __init__(self, voice: discord.VoiceClient, inbox: Inbox, roster: Roster, clock: Callable[[], float]) -> None:
        self._inbox = inbox
        self._roster = roster
        self._clock = clock
        self.stats = LinkStats()
        self.transitions = DaveTransitions()
        self.external_sender = b""
        "who signs the group's proposals; davey takes another one only outside a group"
        self.news = GatewayEvents(voice.channel.id, clock)
        self.discovery = IpDiscovery(lambda datagram: self.socket.send(datagram), clock)
        self.left = False
        self._cause: int | None = None
        self._dropped = False
        super().__init__(voice, hook=self._message)

    # discord.py makes its own reader here and then starts it: ours takes its place in between.
    @property
    def _socket_reader(self) -> Any:
        return self._reader

    @_socket_reader.setter
    def _socket_reader(self, _: threading.Thread) -> None:
        self._reader = UdpReader(self._receive, self._clock)

    # What the keeper asks

    @property
    def channel_id(self) -> int:
        return self.news.channel_id

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

    def keys(self) -> tuple[Sequence[int] | None, DaveSession | None, int]:
        return self.secret_key or None, cast("DaveSession | None", self.dave_session), self.dave_protocol_version

    async def enter(self) -> None:
        """Ask the main gateway for the channel and open what it names. Raises Broken or Removed."""
        channel = self._channel()
        if channel is None:
            raise Broken(recovery.BROKEN)
        self.voice_client.channel = channel
        self.session_id = None
        self.news.entering()
        with _broken():
            await channel.guild.change_voice_state(channel=channel, self_deaf=False, self_mute=False)
        while not (self.news.fresh and self.session_id):
            if self.news.removed:
                raise Removed
            await self.news.more()
        await self.open()

    async def exit(self) -> None:
        """Leave the channel, as far as the main gateway can be told."""
        self.state = ConnectionFlowState.disconnected
        guild = self.guild
        self.news.leaving = guild.me is not None and guild.me.voice is not None
        with contextlib.suppress(*TROUBLE):
            # Even when we never got in: Discord might let us in when nobody waits for it any more.
            await guild.change_voice_state(channel=None)
            async with asyncio.timeout(LEFT_WITHIN):
                while self.news.leaving:
                    await self.news.more()

    async def rejoin(self) -> None:
        await self._hang_up()
        await self.exit()
        await self.enter()

    async def open(self) -> None:
        self._roster.clear()
        await self._hang_up()
        self.news.opening(self.token or "", self.endpoint or "")
        self.discovery.begin()
        self.ip = self.port = MISSING
        # discord.py makes one only for a call that begins encrypted, and heeds nothing of DAVE before;
        # and in the group of the former session davey takes no other external sender.
        self.dave_session = dave.new_session(self.user.id, self.channel_id)
        self.external_sender = b""
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
        with contextlib.suppress(*TROUBLE, ValueError):
            await self._recover_from_invalid_commit(0)

    def keep_alive(self) -> None:
        self.discovery.keep_alive(self.ssrc)

    async def speak(self, up: bool) -> None:
        with contextlib.suppress(*TROUBLE):
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
        channel_id = None if data["channel_id"] is None else int(data["channel_id"])
        if channel_id is not None:
            self.session_id = data["session_id"]
        ends = self.news.state(channel_id)
        self.voice_client.channel = self._channel() or self.voice_client.channel
        await self._heed(ends)

    async def voice_server_update(self, data: Any) -> None:
        endpoint = (data.get("endpoint") or "").removeprefix("wss://")
        self.server_id = int(data["guild_id"])
        ends = self.news.server(data["token"], endpoint)
        if ends and endpoint and data["token"]:
            self.token, self.endpoint = data["token"], endpoint
        await self._heed(ends)

    async def _execute_transition(self, transition_id: int) -> None:
        version = self.transitions.execute(transition_id)
        if version is not None:
            self.dave_pending_transitions[transition_id] = version
            await super()._execute_transition(transition_id)

    async def _message(self, ws: DiscordVoiceWebSocket, message: Mapping[str, Any]) -> None:
        if message.get("op") == ws.RESUMED:
            cast(VoiceGatewaySocket, ws).resumed = True
        elif message.get("op") == ws.SESSION_DESCRIPTION:
            # From here on an upgrade has people who are still in the clear for a moment.
            self.dave_downgraded = not self.dave_protocol_version
        self._roster.message(message.get("op"), message.get("d"))

    def _receive(self, datagram: bytes, arrived: float) -> None:
        """Sort a datagram; in the reader's thread."""
        if IpDiscovery.is_answer(datagram):
            with contextlib.suppress(RuntimeError):
                self.voice_client.loop.call_soon_threadsafe(self.discovery.answered, datagram)
        else:
            self._inbox.push(datagram, arrived)

    # Inside

    def _channel(self) -> Channel | None:
        channel = self.voice_client.client.get_channel(self.channel_id)
        return channel if isinstance(channel, Channel) else None

    def _stand(self) -> None:
        self._cause = None
        self.discovery.stand()
        self.state = ConnectionFlowState.connected

    async def _connect_websocket(self, resume: bool) -> VoiceGatewaySocket:
        seq_ack = self.ws.seq_ack if self.ws and resume else -1
        return await VoiceGatewaySocket.from_connection_state(self, resume=resume, hook=self.hook, seq_ack=seq_ack)

    async def _heed(self, ends: bool) -> None:
        """Pass news on. If the session `ends` with them, which may still be opening: they decide what follows."""
        self.news.stir()
        if ends:
            self._cause = recovery.NEWS
            await self._close(recovery.DISCONNECTED)

    async def _hang_up(self) -> None:
        self.news.closed()
        await self._close(recovery.NORMAL)
        if self.socket:
            self.socket.close()

    async def _close(self, code: int) -> None:
        self.state = ConnectionFlowState.disconnected
        if self.ws:
            with contextlib.suppress(*TROUBLE):
                await self.ws.close(code)
