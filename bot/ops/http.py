"""Health and metrics over HTTP: /livez, /readyz, /metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.errors import StartError


def application(ready: Callable[[], bool], registry: CollectorRegistry) -> web.Application:
    """Build the three pages: `ready` says whether people can use the bot now."""

    async def livez(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ready\n") if ready() else web.Response(text="not ready\n", status=503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/livez", livez)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


@asynccontextmanager
async def serving(host: str, port: int, ready: Callable[[], bool], registry: CollectorRegistry) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port, which port 0 leaves to the system.

    Raises StartError when the port cannot be had.
    """
    runner = web.AppRunner(application(ready, registry), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartError(
                f"{host}:{port}: {error.strerror}", hint="HTTP_PORT is taken or not allowed. Choose another one."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
