"""One request on the wire: sent while it is made, read while it comes, given up when it stalls."""

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
    """Seconds until a request is given up."""

    first: float = 8.0
    "to the first sound, or the first word of a written answer; for each attempt"
    gap: float = 6.0
    "between two pieces of an answer"
    whole: float = 60.0
    "for everything, retries included; the sound that came is added, so that no long answer is cut while it flows"
    drain: float = 0.25
    "for the end of the response after [DONE], so that its connection can be used again"


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

    `end` is when the whole turn is over, on the event loop's clock. Closing the generator aborts the request.
    Raises Fault.
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
            # Not around the yields below: the time our consumer takes is not the server's.
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
    """Send a request; the SDK hands out the open response, as the answer is read by this room's own parser."""
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
    """Read one chunk; what is no JSON comes back as it is. Raises Fault for an error within the stream."""
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if isinstance(chunk, dict) and chunk.get("error"):
        raise classify(None, chunk)
    return chunk


async def _drain(received: AsyncIterator[bytes], patience: float) -> None:
    """Read to the end of a response that has said all."""
    try:
        async with asyncio.timeout(patience):
            async for _ in received:
                pass
    except (TimeoutError, httpx2.HTTPError):
        return
