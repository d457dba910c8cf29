"""The voice connection of discord.py, made to last: the only file that knows private names of its voice client.

discord.py dials, identifies, sends heartbeats and keeps our side of the DAVE group. It receives no sound, gives up on
many faults and seals slowly. So its connection state is replaced here (it offers that) by one that brings its own UDP
reader and sealer, survives whatever it is sent, and takes no step by itself: discord_transport.py orders the steps,
reconnector.py says which follow when the connection breaks. tests/voice/test_discord_contract.py lists every private
name used here and what it is for.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import aiohttp
import discord
import structlog
from discord.gateway import DiscordVoiceWebSocket, VoiceKeepAliveHandler
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from bot.voice import dave
from bot.voice.dave import DaveSession
from bot.voice.link import recovery
from bot.voice.link.dave_transitions import DaveTransitions
from bot.voice.link.gateway_messages import well_formed
from bot.voice.link.heartbeat import Heartbeat
from bot.voice.link.ip_discovery import IpDiscovery
from bot.voice.link.membership import ChannelMembership
from bot.voice.link.transport import ConnectionBroken, TransportStats
from bot.voice.receive.roster import Roster
from bot.voice.receive.udp import DatagramSocket, UdpReader
from bot.voice.send.sealer import Sealer

log = structlog.get_logger(__name__)

GATEWAY_SILENCE_SECONDS = 9.0
"""The voice gateway counts as dead after this silence: it owes an acknowledgement every 5 s."""
CLOSE_TIMEOUT_SECONDS = 1.0
"""For a closing handshake; nobody answers on a dead connection."""
CONNECTION_ERRORS = (discord.DiscordException, TimeoutError, OSError, RuntimeError, aiohttp.ClientError)
"""What an attempt to connect or to send may raise."""


@contextlib.contextmanager
def as_connection_broken() -> Iterator[None]:
    """Turn every error that ends a connection into ConnectionBroken."""
    try:
        yield
    except discord.ConnectionClosed as closed:
        raise ConnectionBroken(closed.code) from closed
    except CONNECTION_ERRORS as error:
        raise ConnectionBroken(recovery.CONNECTION_BROKEN) from error


class VoiceGatewaySocket(DiscordVoiceWebSocket):
    """The voice gateway's WebSocket: notices silence soon, and no message ends it."""

    resumed = False
    _heartbeat: Heartbeat | None = None

    # discord.py creates its own thread here and starts it afterwards: our task takes its place in between.
    @property
    def _keep_alive(self) -> Any:
        return self._heartbeat

    @_keep_alive.setter
    def _keep_alive(self, thread: VoiceKeepAliveHandler | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._heartbeat is not None:  # the gateway says hello once, but nothing makes it
            self._heartbeat.stop()
        self._heartbeat = thread and Heartbeat(thread.interval or 5.0, thread.get_payload, self.send_heartbeat)

    @property
    def _owner(self) -> "VoiceConnection":
        return cast(VoiceConnection, self._connection)

    async def poll_event(self) -> None:
        # Not discord.py's own: its `wait_for` may swallow a cancellation (Python 3.11), and it waits 30 s.
        async with asyncio.timeout(GATEWAY_SILENCE_SECONDS):
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
            # discord.py cannot handle this message. The error's text may quote it, so the log gets only the type.
            self._owner.stats.unreadable += 1
            if self._owner.stats.unreadable == 1:
                log.warning("voice_message_unreadable", kind=type(error).__name__)

    async def received_message(self, msg: dict[str, Any]) -> None:
        if not well_formed(msg):
            raise ValueError
        self._owner.transitions.message(msg["op"], msg.get("d"))
        await super().received_message(msg)
        # `transitions` keeps count of these.
        self._owner.dave_pending_transitions.clear()

    async def received_binary_message(self, msg: bytes) -> None:
        op, payload = msg[2], msg[3:]
        self._owner.transitions.binary(op, payload)
        try:
            await super().received_binary_message(msg)
        except BaseException as error:
            if not (isinstance(error, ValueError) or dave.is_panic(error)):
                raise
            if op != self.MLS_EXTERNAL_SENDER:
                # davey cannot apply a proposal: the group has continued without us.
                await self._owner.regroup()
            elif payload != self._owner.external_sender:
                await self._owner.regroup()
                await super().received_binary_message(msg)
        if op == self.MLS_EXTERNAL_SENDER:
            self._owner.external_sender = payload

    async def discover_ip(self) -> tuple[str, int]:
        return await self._owner.discovery.address(self._owner.ssrc)

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await super().close(code)


class VoiceConnection(VoiceConnectionState):
    """discord.py's connection state, as the single steps that DiscordTransport puts in order."""

    def __init__(
        self, membership: ChannelMembership, reader: UdpReader, roster: Roster, clock: Callable[[], float]
    ) -> None:
        self._reader, self._roster, self._sealer = reader, roster, Sealer()
        self.stats, self.transitions = TransportStats(), DaveTransitions()
        self.external_sender = b""
        "who signs the group's proposals; davey accepts another one only outside a group"
        self.membership, self.events = membership, membership.events
        self.discovery = IpDiscovery(lambda datagram: self.socket.send(datagram), clock)
        self._end_reason: int | None = None
        "why we closed the session ourselves (see recovery.py)"
        super().__init__(membership.voice, hook=self._message)

    # discord.py creates its own reader here and starts it afterwards: ours takes its place in between.
    @property
    def _socket_reader(self) -> Any:
        return self._reader

    @_socket_reader.setter
    def _socket_reader(self, _: object) -> None:
        pass

    # State

    @property
    def in_group(self) -> bool:
        return not self.dave_protocol_version or self.can_encrypt

    @property
    def out_of_step(self) -> bool:
        session = self.dave_session
        epoch = session.epoch if session and self.can_encrypt else None
        return self.transitions.out_of_step(self.dave_protocol_version, epoch)

    def keys(self) -> tuple[Sequence[int] | None, DaveSession | None, int]:
        return self.secret_key or None, cast("DaveSession | None", self.dave_session), self.dave_protocol_version

    # Steps

    def begin_session(self) -> None:
        """Start over with a new DAVE session and a new UDP socket."""
        self.ip = self.port = MISSING
        # discord.py creates a session only for a call that starts encrypted, and ignores every DAVE message before.
        # davey accepts another external sender only outside the group of the former session.
        self.dave_session = dave.new_session(self.user.id, self.events.channel_id)
        self.external_sender = b""
        self.socket = DatagramSocket()
        self._reader.attach(self.socket, self._aside)

    async def identify(self) -> None:
        """Dial the voice gateway and open the session."""
        self.ws = ws = await self._connect_websocket(False)
        while ws.secret_key is None:
            await ws.poll_event()
        self._end_reason, self.state = None, ConnectionFlowState.connected

    async def resume_session(self) -> None:
        """Dial the voice gateway and continue the session."""
        self.ws = ws = await self._connect_websocket(True)
        while not ws.resumed:
            await ws.poll_event()
        self._end_reason, self.state = None, ConnectionFlowState.connected

    async def serve(self, until: Callable[[], bool]) -> int:
        """Handle messages of the voice gateway until the connection ends; return why (see recovery.py)."""
        try:
            # What was said while this session was being opened found nothing to end.
            while not (until() or self.events.decisive):
                await self.ws.poll_event()
            code = recovery.SERVER_CHANGED if self.events.decisive else recovery.NORMAL_CLOSURE
        except discord.ConnectionClosed as closed:
            code = closed.code
        except TimeoutError:
            code = recovery.GATEWAY_SILENT
        finally:
            self.state = ConnectionFlowState.disconnected
        reason, self._end_reason = self._end_reason, None
        return int(code) if reason is None else reason

    async def disconnect_gateway(self, code: int, *, reason: int | None = None) -> None:
        """Close the voice gateway's WebSocket; `serve` then returns `reason` if there is one."""
        if reason is not None:
            self._end_reason = reason
        self.state = ConnectionFlowState.disconnected
        if self.ws:
            with contextlib.suppress(*CONNECTION_ERRORS):
                await self.ws.close(code)

    async def hang_up(self) -> None:
        """End the session and close its socket."""
        await self.disconnect_gateway(recovery.NORMAL_CLOSURE)
        if self.socket:
            self.socket.close()

    async def regroup(self) -> None:
        self.stats.regrouped += 1
        with contextlib.suppress(*CONNECTION_ERRORS, ValueError):
            await self._recover_from_invalid_commit(0)

    def send(self, opus: bytes) -> None:
        """Send the next 20 ms, from the pacer's thread; drop what nobody may hear unsealed, or the network refuses."""
        group = self.dave_session if self.can_encrypt else None
        if group or not self.dave_protocol_version or self._roster.alone:
            with contextlib.suppress(OSError):
                self.socket.send(self._sealer.seal(opus, self.ssrc, self.secret_key, group))

    async def speak(self, up: bool) -> None:
        """Raise or lower the speaking flag (op 5)."""
        with contextlib.suppress(*CONNECTION_ERRORS):
            await self.ws.speak(discord.SpeakingState.voice if up else discord.SpeakingState.none)

    def release(self) -> None:
        """Stop the reader and give up our place in discord.py's list."""
        self._reader.stop()
        self.voice_client.cleanup()

    async def _connect_websocket(self, resume: bool) -> VoiceGatewaySocket:
        seq_ack = self.ws.seq_ack if self.ws and resume else -1
        return await VoiceGatewaySocket.from_connection_state(self, resume=resume, hook=self.hook, seq_ack=seq_ack)

    # What discord.py reports

    async def voice_state_update(self, data: Any) -> None:
        channel_id = None if data["channel_id"] is None else int(data["channel_id"])
        if channel_id is not None:
            self.session_id = data["session_id"]
        ends = self.events.voice_state(channel_id)
        self.voice_client.channel = self.membership.channel or self.voice_client.channel
        await self._announce(ends)

    async def voice_server_update(self, data: Any) -> None:
        endpoint = (data.get("endpoint") or "").removeprefix("wss://")
        self.server_id = int(data["guild_id"])
        ends = self.events.voice_server(data["token"], endpoint)
        if ends and endpoint and data["token"]:
            self.token, self.endpoint = data["token"], endpoint
        await self._announce(ends)

    async def _announce(self, ends: bool) -> None:
        """Wake who waits for events. If these end the session, which may still be opening: close it."""
        self.events.notify()
        if ends:
            self.discovery.give_up()
            await self.disconnect_gateway(recovery.DISCONNECTED, reason=recovery.SERVER_CHANGED)

    async def _execute_transition(self, transition_id: int) -> None:
        version = self.transitions.execute(transition_id)
        if version is not None:
            self.dave_pending_transitions[transition_id] = version
            await super()._execute_transition(transition_id)

    async def _message(self, ws: DiscordVoiceWebSocket, message: Mapping[str, Any]) -> None:
        if message.get("op") == ws.RESUMED:
            cast(VoiceGatewaySocket, ws).resumed = True
        elif message.get("op") == ws.SESSION_DESCRIPTION:
            # From here on an upgrade leaves people unencrypted for a moment.
            self.dave_downgraded = not self.dave_protocol_version
        self._roster.message(message.get("op"), message.get("d"))

    def _aside(self, datagram: bytes) -> bool:
        """Take the answers of IP discovery out of what arrives; from any thread."""
        if not IpDiscovery.is_answer(datagram):
            return False
        with contextlib.suppress(RuntimeError):
            self.voice_client.loop.call_soon_threadsafe(self.discovery.answered, datagram)
        return True
