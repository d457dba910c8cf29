"""A small client of voice gateway v8 for the sandbox's people. It shares no code with bot/voice or discord.py."""

import asyncio
import contextlib
import json
import secrets
import ssl
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import aiohttp

from sandbox.voice import opcodes, rtp
from sandbox.voice.dave_engines import DaveEngine
from sandbox.voice.membership import Membership
from sandbox.voice.udp import Udp

MAX_HELD_SECONDS, MAX_HELD_PACKETS = 1.0, 50
"Limits for the packets of one SSRC that wait for a key or for op 5"
MICROPHONE_FLAG = 1
"Speaking flag of op 5: microphone"

OnPacket = Callable[[int, rtp.SealedPacket, bytes, float], None]
"user id, packet, Opus, loop time of arrival"


class Disconnected(ConnectionError):
    """The voice gateway closed the connection; `code` is the close code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"voice gateway closed: {code}")
        self.code = code


class VoiceClient:
    """One connection to one call, from IDENTIFY until it closes. Without an `engine` the client has no DAVE."""

    def __init__(self, user_id: int, engine: DaveEngine | None, context: ssl.SSLContext, on_packet: OnPacket) -> None:
        self.user_id = user_id
        self.dave = Membership(engine, self._send)
        self.ssrc = 0
        self.counts: Counter[str] = Counter()
        self.close_code: int | None = None
        self._context = context
        self._on_packet = on_packet
        self._loop = asyncio.get_running_loop()
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._udp: Udp | None = None
        self._discovered: asyncio.Future[tuple[str, int]] = self._loop.create_future()
        self._described: asyncio.Future[None] = self._loop.create_future()
        self._message_arrived = asyncio.Event()
        "set when a message from the gateway arrives"
        self._tasks: list[asyncio.Task[None]] = []
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._sequence_ack = -1
        self._key = b""
        self._ssrcs: dict[int, int] = {}
        "SSRC -> user id"
        self._held: dict[int, deque[tuple[float, rtp.SealedPacket]]] = {}
        self._nonces: deque[int] = deque(maxlen=200)
        self._sequence = secrets.randbelow(0x10000)
        self._counter = 0

    # Connecting and closing:

    async def connect(self, endpoint: str, guild_id: int, session_id: str, token: str, timeout: float = 10.0) -> None:
        """Connect. Returns once audio can be sent. Raises Disconnected, TimeoutError."""
        credentials = {
            "server_id": str(guild_id),
            "user_id": str(self.user_id),
            "session_id": session_id,
            "token": token,
            "max_dave_protocol_version": 1 if self.dave.engine else 0,
        }
        try:
            async with asyncio.timeout(timeout):
                self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context))
                self._socket = await self._session.ws_connect(f"wss://{endpoint}/?v=8", max_msg_size=1 << 20)
                self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
                self._send(opcodes.IDENTIFY, credentials)
                await self._described
        except BaseException:
            await self.close()
            raise

    async def settled(self, timeout: float) -> None:
        """Return once others can hear this client, or after `timeout` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not self.dave.keyed:
                    self._message_arrived.clear()
                    await self._message_arrived.wait()

    async def close(self) -> None:
        """Close the connection. Idempotent."""
        if self._socket is not None and not self._socket.closed:
            await self._socket.close(code=1000)
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._udp:
            self._udp.close()
        if self._session:
            await self._session.close()
        for future in (self._discovered, self._described):
            future.cancel()
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                raise end  # a bug in the client or the server, which must not look like silence

    # The voice gateway:

    def _send(self, op: int, data: Any) -> None:
        if isinstance(data, bytes):
            self._outbox.put_nowait(bytes([op]) + data)
        else:
            self._outbox.put_nowait(json.dumps({"op": op, "d": data}))

    async def _write(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(ConnectionError):
            while True:
                message = await self._outbox.get()
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                payload = json.loads(message.data)
                self._sequence_ack = payload.get("seq", self._sequence_ack)
                self._take(payload["op"], payload["d"])
            elif message.type is aiohttp.WSMsgType.BINARY:
                self._sequence_ack = int.from_bytes(message.data[:2], "big")
                self._take(message.data[2], message.data[3:])
            self._message_arrived.set()
        self.close_code = self._socket.close_code
        for future in (self._discovered, self._described):
            if not future.done():
                future.set_exception(Disconnected(self.close_code))
                future.exception()  # only one of the two is awaited

    async def _heartbeat(self, interval: float) -> None:
        while True:
            self._send(opcodes.HEARTBEAT, {"t": secrets.randbits(48), "seq_ack": self._sequence_ack})
            await asyncio.sleep(interval)

    def _take(self, op: int, data: Any) -> None:
        match op:
            case opcodes.HELLO:
                self._tasks.append(asyncio.create_task(self._heartbeat(data["heartbeat_interval"] / 1000)))
            case opcodes.READY:
                self._tasks.append(asyncio.create_task(self._open_udp(data)))
            case opcodes.SESSION_DESCRIPTION:
                self._key = bytes(data["secret_key"])
                self.dave.described(data["dave_protocol_version"])
                self._described.set_result(None)
            case opcodes.SPEAKING:
                self._ssrcs[data["ssrc"]] = int(data["user_id"])
                self._retry(data["ssrc"])
            case opcodes.CLIENTS_CONNECT:
                self.dave.people.update(int(user) for user in data["user_ids"])
            case opcodes.CLIENT_DISCONNECT:
                self._forget_user(int(data["user_id"]))
            case _ if opcodes.PREPARE_TRANSITION <= op <= opcodes.WELCOME:
                self.dave.take(op, data, self._loop.time())
                for ssrc in list(self._held):
                    self._retry(ssrc)
            case _:
                self.counts["ignored op"] += 1

    def _forget_user(self, user_id: int) -> None:
        self.dave.people.discard(user_id)
        for ssrc in [ssrc for ssrc, user in self._ssrcs.items() if user == user_id]:
            del self._ssrcs[ssrc]
            self._held.pop(ssrc, None)

    async def _open_udp(self, ready: dict[str, Any]) -> None:
        """Open UDP, discover the own address, and select the protocol (after op 2, answers with op 1)."""
        self.ssrc = ready["ssrc"]
        self._udp = await Udp.open(self._receive, remote=(ready["ip"], ready["port"]))
        while not self._discovered.done():
            self._udp.send(b"\0\1\0\x46" + self.ssrc.to_bytes(4, "big") + bytes(66))
            await asyncio.wait([self._discovered], timeout=1.0)
        address, port = self._discovered.result()
        self._send(
            opcodes.SELECT_PROTOCOL,
            {"protocol": "udp", "data": {"address": address, "port": port, "mode": rtp.ENCRYPTION_MODE}},
        )

    # Audio:

    def speaking(self) -> None:
        """Tell the others that audio of this client follows (op 5)."""
        self._send(opcodes.SPEAKING, {"speaking": MICROPHONE_FLAG, "delay": 0, "ssrc": self.ssrc})

    def send(self, opus: bytes, timestamp: int) -> bool:
        """Send one frame. Returns False if there is no key yet."""
        frame = self.dave.seal(opus)
        if frame is None:
            self.counts["not sent: no key"] += 1
            return False
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._counter += 1
        packet = rtp.seal(self._key, self._counter, self._sequence, timestamp, self.ssrc, frame)
        if self._udp:
            self._udp.send(packet)
        return True

    def _receive(self, data: bytes, _: object) -> None:
        if len(data) == 74 and data[:2] == b"\0\2":
            if not self._discovered.done():
                self._discovered.set_result((data[8:72].rstrip(b"\0").decode(), int.from_bytes(data[72:], "big")))
            return
        packet = rtp.unseal(self._key, data) if self._key else None
        if packet is None or packet.payload_type & ~rtp.RTP_MARKER_BIT != rtp.OPUS_PAYLOAD_TYPE:
            self.counts["not audio"] += 1
        elif packet.counter in self._nonces:
            self.counts["replayed"] += 1
        else:
            self._nonces.append(packet.counter)
            self._hear(packet, self._loop.time())

    def _hear(self, packet: rtp.SealedPacket, at: float) -> None:
        """Pass a packet on, or hold it until its key and its user are known."""
        held = self._held.setdefault(packet.ssrc, deque())
        user_id = self._ssrcs.get(packet.ssrc)
        opus = self.dave.open(user_id, packet.payload, self._loop.time()) if user_id is not None else None
        if user_id is not None and opus is not None:
            self.counts["unopened"] += len(held)  # the key is known now, so older packets that still wait are useless
            held.clear()
            self._on_packet(user_id, packet, opus, at)
            return
        held.append((at, packet))
        while len(held) > MAX_HELD_PACKETS or at - held[0][0] > MAX_HELD_SECONDS:
            self.counts["unopened"] += 1
            held.popleft()

    def _retry(self, ssrc: int) -> None:
        """Retry the held packets of an SSRC in order, because a key has changed or its user is known now."""
        for at, packet in self._held.pop(ssrc, ()):
            self._hear(packet, at)
