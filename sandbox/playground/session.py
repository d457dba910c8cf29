"""One page's connection: sound both ways as binary messages, everything else as JSON.

Binary, page to server: 4 bytes little-endian (the frame's number in the lower 31 bits, the highest says that it is
loud enough to be speech), then 20 ms of s16le mono 48 kHz. Binary, server to page: 20 ms of the same, without a head;
nothing while nobody sounds.
"""

import asyncio
import contextlib
import json
import struct
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.people.person import FRAME_BYTES, TICK
from sandbox.playground import view
from sandbox.playground.backend import PlaygroundBackend
from sandbox.playground.requests import PageRequests

HEAD = struct.Struct("<I")
LOUD = 1 << 31
LOOK = 0.08
"""Seconds between two looks at what there is to see."""
COUNT_EVERY = 12
"""Looks between two countings of the money."""
MOST_ASKED = 32
"""Acts of a page that run at once; more are refused."""
MOST_WAITING = 64
"""Messages that wait to be written; sound beyond it is dropped, since old sound is of no use."""


class PageSession:
    """Serves one page until it goes. `end` it when another page takes over."""

    def __init__(self, house: PlaygroundBackend, acts: PageRequests, socket: web.WebSocketResponse) -> None:
        self.house = house
        self.dropped = 0
        "frames that a slow page did not get"
        self._acts = acts
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._asked: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Return when the page has gone."""
        self.house.visitor.begin()
        self._tell({"about": view.about(self.house)})
        tasks = [asyncio.create_task(work(), name="page") for work in (self._write, self._play, self._look)]
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    self._hear(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._ask(message.data)
        finally:
            tasks += self._asked
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, data: bytes) -> None:
        """Pass a frame of the microphone on."""
        if len(data) != HEAD.size + FRAME_BYTES:
            return
        [head] = HEAD.unpack_from(data)
        house = self.house
        if house.visitor.voice(head & (LOUD - 1), data[HEAD.size :]):
            note = house.timeline.sounded if head & LOUD else house.timeline.sent
            note(house.visitor.id, self._loop.time())

    def _ask(self, text: str) -> None:
        try:
            asked = json.loads(text)
        except ValueError:
            return
        if not isinstance(asked, dict):
            return
        if len(self._asked) >= MOST_ASKED:
            self._tell({"re": asked.get("n"), "error": "busy"})
            return
        task = asyncio.create_task(self._do(asked), name="act")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _do(self, asked: dict[str, Any]) -> None:
        self._tell({"re": asked.get("n"), **await self._acts.do(asked)})

    def _tell(self, what: dict[str, Any]) -> None:
        self._outbox.put_nowait(json.dumps(what, ensure_ascii=False, default=str))

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                message = await self._outbox.get()
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)

    async def _play(self) -> None:
        """Send what the person hears, 20 ms each 20 ms; a late loop catches up."""
        loudspeaker = self.house.visitor.loudspeaker
        due = self._loop.time()
        while True:
            while due <= self._loop.time():
                frame = loudspeaker.mix(self._loop.time())
                if frame and self._outbox.qsize() < MOST_WAITING:
                    self._outbox.put_nowait(frame)
                elif frame:
                    self.dropped += 1
                due += TICK
            await asyncio.sleep(due - self._loop.time())

    async def _look(self) -> None:
        """Tell the page what has changed: messages one by one, everything else as a whole."""
        known: dict[str, Any] = {}
        shown: dict[str, dict[str, Any]] = {}
        looks = 0
        while True:
            house = self.house
            now: dict[str, Any] = {
                "now": view.state(house, self._loop.time()),
                "turns": house.timeline.view(),
                "commands": view.commands(house),
                "names": view.names(house),
            }
            if looks % COUNT_EVERY == 0:
                now["cost"] = str(await house.cost())
            looks += 1
            news = {key: value for key, value in now.items() if known.get(key) != value}
            known |= news
            seen = {message["id"]: message for message in view.messages(house)}
            changed = [message for key, message in seen.items() if shown.get(key) != message]
            gone = [key for key in shown if key not in seen]
            shown = seen
            if changed:
                news["messages"] = changed
            if gone:
                news["gone"] = gone
            if news and self._outbox.qsize() < MOST_WAITING:
                self._tell(news)
            await asyncio.sleep(LOOK)
