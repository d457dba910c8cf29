"""REST v10: checks every request's token and rate limit, and injects the faults that a test asked for."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from sandbox.guild.fault import RestFault, no_method, no_route, unauthorized
from sandbox.parts import SandboxParts
from sandbox.rest import application as rest_application
from sandbox.rest import channels, edge, guilds, messages, webhooks
from sandbox.rest.exchange import answer
from sandbox.rest.ratelimit import RateLimiter

API_PATH = "/api/v10"
MAX_REQUEST_BYTES = 128 * 1024 * 1024
"""Above Discord's own limits: those must answer first."""
_PATHS_WITHOUT_TOKEN = ("/interactions/", "/webhooks/", "/gateway")
"""Paths that carry their own token or need none; GET /gateway/bot is the exception and needs the bot's."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A line of the request log."""

    at: float
    "Unix seconds"
    line: str
    "METHOD /path without base, query and interaction tokens"
    status: int
    "0: not answered"


class Rest:
    """Adds Discord's routes to an aiohttp application."""

    def __init__(self, parts: SandboxParts) -> None:
        self._parts = parts
        self.limiter = RateLimiter(parts.knobs.global_limit)
        self.log: deque[LoggedRequest] = deque(maxlen=10_000)
        self.routes: list[web.RouteDef] = []
        for module in (rest_application, channels, guilds, messages, webhooks):
            self.routes += module.routes(parts)

    @staticmethod
    async def other_version(request: web.Request) -> web.StreamResponse:
        """Answer requests to another version of the API."""
        return answer(RestFault(400, 50041, "Invalid API version provided").body(), 400)

    @property
    def invalid(self) -> int:
        """Requests answered 401, 403 or 429: at 10,000 in 10 minutes Discord's edge bans an address."""
        return sum(request.status in (401, 403, 429) for request in self.log)

    def application(self) -> web.Application:
        """Return the REST part, to be mounted at API."""
        app = web.Application(middlewares=[self._middleware])
        app.add_routes(self.routes)
        return app

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(API_PATH)
        line = f"{request.method} {path}"
        if self._parts.knobs.rest_delay:
            await asyncio.sleep(self._parts.knobs.rest_delay)
        response = await self._answer(request, handler, path, line)
        self.log.append(LoggedRequest(self._parts.world.clock(), _without_token(line), response.status))
        return response

    async def _answer(self, request: web.Request, handler: Handler, path: str, line: str) -> web.StreamResponse:
        failure = edge.take(self._parts.knobs.failures, line)
        if failure is not None and not failure.after:
            return await edge.fail(failure, request)
        headers: dict[str, str] = {}
        try:
            if not self._authorized(request, path):
                raise unauthorized()
            headers, refused = self._limited(request)
            response = refused or await handler(request)
        except RestFault as fault:
            response = answer(fault.body(), fault.status)
        except web.HTTPNotFound:
            response = answer(no_route().body(), 404)
        except web.HTTPMethodNotAllowed:
            response = answer(no_method().body(), 405)
        response.headers.update(headers)
        return response if failure is None else await edge.fail(failure, request)

    def _authorized(self, request: web.Request, path: str) -> bool:
        if path.startswith(_PATHS_WITHOUT_TOKEN) and path != "/gateway/bot":
            return True
        return request.headers.get("Authorization") == f"Bot {self._parts.token}"

    def _limited(self, request: web.Request) -> tuple[dict[str, str], web.Response | None]:
        resource = request.match_info.route.resource
        if resource is None:
            return {}, None
        info = request.match_info
        major = info.get("channel_id") or info.get("guild_id") or info.get("token") or ""
        route = f"{request.method} {resource.canonical.removeprefix(API_PATH)}"
        now = asyncio.get_running_loop().time()
        verdict = self.limiter.count(route, major, now, self._parts.world.clock())
        if verdict.body is None or not self._parts.knobs.rate_limits:
            return verdict.headers, None
        return verdict.headers, answer(verdict.body, 429)


def _without_token(line: str) -> str:
    """Hide an interaction's token, which is part of the path: it must not be logged."""
    return "/".join("…" if len(part) > 40 else part for part in line.split("/"))
