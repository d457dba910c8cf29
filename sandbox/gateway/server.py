"""The main gateway (v10): HELLO, IDENTIFY, RESUME, heartbeats, and the commands a bot may send.

Source: Discord's developer documentation, "Gateway" and "Gateway Events".
"""

import asyncio
import secrets
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.gateway import session_events
from sandbox.gateway.compression import encoder
from sandbox.gateway.socket import GatewayClosed, GatewaySocket
from sandbox.guild import payload
from sandbox.guild.entities import Guild
from sandbox.guild.fault import Json, RestFault
from sandbox.guild.hub import Hub
from sandbox.guild.knobs import PRIVILEGED_INTENTS, Knobs
from sandbox.guild.rooms import Rooms
from sandbox.guild.session import KNOWN_INTENTS, GatewaySession, Intent
from sandbox.guild.world import World

_OPS_BEFORE_IDENTIFY = (1, 2, 6)
"""Ops allowed before a session exists: heartbeat, IDENTIFY, RESUME."""
_CODES_ENDING_SESSION = (4003, 4004, 4007, 4009)
"""Close codes after which a session cannot be resumed."""


class MainGateway:
    """Accepts websockets; GET /gateway/bot names `url`."""

    def __init__(self, world: World, hub: Hub, rooms: Rooms, knobs: Knobs, token: str) -> None:
        self._world = world
        self._hub = hub
        self._rooms = rooms
        self._knobs = knobs
        self._token = token
        self.url = ""
        self.identified = 0
        "IDENTIFYs accepted so far"
        self.identified_too_soon = 0
        "IDENTIFYs refused because the last one of the same bucket was too recent"
        self.resumed = 0
        self._sockets: dict[GatewaySocket, asyncio.Task[Any]] = {}
        self._expiry_timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._last_identify: dict[int, float] = {}

    @property
    def sockets(self) -> list[GatewaySocket]:
        return list(self._sockets)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        query = request.query
        ws = web.WebSocketResponse(autoping=True, compress=False, max_msg_size=1 << 16)
        try:
            coder = encoder(query.get("compress"))
        except RestFault as fault:
            return web.Response(status=fault.status)
        await ws.prepare(request)
        socket = GatewaySocket(ws, coder, self._knobs)
        socket.transport = request.transport
        current = asyncio.current_task()
        assert current is not None
        self._sockets[socket] = current
        sender = asyncio.create_task(socket.send_all())
        session: GatewaySession | None = None
        try:
            if query.get("v", "10") not in ("9", "10") or query.get("encoding", "json") != "json":
                raise GatewayClosed(4012, "Invalid API version specified.")
            interval = int(self._knobs.heartbeat_interval * 1000)
            socket.push({"t": None, "s": None, "op": 10, "d": {"heartbeat_interval": interval, "_trace": ["[]"]}})
            while (message := await socket.receive()) is not None:
                session = await self._message(socket, session, message)
        except GatewayClosed as closed:
            socket.abort(closed.code, closed.reason)
            with suppress(TimeoutError):
                async with asyncio.timeout(1 + self._knobs.gateway_delay):
                    await asyncio.shield(sender)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            del self._sockets[socket]
            if session is not None and session.connection is socket:
                session.connection = None
                await self._connection_lost(session, ws.close_code, socket.closed_with)
        return ws

    async def close(self) -> None:
        """Close every connection."""
        self._closing = True
        waiting = [*self._sockets.values(), *self._tasks]
        for socket in self.sockets:
            socket.drop()
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for handle in self._expiry_timers.values():
            handle.cancel()

    # Messages of the client

    async def _message(
        self, socket: GatewaySocket, session: GatewaySession | None, message: Json
    ) -> GatewaySession | None:
        op, data = message["op"], message.get("d")
        if session is None and op not in _OPS_BEFORE_IDENTIFY:
            raise GatewayClosed(4003, "Not authenticated.")
        if op == 1:
            socket.push({"t": None, "s": None, "op": 11, "d": None})
            return session
        if op in (2, 6) and session is not None:
            raise GatewayClosed(4005, "Already authenticated.")
        if not isinstance(data, dict):
            raise GatewayClosed(4002, "Error while decoding payload.")
        if op == 2:
            return self._identify(socket, data)
        if op == 6:
            return self._resume(socket, data)
        assert session is not None
        try:
            if op == 3:
                session.presence = {"status": data["status"], "activities": data["activities"]}
            elif op == 4:
                await self._voice_state(session, data)
            elif op == 8:
                self._members(session, data)
            elif op not in (5, 31):
                raise GatewayClosed(4001, "Unknown opcode.")
        except (KeyError, TypeError, ValueError):
            raise GatewayClosed(4002, "Error while decoding payload.") from None
        return session

    def _identify(self, socket: GatewaySocket, data: Json) -> GatewaySession | None:
        if data.get("token") != self._token:
            raise GatewayClosed(4004, "Authentication failed.")
        shard = data.get("shard", [0, 1])
        properties, intents = data.get("properties"), data.get("intents")
        if not isinstance(properties, dict) or not isinstance(intents, int):
            raise GatewayClosed(4002, "Error while decoding payload.")
        if not _is_shard(shard):
            raise GatewayClosed(4010, "Invalid shard.")
        if intents & ~KNOWN_INTENTS or intents < 0:
            raise GatewayClosed(4013, "Invalid intent(s).")
        if intents & PRIVILEGED_INTENTS & ~self._knobs.privileged:
            raise GatewayClosed(4014, "Disallowed intent(s).")
        now, slot = asyncio.get_running_loop().time(), shard[0] % self._knobs.max_concurrency
        if now - self._last_identify.get(slot, float("-inf")) < self._knobs.identify_spacing:
            self.identified_too_soon += 1
            socket.push({"t": None, "s": None, "op": 9, "d": False})
            return None
        self._last_identify[slot] = now
        self.identified += 1
        session = GatewaySession(secrets.token_hex(16), (shard[0], shard[1]), intents, self._knobs.replay_buffer)
        session.connection = socket
        self._hub.sessions[session.id] = session
        self._send_ready(session)
        return session

    def _send_ready(self, session: GatewaySession) -> None:
        guilds = [guild for guild in self._world.guilds.values() if session.covers(guild.id)]
        session.dispatch("READY", session_events.ready(self._world, session, guilds, self.url, self.application_flags))
        for guild in guilds if session.intents & Intent.GUILDS else ():
            if self._knobs.guild_delay:
                asyncio.get_running_loop().call_later(self._knobs.guild_delay, self._send_guild, session, guild)
            else:
                self._send_guild(session, guild)

    def _send_guild(self, session: GatewaySession, guild: Guild) -> None:
        session.dispatch("GUILD_CREATE", self.guild_create(session, guild) | {"unavailable": False})

    def guild_create(self, session: GatewaySession, guild: Guild) -> Json:
        """Return a server as a session's intents show it."""
        return payload.guild_create(
            guild,
            self._world.bot.id,
            everyone=bool(session.intents & Intent.GUILD_PRESENCES),
            voice=bool(session.intents & Intent.GUILD_VOICE_STATES),
        )

    @property
    def application_flags(self) -> int:
        """GATEWAY_*_LIMITED: privileged intents of an application in fewer than 100 servers."""
        limited = {Intent.GUILD_PRESENCES: 1 << 13, Intent.GUILD_MEMBERS: 1 << 15, Intent.MESSAGE_CONTENT: 1 << 19}
        return sum(flag for intent, flag in limited.items() if self._knobs.privileged & intent)

    def _resume(self, socket: GatewaySocket, data: Json) -> GatewaySession | None:
        if data.get("token") != self._token:
            raise GatewayClosed(4004, "Authentication failed.")
        session = self._hub.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if not isinstance(sequence, int):
            raise GatewayClosed(4002, "Error while decoding payload.")
        if session is None:
            socket.push({"t": None, "s": None, "op": 9, "d": False})
            return None
        if sequence > session.sequence:
            raise GatewayClosed(4007, "Invalid seq.")
        missed = session.replay(sequence)
        if missed is None:
            socket.push({"t": None, "s": None, "op": 9, "d": False})
            return None
        if (timer := self._expiry_timers.pop(session.id, None)) is not None:
            timer.cancel()
        if session.connection is not None:
            session.connection.abort(4000, "Session was resumed elsewhere.")
        self.resumed += 1
        session.connection = socket
        for message in missed:
            socket.push(message)
        session.dispatch("RESUMED", {"_trace": ["[]"]})
        return session

    async def _voice_state(self, session: GatewaySession, data: Json) -> None:
        """Op 4. Discord does not answer what it does not allow."""
        guild = self._world.guilds.get(int(data["guild_id"]))
        mute, deaf = bool(data["self_mute"]), bool(data["self_deaf"])
        if guild is None or not session.covers(guild.id) or self._knobs.swallow_voice:
            return
        bot = self._world.bot.id
        if data["channel_id"] is None:
            await self._rooms.leave(guild, bot)
            return
        channel = guild.channels.get(int(data["channel_id"]))
        if channel is not None and self._world.may_enter(bot, channel):
            await self._rooms.enter(bot, channel, session.id, self_mute=mute, self_deaf=deaf)

    def _members(self, session: GatewaySession, data: Json) -> None:
        """Op 8. The whole list needs the members intent; without it there is no answer."""
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is not None and session.covers(guild.id):
            chunk = session_events.members(guild, data, everyone=bool(session.intents & Intent.GUILD_MEMBERS))
            if chunk is not None:
                session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # Sessions that lost their connection

    async def _connection_lost(self, session: GatewaySession, theirs: int | None, ours: int | None) -> None:
        """End the session on a client's 1000 or 1001 and on some of our codes; else it can be resumed for a while."""
        if self._closing or session.id not in self._hub.sessions:
            return
        if ours in _CODES_ENDING_SESSION if ours is not None else theirs in (1000, 1001):
            await self._end(session)
            return
        loop = asyncio.get_running_loop()
        self._expiry_timers[session.id] = loop.call_later(self._knobs.resume_window, self._expire, session)

    def _expire(self, session: GatewaySession) -> None:
        task = asyncio.create_task(self._end(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, session: GatewaySession) -> None:
        self._expiry_timers.pop(session.id, None)
        if self._hub.sessions.pop(session.id, None) is not None:
            await self._rooms.left_session(session.id)

    # Faults that a test causes

    async def end_sessions(self) -> None:
        """Forget every session: the next RESUME gets INVALID_SESSION false."""
        for session in list(self._hub.sessions.values()):
            await self._end(session)

    def close_all(self, code: int, reason: str = "") -> None:
        """Close every connection with a code."""
        for socket in self.sockets:
            socket.abort(code, reason)

    def drop_all(self) -> None:
        """Cut every connection without a close frame."""
        for socket in self.sockets:
            socket.drop()

    def mute_all(self) -> None:
        """Send nothing more on the open connections; they stay open, as when a cable is pulled."""
        for socket in self.sockets:
            socket.muted = True

    def send_all(self, op: int, data: Any) -> None:
        """Send a bare op to every connection: 7 RECONNECT, 9 INVALID_SESSION, 1 to ask for a heartbeat."""
        for socket in self.sockets:
            socket.push({"t": None, "s": None, "op": op, "d": data})


def _is_shard(shard: Any) -> bool:
    whole = isinstance(shard, list) and len(shard) == 2 and all(isinstance(item, int) for item in shard)
    return whole and 0 <= shard[0] < shard[1]
