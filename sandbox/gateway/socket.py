"""One websocket of the main gateway: it sends messages in order and watches heartbeats."""

import asyncio
import json
from collections import deque

from aiohttp import WSMsgType, web

from sandbox.gateway.compression import StreamCompressor
from sandbox.guild.fault import Json
from sandbox.guild.knobs import Knobs

COMMANDS_PER_MINUTE = 120


class GatewayClosed(Exception):
    """The gateway closes the connection with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class GatewaySocket:
    """Sends in its own task: whoever dispatches an event never waits."""

    def __init__(self, ws: web.WebSocketResponse, encoder: StreamCompressor, knobs: Knobs) -> None:
        self._ws = ws
        self._encoder = encoder
        self._knobs = knobs
        self._queue: asyncio.Queue[Json | GatewayClosed] = asyncio.Queue()
        self._received: deque[float] = deque(maxlen=COMMANDS_PER_MINUTE)
        self._last_heartbeat = asyncio.get_running_loop().time()
        self.transport: asyncio.BaseTransport | None = None
        self.closed_with: int | None = None
        "the code the gateway closed it with"
        self.muted = False
        "nothing is sent any more, as when a cable is pulled"

    def push(self, message: Json) -> None:
        self._queue.put_nowait(message)

    def abort(self, code: int, reason: str = "") -> None:
        self._queue.put_nowait(GatewayClosed(code, reason))

    def drop(self) -> None:
        """Cut the TCP connection without a close frame."""
        # Before Python 3.11.4 a closed TLS transport cannot be aborted.
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()  # pyright: ignore[reportAttributeAccessIssue]

    async def send_all(self) -> None:
        """Send pushed messages until the connection closes."""
        while True:
            item = await self._queue.get()
            if self._knobs.gateway_delay:
                await asyncio.sleep(self._knobs.gateway_delay)
            if self.muted:
                continue
            if isinstance(item, GatewayClosed):
                self.closed_with = item.code
                await self._ws.close(code=item.code, message=item.reason.encode())
                return
            encoded = self._encoder.encode(json.dumps(item, separators=(",", ":"), ensure_ascii=False))
            try:
                await (self._ws.send_bytes(encoded) if isinstance(encoded, bytes) else self._ws.send_str(encoded))
            except (ConnectionError, RuntimeError):
                return

    async def receive(self) -> Json | None:
        """Return the client's next message, None when the client is gone.

        Raises GatewayClosed for an invalid message, for too many, and when heartbeats stop.
        """
        loop = asyncio.get_running_loop()
        heartbeat_timeout = self._knobs.heartbeat_interval * 1.5
        try:
            async with asyncio.timeout_at(self._last_heartbeat + heartbeat_timeout):
                frame = await self._ws.receive()
        except TimeoutError:
            raise GatewayClosed(4009, "Session timed out.") from None
        if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return None
        if len(frame.data) > 4096:
            raise GatewayClosed(4002, "Error while decoding payload.")
        now = loop.time()
        if len(self._received) == COMMANDS_PER_MINUTE and now - self._received[0] < 60:
            raise GatewayClosed(4008, "Rate limited.")
        self._received.append(now)
        try:
            message = json.loads(frame.data)
        except ValueError:
            raise GatewayClosed(4002, "Error while decoding payload.") from None
        if not isinstance(message, dict) or not isinstance(message.get("op"), int):
            raise GatewayClosed(4002, "Error while decoding payload.")
        if message["op"] == 1:
            self._last_heartbeat = now
        return message
