"""Discord's voice gateway, version 8: seats, the JSON and binary messages of a call, resume, close codes.

Source: Discord's developer documentation, "Voice Connections" and "Opcodes and Status Codes". Ops 21 to 31 are in
delivery.py.
"""

import asyncio
import contextlib
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import WSMsgType, web

from bot.sandbox import mls, rtp
from bot.sandbox.conditions import Conditions, Weather
from bot.sandbox.entities import Kind
from bot.sandbox.sfu import Leg, Sfu
from bot.sandbox.tls import Authority
from bot.sandbox.voice_room import Room, Seat
from bot.sandbox.voice_service import Allotment
from bot.sandbox.world import World

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING = 0, 1, 2, 3, 4, 5
HEARTBEAT_ACK, RESUME, HELLO, RESUMED = 6, 7, 8, 9
TRANSITION_READY, KEY_PACKAGE, COMMIT_WELCOME, INVALID_COMMIT_WELCOME = 23, 26, 28, 31
TICK = 0.1
T = TypeVar("T")


class Close(Exception):
    """Ends a voice socket with a documented close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class VoiceGateway:
    """All calls of one sandbox; a VoiceService (see voice_service.py) for its main half.

    Knobs: `conditions[user_id]`, and the attributes below. `regions` voice servers listen side by side.
    """

    def __init__(self, world: World, authority: Authority, *, seed: str = "0", regions: int = 2) -> None:
        self.world = world
        self.seed = seed
        self.conditions: defaultdict[int, Conditions] = defaultdict(Conditions)
        self.heartbeat_interval = 13.75
        "seconds; a client silent for twice as long is closed with 4009"
        self.resume_window = 10.0
        "seconds a seat outlives its socket"
        self.region = 0
        "index of the voice server that new seats are sent to"
        self.transitory: set[int] = set()
        "channels that still admit clients without DAVE, and are plain while one is there"
        self.rooms: dict[int, Room] = {}
        self.counts: Counter[str] = Counter()
        "identified, resumed, closed by code"
        self.endpoints: list[str] = []
        self._seats: dict[str, Seat] = {}
        "by token"
        self._closing: set[asyncio.Future[bool]] = set()
        self._regions = regions
        self._authority = authority
        app = web.Application()
        app.router.add_get("/", self._connect)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self.sfu = Sfu(seed)
        self._next_ssrc = 1000 + secrets.randbelow(1000)

    # The life of the server:

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["VoiceGateway"]:
        await self.sfu.start()
        await self._runner.setup()
        for _ in range(self._regions):
            site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._authority.server_context)
            await site.start()
        self.endpoints = [f"127.0.0.1:{address[1]}" for address in self._runner.addresses]
        ticking = asyncio.create_task(self._tick(), name="sandbox voice tick")
        try:
            yield self
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking
            for seat in list(self._seats.values()):
                self._give_up(seat, None)
            await self._runner.cleanup()
            self.sfu.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = asyncio.get_running_loop().time()
            for room in list(self.rooms.values()):
                room.delivery.tick(now)

    # VoiceService:

    async def allot(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> Allotment:
        await self.released(guild_id, user_id)
        seat = Seat(guild_id, channel_id, user_id, session_id, self.conditions[user_id])
        self._seats[seat.token] = seat
        return Allotment(self.endpoints[self.region], seat.token)

    async def released(self, guild_id: int, user_id: int) -> None:
        if seat := self.seat(guild_id, user_id):
            self._give_up(seat, Close(4014, "Disconnected."))

    # What tests do to a call:

    def seat(self, guild_id: int, user_id: int) -> Seat | None:
        return next((s for s in self._seats.values() if (s.guild_id, s.user_id) == (guild_id, user_id)), None)

    def seats(self, user_id: int) -> list[Seat]:
        return [seat for seat in self._seats.values() if seat.user_id == user_id]

    def close(self, user_id: int, code: int) -> None:
        """Close a user's voice sockets; 4015 keeps the session for a resume, any other code ends it."""
        for seat in self.seats(user_id):
            if code == 4015:
                self._drop(seat, Close(code, "Voice server crashed."))
            else:
                self._give_up(seat, Close(code, "by the test"))

    def sever(self, user_id: int) -> None:
        """Cut a user's voice sockets without a closing handshake (the client sees 1006)."""
        for seat in self.seats(user_id):
            if seat.socket and seat.socket._req and seat.socket._req.transport:
                seat.socket._req.transport.abort()

    def downgrade(self, channel_id: int) -> None:
        """Make a call plain, as when somebody without DAVE came."""
        self.room(channel_id).delivery.downgrade(asyncio.get_running_loop().time())

    def upgrade(self, channel_id: int) -> None:
        self.room(channel_id).delivery.upgrade(asyncio.get_running_loop().time())

    def room(self, channel_id: int) -> Room:
        if channel_id not in self.rooms:
            channel = self.world.channel(channel_id)
            plain = channel is not None and channel.kind is Kind.STAGE
            self.rooms[channel_id] = Room(channel_id, version=0 if plain else 1, hears=self._hears, speaks=self._speaks)
        return self.rooms[channel_id]

    def _hears(self, seat: Seat) -> bool:
        guild = self.world.guilds.get(seat.guild_id)
        state = guild.voice_states.get(seat.user_id) if guild else None
        member = guild.members.get(seat.user_id) if guild else None
        return not ((state and state.self_deaf) or (member and member.deaf))

    def _speaks(self, seat: Seat) -> bool:
        guild = self.world.guilds.get(seat.guild_id)
        state = guild.voice_states.get(seat.user_id) if guild else None
        member = guild.members.get(seat.user_id) if guild else None
        return not ((state and state.suppress) or (member and member.mute))

    # Giving up a seat:

    def _give_up(self, seat: Seat, why: Close | None) -> None:
        """End a session: its token is worth nothing any more."""
        self._seats.pop(seat.token, None)
        if seat.leg:
            self.sfu.remove(seat.leg)
        room = self.rooms.get(seat.channel_id)
        if room:
            had_dave = seat.dave_version > 0 or not seat.seated
            room.leave(seat, asyncio.get_running_loop().time())
            if not had_dave and all(other.dave_version for other in room.seats.values()):
                room.delivery.upgrade(asyncio.get_running_loop().time())
            if not room.seats:
                del self.rooms[seat.channel_id]
        if why:
            self._drop(seat, why)

    def _drop(self, seat: Seat, why: Close) -> None:
        """Close a seat's socket, if it has one, from outside its handler."""
        socket, seat.socket = seat.socket, None
        if socket is not None:
            self.counts[f"closed {why.code}"] += 1
            task = asyncio.ensure_future(socket.close(code=why.code, message=why.reason.encode(), drain=False))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    # One socket:

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        seat: Seat | None = None
        try:
            if request.query.get("v") != "8":
                raise Close(4020, "Only version 8 is spoken here.")
            await socket.send_json({"op": HELLO, "d": {"v": 8, "heartbeat_interval": self.heartbeat_interval * 1000}})
            seat = await self._introduced(socket)
            await self._served(seat, socket)
        except Close as close:
            self.counts[f"closed {close.code}"] += 1
            await socket.close(code=close.code, message=close.reason.encode())
        finally:
            if seat is not None and seat.socket is socket:
                seat.socket = None
                if socket.close_code in (1000, 1001, 4014):
                    self._give_up(seat, None)
                else:
                    asyncio.get_running_loop().call_later(self.resume_window, self._expire, seat)
        return socket

    def _expire(self, seat: Seat) -> None:
        if seat.socket is None and self._seats.get(seat.token) is seat:
            self._give_up(seat, None)

    async def _receive(self, socket: web.WebSocketResponse) -> tuple[int, Any]:
        """Return the next op and its data: bytes for a binary message. Raises Close, EOFError at the end."""
        try:
            message = await socket.receive(timeout=2 * self.heartbeat_interval)
        except TimeoutError:
            raise Close(4009, "Session timed out.") from None
        if message.type is WSMsgType.BINARY:
            if not message.data:
                raise Close(4002, "Empty binary message.")
            return message.data[0], message.data[1:]
        if message.type is not WSMsgType.TEXT:
            raise EOFError
        try:
            payload = json.loads(message.data)
            return int(payload["op"]), payload.get("d")
        except (ValueError, KeyError, TypeError):
            raise Close(4002, "Failed to decode payload.") from None

    async def _introduced(self, socket: web.WebSocketResponse) -> Seat | None:
        """Wait for IDENTIFY or RESUME and return the seat; None when the client went away. Raises Close."""
        while True:
            try:
                op, data = await self._receive(socket)
            except EOFError:
                return None
            if op == HEARTBEAT:
                await socket.send_json({"op": HEARTBEAT_ACK, "d": {"t": _field(data, "t", int)}})
            elif op == IDENTIFY:
                return self._identify(socket, data)
            elif op == RESUME:
                return self._resume(socket, data)
            else:
                raise Close(4003, "Not authenticated.")

    def _claimed(self, data: object) -> Seat:
        """Return the seat that a token opens. Raises Close."""
        seat = self._seats.get(_field(data, "token", str))
        if seat is None:
            raise Close(4004, "Authentication failed.")
        if _field(data, "session_id", str) != seat.session_id:
            raise Close(4006, "Session is no longer valid.")
        if _field(data, "server_id", str) != str(seat.guild_id):
            raise Close(4011, "Server not found.")
        return seat

    def _identify(self, socket: web.WebSocketResponse, data: object) -> Seat:
        seat = self._claimed(data)
        if _field(data, "user_id", str) != str(seat.user_id):
            raise Close(4004, "Authentication failed.")
        version = data.get("max_dave_protocol_version", 0) if isinstance(data, dict) else 0
        room = self.room(seat.channel_id)
        if not version and room.delivery.version and seat.channel_id not in self.transitory:
            raise Close(4017, "E2EE/DAVE protocol required.")
        if seat.leg:  # a second connection takes the session over
            self._drop(seat, Close(4006, "Session is no longer valid."))
            self.sfu.remove(seat.leg)
            room.leave(seat, asyncio.get_running_loop().time())
        self.counts["identified"] += 1
        seat.dave_version = int(version)
        seat.speaking = seat.sequence = 0
        seat.sent.clear()
        seat.outbox = asyncio.Queue()
        seat.socket = socket
        seat.leg = self._leg(seat, room)
        ready = {
            "ssrc": seat.leg.ssrc,
            "ip": "127.0.0.1",
            "port": self.sfu.port,
            "modes": [rtp.MODE],
            "heartbeat_interval": 1,
            "experiments": [],
        }
        seat.json(READY, ready)
        return seat

    def _leg(self, seat: Seat, room: Room) -> Leg:
        self._next_ssrc += 1 + secrets.randbelow(5)
        knobs = seat.conditions
        name = f"{self.seed}/{seat.user_id}"
        leg = Leg(
            seat.user_id,
            self._next_ssrc,
            secrets.token_bytes(32),
            knobs,
            up=Weather(knobs.up, name + "/up"),
            down=Weather(knobs.down, name + "/down"),
            peers=lambda: room.listeners(seat),
        )
        self.sfu.add(leg)
        return leg

    def _resume(self, socket: web.WebSocketResponse, data: object) -> Seat:
        seat = self._claimed(data)
        ack = data.get("seq_ack", -1) if isinstance(data, dict) else -1
        missed = seat.missed(int(ack)) if isinstance(ack, int) else None
        if seat.leg is None or missed is None:
            raise Close(4006, "Session is no longer valid.")
        self._drop(seat, Close(4006, "Session is no longer valid."))
        self.counts["resumed"] += 1
        seat.outbox = asyncio.Queue()
        seat.socket = socket
        seat.json(RESUMED, None, numbered=False)
        now = asyncio.get_running_loop().time()
        for message in missed:
            seat.outbox.put_nowait((now, message))
        return seat

    async def _served(self, seat: Seat | None, socket: web.WebSocketResponse) -> None:
        """Talk with an identified client until its socket ends. Raises Close."""
        if seat is None:
            return
        writer = asyncio.create_task(_write(seat, socket), name=f"voice gateway to {seat.user_id}")
        try:
            while True:
                op, data = await self._receive(socket)
                if not seat.conditions.frozen:
                    self._handle(seat, op, data)
        except EOFError:
            return
        except mls.BadMls as error:
            raise Close(4020, str(error)) from None
        finally:
            writer.cancel()

    def _handle(self, seat: Seat, op: int, data: Any) -> None:
        now = asyncio.get_running_loop().time()
        room = self.room(seat.channel_id)
        match op:
            case _ if isinstance(data, bytes) != (op in (KEY_PACKAGE, COMMIT_WELCOME)):
                raise Close(4002, "Binary where JSON was expected, or the reverse.")
            case 3:  # HEARTBEAT
                seat.acknowledge(_field(data, "seq_ack", int))
                if seat.conditions.heartbeat_acks:
                    seat.json(HEARTBEAT_ACK, {"t": _field(data, "t", int)}, numbered=False)
            case 1:
                self._select_protocol(seat, room, data, now)
            case 5:
                if not seat.leg or _field(data, "ssrc", int) != seat.leg.ssrc:
                    raise Close(4020, "SSRC of somebody else.")
                room.speaking(seat, _field(data, "speaking", int))
            case 23:
                room.delivery.ready(seat.user_id, _field(data, "transition_id", int))
            case 26:
                room.delivery.key_package(seat.user_id, data, now)
            case 28:
                room.delivery.commit_welcome(seat.user_id, data, now)
            case 31:
                room.delivery.invalid(seat.user_id, now)
            case 0 | 7:
                raise Close(4005, "Already authenticated.")
            case 12 | 14 | 15 | 16 | 18 | 20:  # video and statistics of Discord's own clients
                self.counts["ignored op"] += 1
            case _:
                raise Close(4001, "Unknown opcode.")

    def _select_protocol(self, seat: Seat, room: Room, data: object, now: float) -> None:
        if _field(data, "protocol", str) != "udp":
            raise Close(4012, "Unknown protocol.")
        inner = data.get("data") if isinstance(data, dict) else None
        if _field(inner, "mode", str) != rtp.MODE:
            raise Close(4016, "Unknown encryption mode.")
        assert seat.leg is not None
        seat.leg.address = (_field(inner, "address", str), _field(inner, "port", int))
        if not seat.dave_version and room.delivery.version:
            room.delivery.downgrade(now)
        description = {
            "mode": rtp.MODE,
            "secret_key": list(seat.leg.key),
            "dave_protocol_version": room.delivery.version,
            "media_session_id": secrets.token_hex(16),
            "audio_codec": "opus",
            "video_codec": "H264",
        }
        seat.json(SESSION_DESCRIPTION, description)
        if not seat.seated:
            room.enter(seat, now)


async def _write(seat: Seat, socket: web.WebSocketResponse) -> None:
    """Send what is due, in order, for one socket's life."""
    loop = asyncio.get_running_loop()
    outbox = seat.outbox
    with contextlib.suppress(ConnectionError):
        while True:
            due, message = await outbox.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if seat.conditions.frozen:
                continue
            if isinstance(message, str):
                await socket.send_str(message)
            else:
                await socket.send_bytes(message)


def _field(data: object, name: str, kind: type[T]) -> T:
    """Return a field of the type the protocol asks for. Raises Close."""
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise Close(4002, f"{name} is missing or of the wrong type.")
    return value


@asynccontextmanager
async def open_voice(sandbox: "Sandbox") -> AsyncIterator[VoiceGateway]:
    """Open the voice half of a sandbox (a VoiceFactory, see server.py)."""
    async with VoiceGateway(sandbox.world, sandbox.authority).serving() as gateway:
        yield gateway
