"""One request on the wire: streamed out, streamed in, aborted when it stalls."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import httpx2
import openai
from openai import AsyncOpenAI

from bot.engine.client import DEADLINE_TIMEOUT
from bot.engine.faults import error_in, fault_of, no_answer
from bot.engine.request_body import RequestBody
from bot.engine.sse import MAX_EVENT_BYTES, EventParser, ServerEvent
from bot.engine.stream import Assembly
from bot.engine.transport import SENT_TWICE
from bot.types import AudioDelta, TextDelta

MAX_WORK_SECONDS = 0.005
"""Of the event loop's time, for one answer at once."""
DECODER_POLL_SECONDS = 0.005
MAX_TOLD_BYTES = 2000
"""Kept of an answer that may be no stream: its words tell what is wrong."""
_NOTHING = AudioDelta(b"")
"""Of a slice of sound: time to look at the clock."""
MAX_WHOLE_LINES = 20_000
_BLANKS = b"\xef\xbb\xbf \r\n\t"
_EVENT_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
"""With which a stream of events begins."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a request is aborted."""

    first: float = 8.0
    "per attempt: to the first sound, or to the first word of a text answer"
    begun: float = 8.0
    "the same where the response's head has come: the server is alive, and may be slow"
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
        self._any = False
        "there was an event, or a comment that keeps the connection"

    def feed(self, part: bytes) -> list[ServerEvent]:
        """Return the chunks that this completes. Raises ValueError when one is too long, ModelFault for a web page."""
        if self._events:
            return self._found(self._events.feed(part))
        if self._whole is None:
            self._start += part
            start = self._start.lstrip(_BLANKS)[:1]
            if not start and len(self._start) < 4096:
                return []
            part, self._start = self._start, b""
            if start == b"<":
                raise no_answer(start)
            if start not in (b"{", b"["):
                self._events, self._start = EventParser(), part.lstrip(_BLANKS)[:MAX_TOLD_BYTES]
                return self._found(self._events.feed(part))
            self._whole = bytearray()
        self._whole += part
        if len(self._whole) > MAX_EVENT_BYTES:
            raise ValueError("answer too long")
        return []

    def end(self) -> list[ServerEvent]:
        """Return the last chunk. Raises ModelFault if there was nothing at all."""
        if self._whole is not None:
            return [*map(ServerEvent, _objects(bytes(self._whole))), ServerEvent(b"[DONE]")]
        found = self._found(self._events.end()) if self._events else []
        if not self._any and not self._start.startswith(_EVENT_FIELDS):
            raise no_answer(self._start)
        return found

    def _found(self, events: list[ServerEvent]) -> list[ServerEvent]:
        self._any |= bool(events)
        return events


def _objects(answer: bytes) -> list[bytes]:
    """Return the JSON objects of a whole answer: one, or one a line, as some servers stream (NDJSON)."""
    if answer.count(b"\n") > MAX_WHOLE_LINES:
        return [answer]
    lines = [line for line in answer.split(b"\n") if line.strip()]
    each = len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines)
    return lines if each else [answer]


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
    since = loop.time()
    due = since + deadlines.first
    response: httpx2.Response | None = None
    try:
        async with asyncio.timeout_at(min(due, end)):
            response = await _post(client, RequestBody(payload))
        due = max(due, since + deadlines.begun)
        assembly.sent_twice = bool(response.extensions.get(SENT_TWICE))
        reader = AnswerReader()
        received = response.aiter_bytes()
        while True:
            # Not around the yields below: our consumer's time does not count against the server.
            try:
                async with asyncio.timeout_at(min(due, end + assembly.seconds)):
                    part = await anext(received, None)
            except TimeoutError:
                if not assembly.writes or loop.time() < end:
                    raise
                assembly.finish = "length"  # a slow server's words, which nobody has read yet
                async for event in _rest(assembly, assembly.end()):
                    yield event
                return
            worked_since = loop.time()
            for chunk in reader.feed(part) if part is not None else reader.end():
                if chunk.data.startswith(b"[DONE]"):
                    async for event in _rest(assembly, assembly.end()):
                        yield event
                    await _drain(received, deadlines.drain)
                    return
                before = assembly.received, len(assembly.text), assembly.pieces.size, assembly.unsaid
                for event in assembly.feed(chunk_of(chunk)):
                    if event != _NOTHING:
                        yield event
                    if loop.time() - worked_since > MAX_WORK_SECONDS:
                        await asyncio.sleep(0)
                        worked_since = loop.time()
                after = assembly.received, len(assembly.text), assembly.pieces.size, assembly.unsaid
                # Words that no transcript brings: a slow server may write for long, and never speak.
                alive = text_only or assembly.received or assembly.pieces or assembly.writes or assembly.unsaid
                if alive and before != after:
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
        options={
            "headers": {"Content-Length": str(len(body)), "Content-Type": "application/json"},
            "timeout": DEADLINE_TIMEOUT,
        },
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
