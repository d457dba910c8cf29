"""What stands between a bot and Discord's API answers instead of it: Cloudflare, proxies, and broken connections.

Source: Discord's developer documentation, "Rate Limits" (Invalid Request Limit aka CloudFlare Bans); shapes as they are
reported by users of several libraries.
"""

import asyncio
import json

from aiohttp import web

from sandbox.guild.knobs import Failure

_BAN_PAGE = "<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare</title></head></html>"
_JSON = {"Content-Type": "application/json"}
_HANG_STEP_SECONDS = 0.05


def cloudflare_ban(pattern: str, *, status: int = 429, times: int = 1, retry_after: int | None = None) -> Failure:
    """The address is banned for a while: error 1015 as plain text with 429, or a page with 403."""
    body = "error code: 1015" if status == 429 else _BAN_PAGE
    headers = {"Content-Type": "text/plain; charset=UTF-8" if status == 429 else "text/html; charset=UTF-8"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Failure(pattern, status, times, body, headers=headers | {"Server": "cloudflare"})


def rate_limited(
    pattern: str, retry_after: float, *, scope: str = "user", times: int = 1, via: bool = True, code: int | None = None
) -> Failure:
    """A 429 of Discord's own, whose scope is user, shared or global. Without `via` a proxy took that header off."""
    data = {"message": "You are being rate limited.", "retry_after": retry_after, "global": scope == "global"}
    headers = _JSON | {"Retry-After": str(int(retry_after) + 1), "X-RateLimit-Scope": scope}
    if via:
        headers["Via"] = "1.1 google"
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    if code is not None:
        data["code"] = code
    return Failure(pattern, 429, times, json.dumps(data), headers=headers)


def reset(pattern: str, *, times: int = 1, after: bool = False) -> Failure:
    """The connection is cut; with `after`, once the request has been carried out."""
    return Failure(pattern, 0, times, after=after, cut=True)


def respond(failure: Failure) -> web.Response:
    """Return the response of a failure that has one."""
    response = web.Response(status=failure.status, text=failure.body)
    response.headers.update(failure.headers)
    return response


async def _hang(request: web.Request, seconds: float) -> None:
    """Answer nothing for so long, unless the client goes before."""
    over = asyncio.get_running_loop().time() + seconds
    while request.transport is not None and (left := over - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110 (aiohttp sets no event)
        await asyncio.sleep(min(left, _HANG_STEP_SECONDS))


async def fail(failure: Failure, request: web.Request) -> web.Response:
    """Answer a request as the failure says, or cut its connection."""
    await _hang(request, failure.seconds)
    if not failure.cut:
        # What is not read keeps the connection's handler waiting for 10 s, beyond the end of a test.
        async for _ in request.content.iter_any():
            pass
        return respond(failure)
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def take(failures: list[Failure], line: str) -> Failure | None:
    """Return the first failure that matches "METHOD /path", and use it up once."""
    failure = next((item for item in failures if item.matches(line)), None)
    if failure is not None:
        failure.times -= 1
    return failure
