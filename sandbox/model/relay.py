"""A relay between the bot and a real model server for `demo --live`. It forwards everything and notes the times."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from bot.audio import from_wav
from bot.errors import BadAudio
from sandbox.model.log import ReceivedRequest, RequestLog

MAX_RELAYED_BODY_BYTES = 64 * 1024 * 1024
FORWARDED_HEADERS = ("authorization", "content-type", "accept", "user-agent")
AUDIO_DATA_KEY = b'"data"'
"""A chunk of a stream that contains this key carries audio."""


class ModelRelay:
    """A loopback address that forwards to the real server."""

    def __init__(self, key: str, upstream: str) -> None:
        self.key = key
        self.base_url = ""
        self.log = RequestLog()
        self._upstream = upstream.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(cls, key: str, upstream: str) -> AsyncIterator["ModelRelay"]:
        """Listen on a free port of 127.0.0.1 and forward to `upstream`, a base URL."""
        relay = cls(key, upstream)
        application = web.Application(client_max_size=MAX_RELAYED_BODY_BYTES)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        async with aiohttp.ClientSession(auto_decompress=False) as session:

            async def handle(request: web.Request) -> web.StreamResponse:
                return await relay._pass_on(session, request)

            application.router.add_route("*", "/v1/{path:.*}", handle)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                relay.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
                yield relay
            finally:
                await runner.cleanup()

    @property
    def chats(self) -> list[ReceivedRequest]:
        return [request for request in self.log.requests if request.path == "/chat/completions"]

    async def wait_for_chats(self, count: int) -> list[ReceivedRequest]:
        """Return the chat requests once `count` have arrived."""
        return await self.log.wait(lambda request: request.path == "/chat/completions", count)

    async def _pass_on(self, session: aiohttp.ClientSession, request: web.Request) -> web.StreamResponse:
        now = asyncio.get_running_loop().time
        record = ReceivedRequest(request.path.removeprefix("/v1"), {}, now(), connection=0)
        raw = await request.read()
        record.size, record.body_at = len(raw), now()
        if record.path == "/chat/completions":
            record.body = json.loads(raw)
            record.pcm = newest_sound(record.body)
        self.log.add(record)
        self.log.touch()
        headers = {name: request.headers[name] for name in FORWARDED_HEADERS if name in request.headers}
        url = self._upstream + record.path
        async with session.request(request.method, url, data=raw or None, headers=headers) as answer:
            record.status = answer.status
            response = web.StreamResponse(status=answer.status)
            for name in ("Content-Type", "Retry-After", "Content-Encoding"):
                if name in answer.headers:
                    response.headers[name] = answer.headers[name]
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                if record.first_audio_at is None and AUDIO_DATA_KEY in chunk:
                    record.first_audio_at = now()
                await response.write(chunk)
            await response.write_eof()
        record.done_at = now()
        return response


def newest_sound(body: dict[str, Any]) -> bytes:
    """Return the audio after the last assistant message as s16le mono 16 kHz. Empty if there is none."""
    sound = b""
    for message in body.get("messages", []):
        if message.get("role") == "assistant":
            sound = b""
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else []:
            if part.get("type") == "input_audio":
                try:
                    sound += from_wav(base64.b64decode(part["input_audio"]["data"].rpartition(",")[2]))[0]
                except (BadAudio, binascii.Error):
                    continue
    return sound
