"""The local web server: the page, its socket and its files, for this machine and whoever knows the address only."""

import asyncio
import hmac
import logging
import os
import secrets
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from rich.console import Console

from bot.app import stop_on_signals
from sandbox.playground.backend import PlaygroundBackend, open_backend
from sandbox.playground.requests import LARGEST, PageRequests, Uploads
from sandbox.playground.session import PageSession

PAGE = Path(__file__).parent / "page"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
MOST_MESSAGE = 256 * 1024
"""Bytes of one message of the page."""
TAKEN_OVER = 4001
"""Close code for a page whose place another one has taken."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(slots=True)
class Door:
    """Where the page is reached, and who is behind it now."""

    house: PlaygroundBackend
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    port: int = 0
    uploads: Uploads = field(default_factory=Uploads)
    current: web.WebSocketResponse | None = None
    free: asyncio.Lock = field(default_factory=asyncio.Lock)
    "held by the page that is served"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.secret}/"

    def admits(self, request: web.Request) -> bool:
        """Say whether a request comes from this machine's own page.

        The Host is checked against DNS rebinding, the Origin against other sites' scripts.
        """
        hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        if request.headers.get("Host") not in hosts:
            return False
        asks = request.method != "GET" or request.headers.get("Upgrade", "").lower() == "websocket"
        origin = request.headers.get("Origin")
        if (asks or origin is not None) and origin not in [f"http://{host}" for host in hosts]:
            return False
        given = request.path.split("/")[1]
        return hmac.compare_digest(given.encode(), self.secret.encode())


@asynccontextmanager
async def serving(house: PlaygroundBackend) -> AsyncIterator[Door]:
    """Serve the page on a free port of 127.0.0.1."""
    door = Door(house)
    application = web.Application(client_max_size=LARGEST, middlewares=[_guard(door)])
    application.router.add_get("/{secret}/", _page)
    application.router.add_get("/{secret}/page/{name}", _page)
    application.router.add_get("/{secret}/socket", _socket(door))
    application.router.add_get("/{secret}/files/{id:\\d+}", _file(door))
    application.router.add_post("/{secret}/upload", _upload(door))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        door.port = runner.addresses[0][1]
        yield door
    finally:
        if door.current is not None:
            await door.current.close(code=1001)
        await runner.cleanup()


def _guard(door: Door) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not door.admits(request):
            text = "Open the link that the playground has printed."
            return web.Response(status=403, text=text, headers=HEADERS)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


async def _page(request: web.Request) -> web.Response:
    name = request.match_info.get("name", "index.html")
    kind = KINDS.get(Path(name).suffix)
    path = PAGE / name
    if kind is None or "/" in name or "\\" in name or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), headers={"Content-Type": kind})


def _file(door: Door) -> Handler:
    """Attachments, by their id."""

    async def file(request: web.Request) -> web.Response:
        found = door.house.sandbox.parts.cdn.files.get(int(request.match_info["id"]))
        if found is None:
            raise web.HTTPNotFound
        playable = found.content_type.startswith("audio/")
        headers = {"Content-Type": found.content_type if playable else "application/octet-stream"}
        return web.Response(body=found.data, headers=headers)

    return file


def _upload(door: Door) -> Handler:
    async def upload(request: web.Request) -> web.Response:
        name = Path(request.query.get("name", "")).name or "file"
        return web.json_response({"file": door.uploads.add(name, await request.read())})

    return upload


def _socket(door: Door) -> Handler:
    async def socket(request: web.Request) -> web.WebSocketResponse:
        made = web.WebSocketResponse(max_msg_size=MOST_MESSAGE, timeout=1.0, heartbeat=20.0, compress=False)
        await made.prepare(request)
        if door.current is not None and not door.current.closed:
            await made.send_json({"taken": True})
            answer = await made.receive()  # the page asks to take over, or goes
            if answer.type is not WSMsgType.TEXT:
                return made
            if door.current is not None:
                await door.current.close(code=TAKEN_OVER)
        door.current = made
        async with door.free:
            try:
                await PageSession(door.house, PageRequests(door.house, door.uploads), made).serve()
            finally:
                if door.current is made:
                    door.current = None
        return made

    return socket


async def run_playground(
    console: Console, *, stand_in: bool = False, browser: bool = True, env_file: Path | None = None
) -> None:
    """Open the playground and keep it open until SIGINT or SIGTERM.

    Raises ConfigError, and what starting the sandbox may raise.
    """
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the stand-in is hung up on whenever one interrupts
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_backend(stand_in=stand_in, env_file=env_file) as house, serving(house) as door:
        if house.live:
            console.print("The real model answers: this costs money. The page shows the sum.", markup=False)
        else:
            console.print("A stand-in answers, not an AI: it plays back what it heard. No key is needed.", markup=False)
        if house.fault:
            console.print(f"The bot has ended: {house.fault}", markup=False)
        print(f"Open {door.url}", file=console.file, flush=True)
        console.print("Ctrl-C ends it.", markup=False)
        if browser and _has_desktop():
            await asyncio.to_thread(webbrowser.open, door.url)
        await stop.wait()


def _has_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
