"""What a request to Discord may end in, and how to wait for one.

Between the bot and Discord stand proxies and Cloudflare's edge. They answer in their own words: 429 and 5xx without
JSON, bans as a web page, connections that break. discord.py waits out some of that by itself (500, 502, 504 for 25 s,
429 with JSON and `Via` as long as it says) and raises the rest at once; what it would take for Discord's own words and
stumble over is UnreadableAnswer. Answers to commands have no queue, as a call's lines have: PatientAnswers waits.
"""

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp
import discord
import structlog
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

log = structlog.get_logger(__name__)

REQUEST_ERRORS = (discord.DiscordException, OSError, aiohttp.ClientError, ValueError, KeyError)
"""What a request may raise: a refusal, a broken connection, or an answer that is not what it claims to be."""
EDGE_RETRY_DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0, 10.0)
"""Between attempts while Discord cannot be reached; the last one repeats. Discord bans an address for 10,000 refused
requests in ten minutes, so 150 calls may try at once.
"""
MAX_RETRY_AFTER_SECONDS = 900.0
"""Longest wait that a Retry-After header is believed."""
NONCE_BITS = 64
"""Size of a message's nonce. Discord posts a message once for each nonce, within some minutes."""
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=300.0, sock_connect=10.0, sock_read=20.0)
"""For each request, in seconds: an answer that has not begun 20 s after the request was sent does not come any more."""
MAX_ANSWER_WAIT_SECONDS = 60.0
"""How long what answers a command or a button waits for the edge to let it through, all in all."""
MAX_FIRST_ANSWER_WAIT_SECONDS = 2.0
"""The same for the first response to it: Discord takes none after 3 s."""
PUT_AWAY_SECONDS = 3.0
START_ATTEMPTS = 3
"""Times that a request of the start is sent, if there is no answer."""
_CHAT_GONE_CODES = {10003, 50001, 50083, 160005}
"""Discord's JSON error codes: Unknown Channel, Missing Access, This thread is archived (a message would reopen it,
unless it is locked), Thread is locked."""
_MESSAGE_GONE_CODES = {10008, 50083}
"""Unknown Message, This thread is archived."""
_Result = TypeVar("_Result")


class UnreadableAnswer(aiohttp.ClientError):
    """Something else answered in Discord's place."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        super().__init__(f"{response.status} {response.content_type}")
        self.response = response


async def refuse_unreadable(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Raise UnreadableAnswer for an answer of the API that only looks like Discord's (aiohttp's middleware).

    discord.py takes whatever comes with 2xx for what it asked for, and looks into a 429 with `Via` for the time to
    wait: a web page makes it raise TypeError.
    """
    response = await send(request)
    judged = response.status // 100 == 2 or response.status == 429
    if judged and str(request.url).startswith(Route.BASE) and not _is_discords(response.status, await response.read()):
        response.release()
        raise UnreadableAnswer(response)
    return response


def _is_discords(status: int, body: bytes) -> bool:
    if status != 429 and not body:
        return True
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    if status == 429:
        return isinstance(answer, dict) and isinstance(answer.get("retry_after"), int | float)
    return isinstance(answer, dict | list)


class PatientAnswers(AsyncWebhookAdapter):
    """What discord.py answers interactions with, which sends anew what Discord's edge did not let through.

    What may have been carried out, because only its answer was lost, is not posted a second time.
    """

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        send, sent = functools.partial(super().request, route, session, **options), False

        async def send_whole() -> Any:
            nonlocal sent
            for file in (options.get("files") or ()) if sent else ():
                file.reset()  # discord.py does so only for its own attempts: the second would bring an empty file
            sent = True
            return await send()

        seconds = MAX_FIRST_ANSWER_WAIT_SECONDS if route.path.startswith("/interactions/") else MAX_ANSWER_WAIT_SECONDS
        return await _again_and_again(seconds, send_whole, repeatable=route.method != "POST")


def limit_requests(client: discord.Client, starting: Callable[[], bool]) -> None:
    """Let no request wait longer than REQUEST_TIMEOUT, and take no answer for Discord's that is not; call before the
    login.

    While `starting`, a request that got no answer in time is sent again, for those of the start may be sent twice.
    discord.py offers no setting for it: its session waits for aiohttp's 300 s, and a channel's lines behind it. A
    WebSocket has no such limit once it is open.
    """
    send = client.http.request

    async def request(route: Route, **options: Any) -> Any:
        session = client.http._HTTPClient__session  # type: ignore[attr-defined]
        session._timeout, session._middlewares = REQUEST_TIMEOUT, (refuse_unreadable,)
        attempts = START_ATTEMPTS if starting() else 1
        for attempt in range(1, attempts):
            with suppress(TimeoutError):
                return await send(route, **options)
            log.warning("discord_unanswered", request=f"{route.method} {route.path}", attempt=attempt, of=attempts)
        return await send(route, **options)

    client.http.request = request
    async_context.set(PatientAnswers())  # for what is started from here, such as the client's events


def is_chat_gone(error: BaseException) -> bool:
    """Whether nothing can be written in a chat any more: it was deleted, closed, or is hidden from the bot."""
    return isinstance(error, discord.HTTPException) and error.code in _CHAT_GONE_CODES


def is_message_gone(error: BaseException) -> bool:
    """Whether a message cannot be edited any more: it was deleted, or its thread is archived until somebody writes."""
    return isinstance(error, discord.HTTPException) and error.code in _MESSAGE_GONE_CODES


def is_edge_fault(error: BaseException) -> bool:
    """Whether it was not Discord that refused: the request never reached it, or its answer was lost or withheld.

    Discord's own refusals are JSON with a code above 0.
    """
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500 or error.code == 0
    return isinstance(error, (discord.RateLimited, OSError, aiohttp.ClientError, ValueError, KeyError))


def is_forbidden(error: BaseException) -> bool:
    """Whether Discord says that the bot may not do it; a ban by the edge looks like it."""
    return isinstance(error, discord.Forbidden) and not is_edge_fault(error)


def is_turned_away(error: BaseException) -> bool:
    """Whether the edge certainly kept a request from Discord: a rate limit, or a ban."""
    if isinstance(error, UnreadableAnswer):
        return error.response.status == 429
    return isinstance(error, discord.HTTPException) and (error.status == 429 or (error.status, error.code) == (403, 0))


def retry_delay(attempt: int, error: BaseException) -> float:
    """Return how many seconds to wait after a failed attempt (0: the first), at least as long as the edge asks for."""
    delay = EDGE_RETRY_DELAYS_SECONDS[min(attempt, len(EDGE_RETRY_DELAYS_SECONDS) - 1)]
    if isinstance(error, discord.RateLimited):
        return max(delay, error.retry_after)
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    with suppress(ValueError):  # it may be a date
        delay = max(delay, min(float(headers.get("Retry-After", 0.0)), MAX_RETRY_AFTER_SECONDS))
    return delay


async def insist(
    seconds: float, request: Callable[[], Coroutine[Any, Any, _Result]], *, repeatable: bool = False
) -> _Result:
    """Like `within`, for a request that is made anew while Discord's edge does not let it through.

    `repeatable`: it may be made twice. Another one is only made anew if the first certainly did nothing.
    """
    until = asyncio.get_running_loop().time() + seconds
    send = lambda: within(max(until - asyncio.get_running_loop().time(), 0.0), request())  # noqa: E731
    return await _again_and_again(seconds, send, repeatable=repeatable)


async def _again_and_again(
    seconds: float, send: Callable[[], Coroutine[Any, Any, _Result]], *, repeatable: bool
) -> _Result:
    now = asyncio.get_running_loop().time
    until, attempt = now() + seconds, 0
    while True:
        try:
            return await send()
        except REQUEST_ERRORS as error:
            delay = retry_delay(attempt, error)
            broken = is_edge_fault(error) and getattr(error, "status", 500) >= 500
            if not (is_turned_away(error) or (broken and repeatable)) or now() + delay >= until:
                raise
            log.info("sent_anew", status=getattr(error, "status", None), error=type(error).__name__)
        await asyncio.sleep(delay)
        attempt += 1


async def put_away(thread: discord.Thread) -> None:
    """Archive an own thread that was opened in vain: to delete it would take Manage Threads."""
    with suppress(*REQUEST_ERRORS):
        await within(PUT_AWAY_SECONDS, thread.edit(archived=True))


async def within(seconds: float, request: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what a request returns. Raises what it raises, and TimeoutError if it is late: it then runs on.

    It is not cancelled: discord.py sends nothing more after a request that is cancelled while it waits for the global
    rate limit, because the lock that holds up all others is never released.
    """
    task = asyncio.create_task(request)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be waiting any more
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        raise TimeoutError
    return task.result()
