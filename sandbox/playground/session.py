"""The connection of one page: audio both ways as binary messages, everything else as JSON.

Binary, page to server: 4 bytes little-endian (the frame's number in the lower 31 bits; the highest bit marks a frame
loud enough to be speech), then 20 ms of s16le mono 48 kHz. Binary, server to page: 20 ms of the same without a header,
and nothing while nobody speaks.
"""

import asyncio
import contextlib
import json
import struct
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.people.person import FRAME_BYTES, FRAME_SECONDS
from sandbox.playground import view
from sandbox.playground.backend import PlaygroundBackend
from sandbox.playground.requests import PageRequests

FRAME_HEADER = struct.Struct("<I")
LOUD_FLAG = 1 << 31
PAGE_UPDATE_SECONDS = 0.08
"""Seconds between two looks for changes to send."""
UPDATES_PER_COST = 12
"""The cost is read once in this many updates."""
MAX_RUNNING_REQUESTS = 32
"""Most requests of a page that run at once. More are refused as busy."""
MAX_WAITING_MESSAGES = 64
"""Most messages that wait to be sent. Audio beyond that is dropped, because late audio is useless."""


class PageSession:
    """Serves one page until its socket closes."""

    def __init__(self, backend: PlaygroundBackend, requests: PageRequests, socket: web.WebSocketResponse) -> None:
        self.backend = backend
        self.dropped = 0
        "frames dropped because the page was too slow"
        self._requests = requests
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve the page. Returns when the socket closes."""
        self.backend.browser_person.start_page()
        self._send({"about": view.about(self.backend)})
        tasks = [
            asyncio.create_task(work(), name="page") for work in (self._write, self._send_sound, self._send_changes)
        ]
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    self._take_frame(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._take_request(message.data)
        finally:
            tasks += self._running
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take_frame(self, data: bytes) -> None:
        """Pass a frame from the microphone to the person and the timeline."""
        if len(data) != FRAME_HEADER.size + FRAME_BYTES:
            return
        [head] = FRAME_HEADER.unpack_from(data)
        backend = self.backend
        if backend.browser_person.send_frame(head & (LOUD_FLAG - 1), data[FRAME_HEADER.size :]):
            note = backend.timeline.add_sound if head & LOUD_FLAG else backend.timeline.add_quiet
            note(backend.browser_person.id, self._loop.time())

    def _take_request(self, text: str) -> None:
        try:
            request = json.loads(text)
        except ValueError:
            return
        if not isinstance(request, dict):
            return
        if len(self._running) >= MAX_RUNNING_REQUESTS:
            self._send({"re": request.get("n"), "error": "busy"})
            return
        task = asyncio.create_task(self._answer(request), name="page request")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, request: dict[str, Any]) -> None:
        self._send({"re": request.get("n"), **await self._requests.handle(request)})

    def _send(self, what: dict[str, Any]) -> None:
        self._outbox.put_nowait(json.dumps(what, ensure_ascii=False, default=str))

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                message = await self._outbox.get()
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)

    async def _send_sound(self) -> None:
        """Send what the person hears, 20 ms every 20 ms. A late event loop catches up."""
        loudspeaker = self.backend.browser_person.loudspeaker
        due = self._loop.time()
        while True:
            while due <= self._loop.time():
                frame = loudspeaker.mix(self._loop.time())
                if frame and self._outbox.qsize() < MAX_WAITING_MESSAGES:
                    self._outbox.put_nowait(frame)
                elif frame:
                    self.dropped += 1
                due += FRAME_SECONDS
            await asyncio.sleep(due - self._loop.time())

    async def _send_changes(self) -> None:
        """Send changes to the page: messages one by one, everything else as a whole."""
        known: dict[str, Any] = {}
        sent_messages: dict[str, dict[str, Any]] = {}
        updates = 0
        while True:
            backend = self.backend
            now: dict[str, Any] = {
                "now": view.state(backend, self._loop.time()),
                "turns": backend.timeline.view(),
                "commands": view.commands(backend),
                "names": view.names(backend),
            }
            if updates % UPDATES_PER_COST == 0:
                now["cost"] = str(await backend.cost())
            updates += 1
            changes = {key: value for key, value in now.items() if known.get(key) != value}
            known |= changes
            seen = {message["id"]: message for message in view.messages(backend)}
            changed = [message for key, message in seen.items() if sent_messages.get(key) != message]
            gone = [key for key in sent_messages if key not in seen]
            sent_messages = seen
            if changed:
                changes["messages"] = changed
            if gone:
                changes["gone"] = gone
            if changes and self._outbox.qsize() < MAX_WAITING_MESSAGES:
                self._send(changes)
            await asyncio.sleep(PAGE_UPDATE_SECONDS)
