"""Waits for a request to Discord no longer than people would, but never cancels it.

discord.py sends nothing more after a request that is cancelled while it waits for the global rate limit: the lock that
holds up all others is never released.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp
import discord

REQUEST_ERRORS = (discord.DiscordException, OSError, aiohttp.ClientError, ValueError)
"""What a request may raise: a refusal, a broken connection, or an answer that is not what it claims to be."""
_Result = TypeVar("_Result")


async def within(seconds: float, request: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what a request returns. Raises what it raises, and TimeoutError if it is late: it then runs on."""
    task = asyncio.create_task(request)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be waiting any more
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        raise TimeoutError
    return task.result()
