"""The local web server: the page, its socket and its files. Only this machine can reach it, by a secret address."""

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

from bot.ops.stop_signals import stop_on_signals
from sandbox.playground.backend import PlaygroundBackend, open_backend
from sandbox.playground.requests import MAX_UPLOAD_BYTES, PageRequests, Uploads
from sandbox.playground.session import PageSession

PAGE_FOLDER = Path(__file__).parent / "page"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
MAX_PAGE_MESSAGE_BYTES = 256 * 1024
"""Size limit of one message from the page."""
TAKEN_OVER_CODE = 4001
"""WebSocket close code for a page that another page replaces."""
SECURITY_HEADERS = {
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
class PageEntry:
    """The page's address, and the page that is connected now."""

    backend: PlaygroundBackend
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    port: int = 0
    uploads: Uploads = field(default_factory=Uploads)
    current: web.WebSocketResponse | None = None
    page_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    "held by the page that is connected"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.secret}/"

    def allows(self, request: web.Request) -> bool:
        """Return whether a request comes from the playground's own page.

        The Host check stops DNS rebinding; the Origin check stops scripts of other sites.
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
async def serve_page(backend: PlaygroundBackend) -> AsyncIterator[PageEntry]:
    """Serve the page on a free port of 127.0.0.1."""
    entry = PageEntry(backend)
    application = web.Application(client_max_size=MAX_UPLOAD_BYTES, middlewares=[_guard(entry)])
    application.router.add_get("/{secret}/", _page)
    application.router.add_get("/{secret}/page/{name}", _page)
    application.router.add_get("/{secret}/socket", _socket(entry))
    application.router.add_get("/{secret}/files/{id:\\d+}", _file(entry))
    application.router.add_post("/{secret}/upload", _upload(entry))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        entry.port = runner.addresses[0][1]
        yield entry
    finally:
        if entry.current is not None:
            await entry.current.close(code=1001)
        await runner.cleanup()


def _guard(entry: PageEntry) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not entry.allows(request):
            text = "Open the link that the playground has printed."
            return web.Response(status=403, text=text, headers=SECURITY_HEADERS)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(SECURITY_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(SECURITY_HEADERS)
        return response

    return guard


async def _page(request: web.Request) -> web.Response:
    name = request.match_info.get("name", "index.html")
    kind = CONTENT_TYPES.get(Path(name).suffix)
    path = PAGE_FOLDER / name
    if kind is None or "/" in name or "\\" in name or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), headers={"Content-Type": kind})


def _file(entry: PageEntry) -> Handler:
    """Serve attachments by their id."""

    async def file(request: web.Request) -> web.Response:
        found = entry.backend.sandbox.parts.cdn.files.get(int(request.match_info["id"]))
        if found is None:
            raise web.HTTPNotFound
        playable = found.content_type.startswith("audio/")
        headers = {"Content-Type": found.content_type if playable else "application/octet-stream"}
        return web.Response(body=found.data, headers=headers)

    return file


def _upload(entry: PageEntry) -> Handler:
    async def upload(request: web.Request) -> web.Response:
        name = Path(request.query.get("name", "")).name or "file"
        return web.json_response({"file": entry.uploads.add(name, await request.read())})

    return upload


def _socket(entry: PageEntry) -> Handler:
    async def socket(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=MAX_PAGE_MESSAGE_BYTES, timeout=1.0, heartbeat=20.0, compress=False)
        await socket.prepare(request)
        if entry.current is not None and not entry.current.closed:
            await socket.send_json({"taken": True})
            answer = await socket.receive()  # the page asks to take over, or closes
            if answer.type is not WSMsgType.TEXT:
                return socket
            if entry.current is not None:
                await entry.current.close(code=TAKEN_OVER_CODE)
        entry.current = socket
        async with entry.page_lock:
            try:
                await PageSession(entry.backend, PageRequests(entry.backend, entry.uploads), socket).serve()
            finally:
                if entry.current is socket:
                    entry.current = None
        return socket

    return socket


async def run_playground(
    console: Console, *, stand_in: bool = False, local: bool = False, browser: bool = True, env_file: Path | None = None
) -> None:
    """Open the playground and keep it open until SIGINT or SIGTERM.

    Raises ConfigError, and whatever starting the sandbox raises.
    """
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # each barge-in closes a request to the stand-in
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with open_backend(stand_in=stand_in, local=local, env_file=env_file) as backend, serve_page(backend) as entry:
        if backend.live:
            console.print("The real model answers: this costs money. The page shows the sum.", markup=False)
        else:
            console.print("A stand-in answers, not an AI: it plays back what it heard. No key is needed.", markup=False)
        if backend.fault:
            console.print(f"The bot has ended: {backend.fault}", markup=False)
        print(f"Open {entry.url}", file=console.file, flush=True)
        console.print("Ctrl-C ends it.", markup=False)
        if browser and _has_desktop():
            await asyncio.to_thread(webbrowser.open, entry.url)
        await stop.wait()


def _has_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
