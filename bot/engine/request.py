"""One request on the wire: streamed out, streamed in, aborted when it stalls."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import httpx2
import openai
from openai import AsyncOpenAI

from bot.engine.faults import error_in, fault_of, no_answer
from bot.engine.request_body import RequestBody
from bot.engine.sse import MAX_EVENT_BYTES, EventParser, ServerEvent
from bot.engine.stream import Assembly
from bot.engine.transport import SENT_TWICE
from bot.types import AudioDelta, TextDelta

MAX_WORK_SECONDS = 0.005
"""Of the event loop's time, for one answer at once."""
DECODER_POLL_SECONDS = 0.005


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


class AnswerReader:
    """Bytes of a response's body -> the chunks in it: those of a stream, or one whole answer as JSON."""

    def __init__(self) -> None:
        self._start = b""
        self._whole: bytearray | None = None
        self._events: EventParser | None = None

    def feed(self, part: bytes) -> list[ServerEvent]:
        """Return the chunks that this completes. Raises ValueError when one is too long, ModelFault for a web page."""
        if self._events:
            return self._events.feed(part)
        if self._whole is None:
            self._start += part
            start = self._start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
            if not start and len(self._start) < 4096:
                return []
            part, self._start = self._start, b""
            if start == b"<":
                raise no_answer(start)
            if start not in (b"{", b"["):
                self._events = EventParser()
                return self._events.feed(part)
            self._whole = bytearray()
        self._whole += part
        if len(self._whole) > MAX_EVENT_BYTES:
            raise ValueError("answer too long")
        return []

    def end(self) -> list[ServerEvent]:
        """Return the last chunk. Raises ModelFault if there was nothing at all."""
        if self._whole is not None:
            return [ServerEvent(bytes(self._whole)), ServerEvent(b"[DONE]")]
        if self._events is None:
            raise no_answer(self._start)
        return self._events.end()


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
        assembly.sent_twice = bool(response.extensions.get(SENT_TWICE))
        reader = AnswerReader()
        received = response.aiter_bytes()
        while True:
            # Not around the yields below: our consumer's time does not count against the server.
            async with asyncio.timeout_at(min(due, end + assembly.seconds)):
                part = await anext(received, None)
            worked_since = loop.time()
            for chunk in reader.feed(part) if part is not None else reader.end():
                if chunk.data.startswith(b"[DONE]"):
                    async for event in _rest(assembly, assembly.end()):
                        yield event
                    await _drain(received, deadlines.drain)
                    return
                before = assembly.received, len(assembly.text)
                for event in assembly.feed(chunk_of(chunk)):
                    yield event
                    if loop.time() - worked_since > MAX_WORK_SECONDS:
                        await asyncio.sleep(0)
                        worked_since = loop.time()
                if (assembly.received or text_only) and before != (assembly.received, len(assembly.text)):
                    due = loop.time() + deadlines.gap
                if loop.time() - worked_since > MAX_WORK_SECONDS:
                    await asyncio.sleep(0)
                    worked_since = loop.time()
            if part is None or assembly.full:
                async for event in _rest(assembly, assembly.rest()):
                    yield event
                return
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, RecursionError) as error:
        fault = fault_of(error)
        if loop.time() >= end:
            fault.wait = None
        raise fault from None
    finally:
        assembly.close()
        if response is not None:
            await response.aclose()


async def _post(client: AsyncOpenAI, body: RequestBody) -> httpx2.Response:
    """Send a request and return the open response: we read it, not the SDK."""
    response = await client.post(
        "/chat/completions",
        cast_to=httpx2.Response,
        content=body,
        options={"headers": {"Content-Length": str(len(body)), "Content-Type": "application/json"}},
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )
    return cast(httpx2.Response, response)


def chunk_of(event: ServerEvent) -> object:
    """Parse one chunk; return it unparsed if it is not JSON. Raises ModelFault for an error within the answer."""
    try:
        chunk = json.loads(event.data)
    except (ValueError, RecursionError):
        chunk = event.data
    if fault := error_in(chunk, event.name):
        raise fault
    return chunk


async def _rest(
    assembly: Assembly, events: Iterator[TextDelta | AudioDelta]
) -> AsyncGenerator[TextDelta | AudioDelta, None]:
    """Yield the last events, once the decoder is through."""
    for event in events:
        yield event
    while assembly.busy:
        await asyncio.sleep(DECODER_POLL_SECONDS)
        for event in assembly.rest():
            yield event


async def _drain(received: AsyncIterator[bytes], timeout: float) -> None:
    """Read a finished response to its end."""
    try:
        async with asyncio.timeout(timeout):
            async for _ in received:
                pass
    except (TimeoutError, httpx2.HTTPError):
        return
