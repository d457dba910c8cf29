"""REST and gateway requests by hand, for what discord.py never sends."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from sandbox.server import Sandbox


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: CIMultiDictProxy[str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return self.body["code"]

    @property
    def faults(self) -> list[str]:
        """The codes of an Invalid Form Body with their places, as "components.0.custom_id CODE"."""
        found: list[str] = []

        def walk(node: Any, path: str) -> None:
            for key, below in node.items():
                if key == "_errors":
                    found.extend(f"{path} {item['code']}".strip() for item in below)
                else:
                    walk(below, f"{path}.{key}".strip("."))

        walk(self.body.get("errors", {}), "")
        return found


class Api:
    """Requests with the bot's token."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._sandbox = sandbox

    async def __call__(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **options: Any
    ) -> Answer:
        headers = {"Authorization": f"Bot {token or self._sandbox.token}"}
        if body is not None:
            options["json"] = body
        url = self._sandbox.api_base + path
        async with self.session.request(method, url, headers=headers, **options) as response:
            raw = await response.read()
            is_json = response.headers.get("Content-Type") == "application/json"
            return Answer(response.status, json.loads(raw) if is_json else raw.decode(), response.headers)


@asynccontextmanager
async def speaking(sandbox: Sandbox) -> AsyncIterator[Api]:
    connector = aiohttp.TCPConnector(ssl=sandbox.authority.client_context)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Api(sandbox, session)


class Line:
    """A gateway connection. `take` returns decoded messages."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self._inflate = zlib.decompressobj()

    async def take(self) -> Any:
        """Return the next message, or the close code."""
        async with asyncio.timeout(60):
            frame = await self.ws.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            return json.loads(frame.data)
        if frame.type is aiohttp.WSMsgType.BINARY:
            assert frame.data.endswith(b"\x00\x00\xff\xff")
            return json.loads(self._inflate.decompress(frame.data))
        return self.ws.close_code

    async def until(self, event: str) -> Any:
        """Return the data of the next `event`."""
        while True:
            message = await self.take()
            assert not isinstance(message, int), f"closed with {message} while waiting for {event}"
            if message["t"] == event:
                return message["d"]

    async def closed(self) -> int | None:
        """Return the code with which the gateway closes. Skips the messages before it."""
        while isinstance(message := await self.take(), dict):
            pass
        return message

    async def send(self, op: int, data: Any) -> None:
        await self.ws.send_json({"op": op, "d": data})

    async def identify(self, sandbox: Sandbox, intents: int = 0b1010000001, **more: Any) -> Any:
        """Identify with the intents guilds, voice states and guild messages; return READY."""
        await self.send(2, {"token": sandbox.token, "intents": intents, "properties": {"os": "linux"}} | more)
        return await self.until("READY")


@asynccontextmanager
async def dialled(sandbox: Sandbox, query: str = "v=10&encoding=json") -> AsyncIterator[Line]:
    """Connect to the gateway. HELLO is already read."""
    connector = aiohttp.TCPConnector(ssl=sandbox.authority.client_context)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.ws_connect(f"{sandbox.gateway.url}/?{query}", max_msg_size=0) as ws,
    ):
        line = Line(ws)
        hello = await line.take()
        assert hello["op"] == 10
        yield line
