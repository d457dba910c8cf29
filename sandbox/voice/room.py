"""One voice channel on the voice server: who has a seat there, and the messages to each of them."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.voice.conditions import LATE_SECONDS, Conditions
from sandbox.voice.delivery import DeliveryService
from sandbox.voice.opcodes import (
    CLIENT_DISCONNECT,
    CLIENT_FLAGS,
    CLIENT_PLATFORM,
    CLIENTS_CONNECT,
    EXTERNAL_SENDER,
    SPEAKING,
)
from sandbox.voice.sfu import Leg

MAX_RESUME_MESSAGES = 500
"Most numbered messages that are kept for a resume"


class Close(Exception):
    """Ends a voice socket with a documented close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True, eq=False)
class Seat:
    """One user's voice session in one call, from VOICE_SERVER_UPDATE until it is given up."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    conditions: Conditions
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    dave_version: int = 0
    "the highest version that the client supports; 0: none"
    leg: Leg | None = None
    "set after IDENTIFY"
    seated: bool = False
    "set after SELECT_PROTOCOL: the user is in the room"
    speaking: int = 0
    socket: web.WebSocketResponse | None = None
    "None: before IDENTIFY, or waiting for a resume"
    close_request: "asyncio.Future[Close] | None" = None
    "its result closes the current socket"
    transport: asyncio.Transport | None = None
    "transport of the socket"
    outbox: asyncio.Queue[tuple[float, str | bytes]] = field(default_factory=asyncio.Queue)
    "for the current socket: loop time when due, and the message"
    sequence: int = 0
    "number of the last numbered message, without the 16-bit wrap"
    sent: deque[tuple[int, str | bytes]] = field(default_factory=lambda: deque(maxlen=MAX_RESUME_MESSAGES))

    def begin(self, socket: web.WebSocketResponse, close_request: "asyncio.Future[Close]") -> None:
        """Start a session on a socket."""
        self.speaking = self.sequence = 0
        self.sent.clear()
        self.resume(socket, close_request)

    def resume(self, socket: web.WebSocketResponse, close_request: "asyncio.Future[Close]") -> None:
        """Continue the session on another socket."""
        self.outbox = asyncio.Queue()
        self.socket = socket
        self.close_request = close_request

    def json(self, op: int, data: object, *, numbered: bool = True) -> None:
        """Send a JSON message. Only numbered messages are sent again after a resume."""
        message: dict[str, object] = {"op": op, "d": data}
        if not numbered:
            self.put(json.dumps(message))
            return
        message["seq"] = self._number()
        self._remember(json.dumps(message))

    def binary(self, op: int, payload: bytes) -> None:
        self._remember(self._number().to_bytes(2, "big") + bytes([op]) + payload)

    def _number(self) -> int:
        self.sequence += 1
        return self.sequence % 0x10000

    def _remember(self, message: str | bytes) -> None:
        self.sent.append((self.sequence, message))
        self.put(message)

    def put(self, message: str | bytes) -> None:
        """Queue a message for the current socket."""
        if self.socket is not None:
            self.outbox.put_nowait((asyncio.get_running_loop().time() + self.conditions.gateway_lag, message))

    def acknowledge(self, sequence: int) -> None:
        """Drop the messages that the client has received (`seq_ack` of a heartbeat, 16 bits)."""
        if any(number % 0x10000 == sequence for number, _ in self.sent):
            while self.sent and self.sent[0][0] % 0x10000 != sequence:
                self.sent.popleft()

    def missed(self, sequence: int) -> list[str | bytes] | None:
        """Return the messages after `sequence` (-1: all), or None if some are no longer kept."""
        if sequence == -1:
            return [m for _, m in self.sent] if not self.sent or self.sent[0][0] == 1 else None
        if self.sequence % 0x10000 == sequence:
            return []
        for at, (number, _) in enumerate(self.sent):
            if number % 0x10000 == sequence:
                return [message for _, message in list(self.sent)[at + 1 :]]
        return None


class Room:
    """The seats of one channel, and its delivery service."""

    def __init__(self, channel_id: int, *, version: int, hears: Callable[[Seat], bool], speaks: Callable[[Seat], bool]):
        self.channel_id = channel_id
        self.seats: dict[int, Seat] = {}
        self.plain_for_client = False
        self.delivery = DeliveryService(channel_id, self, version=version)
        self._hears = hears
        self._speaks = speaks

    # The Wire of the delivery service:

    def json(self, user_id: int, op: int, data: dict[str, object]) -> None:
        if seat := self.seats.get(user_id):
            self._tell(seat, op, lambda: seat.json(op, data), None)

    def binary(self, user_id: int, op: int, payload: bytes) -> None:
        if seat := self.seats.get(user_id):
            corrupted = payload[:-1] + bytes([payload[-1] ^ 0xFF])  # the last byte of a signature, or of a tag
            if op == EXTERNAL_SENDER and seat.conditions.external_sender_early:
                return  # it was sent before op 4
            self._tell(seat, op, lambda: seat.binary(op, payload), lambda: seat.binary(op, corrupted))

    @staticmethod
    def _tell(seat: Seat, op: int, tell: Callable[[], None], send_corrupted: Callable[[], None] | None) -> None:
        """Send a DAVE message, with the fault that its receiver's conditions ask for."""
        fault = seat.conditions.next_message_fault(op)
        if fault == "corrupted" and send_corrupted:
            send_corrupted()
        elif fault == "late":
            asyncio.get_running_loop().call_later(LATE_SECONDS, tell)
        elif fault != "lost":
            tell()
            if fault == "doubled":
                tell()

    # Joining and leaving:

    def admit(self, seat: Seat, now: float) -> None:
        """Make the call unencrypted if a client without DAVE is about to enter it."""
        if not seat.dave_version and self.delivery.version:
            self.plain_for_client = True
            self.delivery.downgrade(now)

    def enter(self, seat: Seat, now: float) -> None:
        """Add a user whose media is set up: tell everyone about each other, then start DAVE for the user."""
        others = [other for other in self.seats.values() if other is not seat]
        self.seats[seat.user_id] = seat
        seat.seated = True
        for other in others:
            other.json(CLIENTS_CONNECT, {"user_ids": [str(seat.user_id)]})
            other.json(CLIENT_FLAGS, {"user_id": str(seat.user_id), "flags": 0})
            other.json(CLIENT_PLATFORM, {"user_id": str(seat.user_id), "platform": 0})
        if others:
            seat.json(CLIENTS_CONNECT, {"user_ids": [str(other.user_id) for other in others]})
        for other in others:
            if other.speaking:
                self._tell_speaking(other, [seat])
        if seat.dave_version:
            self.delivery.enter(seat.user_id, now)

    def leave(self, seat: Seat, now: float) -> None:
        seat.seated = False
        if self.seats.get(seat.user_id) is not seat:
            return
        del self.seats[seat.user_id]
        for other in self.seats.values():
            other.json(CLIENT_DISCONNECT, {"user_id": str(seat.user_id)})
        if seat.dave_version:
            self.delivery.leave(seat.user_id, now)
        elif self.plain_for_client and all(other.dave_version for other in self.seats.values()):
            self.plain_for_client = False
            self.delivery.upgrade(now)

    def speaking(self, seat: Seat, flags: int) -> None:
        """Relay op 5. The speaker's conditions can delay or suppress it."""
        seat.speaking = flags
        if seat.leg and flags:
            seat.leg.announced = True
        self._tell_speaking(seat, [other for other in self.seats.values() if other is not seat])

    def _tell_speaking(self, seat: Seat, others: Iterable[Seat]) -> None:
        if seat.conditions.speaking_absent or seat.leg is None:
            return
        data = {"user_id": str(seat.user_id), "ssrc": seat.leg.ssrc, "speaking": seat.speaking}

        def tell() -> None:
            for other in others:
                other.json(SPEAKING, data)

        if seat.conditions.speaking_delay:
            asyncio.get_running_loop().call_later(seat.conditions.speaking_delay, tell)
        else:
            tell()

    def listeners(self, seat: Seat) -> list[Leg]:
        """Return who hears `seat`: nobody if the user is server-muted or in a stage's audience."""
        if not seat.seated or not self._speaks(seat):
            return []
        return [o.leg for o in self.seats.values() if o is not seat and o.leg is not None and self._hears(o)]
