"""One client's conversation with the voice gateway, version 8.

Source: Discord's developer documentation, "Voice Connections" and "Opcodes and Status Codes". What ops 21 to 31 do is
in delivery.py.
"""

import asyncio
import contextlib
import json
import secrets
from collections import Counter
from typing import Any, Protocol, TypeVar

from aiohttp import WSMessage, WSMsgType, web

from sandbox.voice import mls, rtp
from sandbox.voice.delivery import EXTERNAL_SENDER
from sandbox.voice.room import Close, Room, Seat
from sandbox.voice.sfu import Leg, Sfu

IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING = 0, 1, 2, 3, 4, 5
HEARTBEAT_ACK, RESUME, HELLO, RESUMED = 6, 7, 8, 9
TRANSITION_READY, KEY_PACKAGE, COMMIT_WELCOME, INVALID_COMMIT_WELCOME = 23, 26, 28, 31
OF_OTHER_CLIENTS = {12, 14, 15, 16, 18, 20}
"Video and statistics of Discord's own clients: taken, and ignored"
LEAVING_CODES = {1000, 1001, 4014}
"Close codes by which a client says that it will not resume"
GOODBYE = 2.0
"Seconds that a client has to answer a close"
T = TypeVar("T")


class SeatRegistry(Protocol):
    """What a socket asks of the voice gateway: who has a seat, and what its call is."""

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


class Ended(Exception):
    """The client closed the socket, or it broke."""


async def converse(gateway: SeatRegistry, request: web.Request) -> web.WebSocketResponse:
    """Serve one socket from HELLO to its end."""
    socket = web.WebSocketResponse(timeout=GOODBYE, max_msg_size=1 << 20)
    await socket.prepare(request)
    conversation = _Conversation(gateway, socket)
    try:
        if request.query.get("v") != "8":
            raise Close(4020, "Only version 8 is spoken here.")
        interval = gateway.heartbeat_interval * 1000
        await socket.send_json({"op": HELLO, "d": {"v": 8, "heartbeat_interval": interval}})
        seat = await conversation.introduction()
        seat.transport = request.transport
        await conversation.service(seat)
    except Close as close:
        gateway.counts[f"closed {close.code}"] += 1
        await socket.close(code=close.code, message=close.reason.encode())
    except Ended:
        pass
    conversation.farewell()
    return socket


class _Conversation:
    def __init__(self, gateway: SeatRegistry, socket: web.WebSocketResponse) -> None:
        self.gateway = gateway
        self.socket = socket
        self.seat: Seat | None = None
        self.dismissal: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        "set to have the socket closed"

    async def receive(self) -> tuple[int, Any]:
        """Return the next op and its data: bytes for a binary message. Raises Close, Ended."""
        message = await self._message()
        if message.type is WSMsgType.BINARY:
            if not message.data:
                raise Close(4002, "Empty binary message.")
            return message.data[0], message.data[1:]
        if message.type is not WSMsgType.TEXT:
            raise Ended
        try:
            payload = json.loads(message.data)
            return int(payload["op"]), payload.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Close(4002, "Failed to decode payload.") from None

    async def _message(self) -> WSMessage:
        receiving = asyncio.ensure_future(self.socket.receive())
        ends: set[asyncio.Future[Any]] = {receiving, self.dismissal}
        await asyncio.wait(ends, timeout=2 * self.gateway.heartbeat_interval, return_when=asyncio.FIRST_COMPLETED)
        if receiving.done():
            return receiving.result()
        receiving.cancel()
        await asyncio.wait({receiving})
        raise self.dismissal.result() if self.dismissal.done() else Close(4009, "Session timed out.")

    # Before anybody is known:

    async def introduction(self) -> Seat:
        """Wait for IDENTIFY or RESUME and return the seat. Raises Close, Ended."""
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
        """Return the seat that a token opens. Raises Close."""
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
        seat.begin(self.socket, self.dismissal)
        self.seat = seat
        self.gateway.counts["identified"] += 1
        ready = {
            "ssrc": leg.ssrc,
            "ip": "127.0.0.1",
            "port": self.gateway.sfu.port,
            "modes": [rtp.MODE],
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
        seat.resume(self.socket, self.dismissal)
        self.seat = seat
        self.gateway.counts["resumed"] += 1
        seat.json(RESUMED, None, numbered=False)
        for message in missed:
            seat.put(message)
        return seat

    # With somebody known:

    async def service(self, seat: Seat) -> None:
        """Talk with an identified client until its socket ends. Raises Close, Ended."""
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
        elif op not in OF_OTHER_CLIENTS:
            raise Close(4001, "Unknown opcode.")

    def select_protocol(self, seat: Seat, data: object, now: float) -> None:
        if _field(data, "protocol", str) != "udp":
            raise Close(4012, "Unknown protocol.")
        inner = data.get("data") if isinstance(data, dict) else None
        if _field(inner, "mode", str) != rtp.MODE:
            raise Close(4016, "Unknown encryption mode.")
        if seat.leg is None:
            raise Close(4006, "Session is no longer valid.")
        seat.leg.address = (_field(inner, "address", str), _field(inner, "port", int))
        room = self.gateway.room(seat.channel_id)
        room.admit(seat, now)
        description = {
            "mode": rtp.MODE,
            "secret_key": list(seat.leg.key),
            "dave_protocol_version": room.delivery.version,
            "media_session_id": secrets.token_hex(16),
            "audio_codec": "opus",
            "video_codec": "H264",
        }
        if seat.conditions.introduced_early and seat.dave_version:
            seat.binary(EXTERNAL_SENDER, room.delivery.introduction)
        seat.json(SESSION_DESCRIPTION, description)
        if not seat.seated:
            room.enter(seat, now)

    # After all was said:

    def farewell(self) -> None:
        """Free the seat, or keep it for a resume, as the way the socket ended has it."""
        seat = self.seat
        if seat is None or seat.socket is not self.socket:
            return
        seat.socket = None
        if self.socket.close_code in LEAVING_CODES:
            self.gateway.give_up(seat, None)
        else:
            self.gateway.await_resume(seat)


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
    """Return a field of the type that the protocol asks for. Raises Close."""
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise Close(4002, f"{name} is missing or of the wrong type.")
    return value
