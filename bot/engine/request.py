"""One request on the wire: streamed out, streamed in, aborted when it stalls."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import cast

import httpx2
import openai
from openai import AsyncOpenAI

from bot.engine.faults import classify, fault_of
from bot.engine.request_body import RequestBody
from bot.engine.sse import EventParser
from bot.engine.stream import Assembly
from bot.types import AudioDelta, TextDelta


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a request is aborted."""

    first: float = 8.0
    "per attempt: to the first sound, or to the first word of a text answer"
    gap: float = 6.0
    "between two parts of an answer"
    whole: float = 60.0
    "in total, with retries; received sound extends it, so a long answer is not cut while it streams"
    drain: float = 0.25
    "for the end of the response after [DONE], which frees the connection for reuse"


async def request_chunks(
    client: AsyncOpenAI,
    payload: Mapping[str, object],
    assembly: Assembly,
    deadlines: Deadlines,
    *,
    text_only: bool,
    end: float,
) -> AsyncGenerator[TextDelta | AudioDelta, None]:
    """Send a chat request, feed the answer to `assembly` and yield what it adds.

    `end` is the deadline of the whole turn on the event loop's clock. Closing the generator aborts the request.
    Raises ModelFault.
    """
    loop = asyncio.get_running_loop()
    due = loop.time() + deadlines.first
    response: httpx2.Response | None = None
    try:
        async with asyncio.timeout_at(min(due, end)):
            response = await _post(client, RequestBody(payload))
        parser = EventParser()
        received = response.aiter_bytes()
        while True:
            # Not around the yields below: our consumer's time does not count against the server.
            async with asyncio.timeout_at(min(due, end + assembly.seconds)):
                part = await anext(received, None)
            for data in parser.feed(part) if part is not None else parser.end():
                if data.startswith(b"[DONE]"):
                    for event in assembly.end():
                        yield event
                    await _drain(received, deadlines.drain)
                    return
                for event in assembly.feed(_chunk(data)):
                    if assembly.seconds or text_only:
                        due = loop.time() + deadlines.gap
                    yield event
            if part is None or assembly.full:
                return
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
        fault = fault_of(error)
        if loop.time() >= end:
            fault.wait = None
        raise fault from None
    finally:
        if response is not None:
            await response.aclose()


async def _post(client: AsyncOpenAI, body: RequestBody) -> httpx2.Response:
    """Send a request and return the open response: EventParser reads it, not the SDK."""
    response = await client.post(
        "/chat/completions",
        cast_to=httpx2.Response,
        content=body,
        options={"headers": {"Content-Length": str(len(body)), "Content-Type": "application/json"}},
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )
    return cast(httpx2.Response, response)


def _chunk(data: bytes) -> object:
    """Parse one chunk; return it unparsed if it is not JSON. Raises ModelFault for an error within the stream."""
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if isinstance(chunk, dict) and chunk.get("error"):
        raise classify(None, chunk)
    return chunk


async def _drain(received: AsyncIterator[bytes], timeout: float) -> None:
    """Read a finished response to its end."""
    try:
        async with asyncio.timeout(timeout):
            async for _ in received:
                pass
    except (TimeoutError, httpx2.HTTPError):
        return
