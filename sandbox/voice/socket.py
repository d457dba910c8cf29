"""One client's socket at the voice gateway, version 8.

Source: Discord's developer documentation, "Voice Connections" and "Opcodes and Status Codes". delivery.py handles ops
21 to 31.
"""

import asyncio
import contextlib
import json
import secrets
from collections import Counter
from typing import Any, Protocol, TypeVar

from aiohttp import WSMessage, WSMsgType, web

from sandbox.voice import mls, rtp
from sandbox.voice.opcodes import (
    COMMIT_WELCOME,
    EXTERNAL_SENDER,
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_COMMIT_WELCOME,
    KEY_PACKAGE,
    READY,
    RESUME,
    RESUMED,
    SELECT_PROTOCOL,
    SESSION_DESCRIPTION,
    SPEAKING,
    TRANSITION_READY,
)
from sandbox.voice.room import Close, Room, Seat
from sandbox.voice.sfu import Leg, Sfu

IGNORED_OPS = {12, 14, 15, 16, 18, 20}
"Video and statistics of Discord's own clients: accepted and ignored"
LEAVING_CODES = {1000, 1001, 4014}
"Close codes that mean the client will not resume"
CLOSE_TIMEOUT_SECONDS = 2.0
"A client has this long to answer a close"
T = TypeVar("T")


class SeatRegistry(Protocol):
    """What a socket needs from the voice gateway: the seats and their rooms."""

    heartbeat_interval: float
    counts: Counter[str]
    sfu: Sfu

    def claimed(self, token: str) -> Seat | None: ...
    def admits(self, seat: Seat) -> bool: ...
    def room(self, channel_id: int) -> Room: ...
    def open_leg(self, seat: Seat) -> Leg: ...
    def drop(self, seat: Seat, why: Close) -> None: ...
    def give_up(self, seat: Seat, why: Close | None) -> None: ...
    def await_resume(self, seat: Seat) -> None: ...


class SocketEnded(Exception):
    """The client closed the socket, or the connection broke."""


async def serve_socket(gateway: SeatRegistry, request: web.Request) -> web.WebSocketResponse:
    """Serve one socket from HELLO to its end."""
    socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_SECONDS, max_msg_size=1 << 20)
    await socket.prepare(request)
    session = _SocketSession(gateway, socket)
    try:
        if request.query.get("v") != "8":
            raise Close(4020, "Only version 8 is spoken here.")
        interval = gateway.heartbeat_interval * 1000
        await socket.send_json({"op": HELLO, "d": {"v": 8, "heartbeat_interval": interval}})
        seat = await session.authenticate()
        seat.transport = request.transport
        await session.run(seat)
    except Close as close:
        gateway.counts[f"closed {close.code}"] += 1
        await socket.close(code=close.code, message=close.reason.encode())
    except SocketEnded:
        pass
    session.release()
    return socket


class _SocketSession:
    def __init__(self, gateway: SeatRegistry, socket: web.WebSocketResponse) -> None:
        self.gateway = gateway
        self.socket = socket
        self.seat: Seat | None = None
        self.close_request: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        "its result closes the socket"

    async def receive(self) -> tuple[int, Any]:
        """Return the next op and its data: bytes for a binary message. Raises Close, SocketEnded."""
        message = await self._message()
        if message.type is WSMsgType.BINARY:
            if not message.data:
                raise Close(4002, "Empty binary message.")
            return message.data[0], message.data[1:]
        if message.type is not WSMsgType.TEXT:
            raise SocketEnded
        try:
            payload = json.loads(message.data)
            return int(payload["op"]), payload.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Close(4002, "Failed to decode payload.") from None

    async def _message(self) -> WSMessage:
        receiving = asyncio.ensure_future(self.socket.receive())
        ends: set[asyncio.Future[Any]] = {receiving, self.close_request}
        await asyncio.wait(ends, timeout=2 * self.gateway.heartbeat_interval, return_when=asyncio.FIRST_COMPLETED)
        if receiving.done():
            return receiving.result()
        receiving.cancel()
        await asyncio.wait({receiving})
        raise self.close_request.result() if self.close_request.done() else Close(4009, "Session timed out.")

    # Before authentication:

    async def authenticate(self) -> Seat:
        """Wait for IDENTIFY or RESUME and return the seat. Raises Close, SocketEnded."""
        while True:
            op, data = await self.receive()
            if op == HEARTBEAT:
                await self.socket.send_json({"op": HEARTBEAT_ACK, "d": {"t": _field(data, "t", int)}})
            elif op == IDENTIFY:
                return self.identify(data)
            elif op == RESUME:
                return self.resume(data)
            else:
                raise Close(4003, "Not authenticated.")

    def claim(self, data: object) -> Seat:
        """Return the seat of a token. Raises Close."""
        seat = self.gateway.claimed(_field(data, "token", str))
        if seat is None:
            raise Close(4004, "Authentication failed.")
        if _field(data, "session_id", str) != seat.session_id:
            raise Close(4006, "Session is no longer valid.")
        if _field(data, "server_id", str) != str(seat.guild_id):
            raise Close(4011, "Server not found.")
        return seat

    def identify(self, data: object) -> Seat:
        seat = self.claim(data)
        if _field(data, "user_id", str) != str(seat.user_id):
            raise Close(4004, "Authentication failed.")
        version = data.get("max_dave_protocol_version") if isinstance(data, dict) else None
        self.gateway.drop(seat, Close(4006, "Session is no longer valid."))  # a second socket takes the session over
        seat.dave_version = version if isinstance(version, int) else 0
        if not self.gateway.admits(seat):
            raise Close(4017, "E2EE/DAVE protocol required.")
        leg = self.gateway.open_leg(seat)
        seat.begin(self.socket, self.close_request)
        self.seat = seat
        self.gateway.counts["identified"] += 1
        ready = {
            "ssrc": leg.ssrc,
            "ip": "127.0.0.1",
            "port": self.gateway.sfu.port,
            "modes": [rtp.ENCRYPTION_MODE],
            "heartbeat_interval": 1,  # documented as erroneous: HELLO's counts
            "experiments": [],
        }
        seat.json(READY, ready)
        return seat

    def resume(self, data: object) -> Seat:
        seat = self.claim(data)
        ack = data.get("seq_ack", -1) if isinstance(data, dict) else -1
        missed = seat.missed(ack) if isinstance(ack, int) else None
        if seat.leg is None or missed is None:
            raise Close(4006, "Session is no longer valid.")
        self.gateway.drop(seat, Close(4006, "Session is no longer valid."))
        seat.resume(self.socket, self.close_request)
        self.seat = seat
        self.gateway.counts["resumed"] += 1
        seat.json(RESUMED, None, numbered=False)
        for message in missed:
            seat.put(message)
        return seat

    # After authentication:

    async def run(self, seat: Seat) -> None:
        """Serve an authenticated client until its socket ends. Raises Close, SocketEnded."""
        writer = asyncio.create_task(_write(seat, self.socket), name=f"voice gateway to {seat.user_id}")
        try:
            while True:
                op, data = await self.receive()
                if not seat.conditions.frozen:
                    self.handle(seat, op, data)
        except mls.BadMls as error:
            raise Close(4020, str(error)) from None
        finally:
            writer.cancel()

    def handle(self, seat: Seat, op: int, data: Any) -> None:
        now = asyncio.get_running_loop().time()
        room = self.gateway.room(seat.channel_id)
        if isinstance(data, bytes) != (op in (KEY_PACKAGE, COMMIT_WELCOME)):
            raise Close(4002, "Binary where JSON was expected, or the reverse.")
        if op == HEARTBEAT:
            seat.acknowledge(_field(data, "seq_ack", int))
            if seat.conditions.heartbeat_acks:
                seat.json(HEARTBEAT_ACK, {"t": _field(data, "t", int)}, numbered=False)
        elif op == SELECT_PROTOCOL:
            self.select_protocol(seat, data, now)
        elif op == SPEAKING:
            if seat.leg is None or _field(data, "ssrc", int) != seat.leg.ssrc:
                raise Close(4020, "SSRC of somebody else.")
            room.speaking(seat, _field(data, "speaking", int))
        elif op == TRANSITION_READY:
            room.delivery.ready(seat.user_id, _field(data, "transition_id", int))
        elif op == KEY_PACKAGE:
            room.delivery.key_package(seat.user_id, data, now)
        elif op == COMMIT_WELCOME:
            room.delivery.commit_welcome(seat.user_id, data, now)
        elif op == INVALID_COMMIT_WELCOME:
            _field(data, "transition_id", int)
            room.delivery.invalid(seat.user_id, now)
        elif op in (IDENTIFY, RESUME):
            raise Close(4005, "Already authenticated.")
        elif op not in IGNORED_OPS:
            raise Close(4001, "Unknown opcode.")

    def select_protocol(self, seat: Seat, data: object, now: float) -> None:
        if _field(data, "protocol", str) != "udp":
            raise Close(4012, "Unknown protocol.")
        inner = data.get("data") if isinstance(data, dict) else None
        if _field(inner, "mode", str) != rtp.ENCRYPTION_MODE:
            raise Close(4016, "Unknown encryption mode.")
        if seat.leg is None:
            raise Close(4006, "Session is no longer valid.")
        seat.leg.address = (_field(inner, "address", str), _field(inner, "port", int))
        room = self.gateway.room(seat.channel_id)
        room.admit(seat, now)
        description = {
            "mode": rtp.ENCRYPTION_MODE,
            "secret_key": list(seat.leg.key),
            "dave_protocol_version": room.delivery.version,
            "media_session_id": secrets.token_hex(16),
            "audio_codec": "opus",
            "video_codec": "H264",
        }
        if seat.conditions.external_sender_early and seat.dave_version:
            seat.binary(EXTERNAL_SENDER, room.delivery.external_sender)
        seat.json(SESSION_DESCRIPTION, description)
        if not seat.seated:
            room.enter(seat, now)

    # At the end:

    def release(self) -> None:
        """Give up the seat, or keep it for a resume, depending on how the socket ended."""
        seat = self.seat
        if seat is None or seat.socket is not self.socket:
            return
        seat.socket = None
        if self.socket.close_code in LEAVING_CODES:
            self.gateway.give_up(seat, None)
        else:
            self.gateway.await_resume(seat)


async def _write(seat: Seat, socket: web.WebSocketResponse) -> None:
    """Send the queued messages in order, each when it is due, until the socket ends."""
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
    """Return a field with the type that the protocol requires. Raises Close."""
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise Close(4002, f"{name} is missing or of the wrong type.")
    return value
