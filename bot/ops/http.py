"""Health and metrics over HTTP: /livez, /readyz, /metrics.

A hot spare is not ready, because people cannot use it. A rolling update, as in Kubernetes, must not wait for it:
/readyz?spare=ok counts it as ready.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.errors import StartError


async def _starting() -> str | None:
    return "starting"


@dataclass(slots=True)
class HttpPages:
    """What the pages show; each part is set once it exists."""

    trouble: Callable[[], str | None] = lambda: None
    "what is stuck, None while the process lives"
    unready: Callable[[], Awaitable[str | None]] = _starting
    "why people cannot use the bot now"
    standby: bool = False
    "it waits for work as a hot spare"
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)


def application(pages: HttpPages) -> web.Application:
    """Build the three pages."""

    async def livez(_: web.Request) -> web.Response:
        trouble = pages.trouble()
        return web.Response(text=f"{trouble or 'ok'}\n", status=503 if trouble else 200)

    async def readyz(request: web.Request) -> web.Response:
        if pages.standby and request.query.get("spare") == "ok":
            return web.Response(text="spare\n")
        unready = await pages.unready()
        return web.Response(text=f"{unready or 'ready'}\n", status=503 if unready else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(pages.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/livez", livez)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


@asynccontextmanager
async def serving(host: str, port: int, pages: HttpPages) -> AsyncIterator[int]:
    """Serve while the context lasts; yield the port (0 lets the system choose one).

    Raises StartError when the port is not available.
    """
    runner = web.AppRunner(application(pages), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartError(
                f"{host}:{port}: {error.strerror}",
                hint="HTTP_HOST is not of this machine, or HTTP_PORT is taken or not allowed.",
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
