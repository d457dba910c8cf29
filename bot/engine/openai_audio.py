"""The audio chat model over `/chat/completions`, streamed."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, fields
from typing import Any, cast

import httpx2
import openai
import structlog
from openai import AsyncOpenAI

from bot.engine.body import Body
from bot.engine.breaker import Breaker
from bot.engine.dialects import Dialect, dialect_of
from bot.engine.faults import Fault, classify, fault_of
from bot.engine.prompt import Prompt, compose
from bot.engine.sse import EventParser
from bot.engine.stream import Assembly, Outcome
from bot.engine.window import Window
from bot.errors import BotError, HistoryExpired, Incomplete, ModelUnavailable
from bot.types import AudioDelta, ReplyDone, ReplyEvent, ReplyRequest, TextDelta, Usage

DEAD_IDS = 512
"""Audio ids the server refused, remembered so that they are not tried again."""
MOST_TOKENS = 2048
"""Of one answer; about 90 seconds of speech."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a request is given up."""

    first: float = 8.0
    "to the first sound, or the first word of a written answer; for each attempt"
    gap: float = 6.0
    "between two pieces of an answer"
    whole: float = 60.0
    "for everything, retries included"
    drain: float = 0.25
    "for the end of the response after [DONE], so that its connection can be used again"


@dataclass(frozen=True, slots=True)
class ModelState:
    """What the server says of a model."""

    available: bool
    shutdown_date: str | None = None
    "ISO date, if the model's end is announced"


class OpenAIEngine:
    """Streams replies of an OpenAI-compatible audio chat model (port `Engine`).

    Requests share one long-lived client, whose owner closes it. A request is sent again once, and only while nothing of
    it was heard; words are kept back until the first sound for that reason.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        model: str,
        dialect: Dialect | None = None,
        clock: Callable[[], float] = time.time,
        deadlines: Deadlines | None = None,
        window: Window | None = None,
        breaker: Breaker | None = None,
        log: Any = None,
    ) -> None:
        self.model = model
        self.breaker = breaker or Breaker()
        self._client = client
        self._dialect = dialect or dialect_of(str(client.base_url))
        self._clock = clock
        self._deadlines = deadlines or Deadlines()
        self._window = window or Window()
        self._log = log or structlog.get_logger("engine")
        self._dead_ids: OrderedDict[str, None] = OrderedDict()

    @property
    def fault(self) -> BotError | None:
        """What only the operator can end (key, credit); while it stands, send nothing that nobody asked for."""
        return self.breaker.fault

    def estimate(self, request: ReplyRequest) -> Usage:
        """Say what a reply will likely use."""
        return self._compose(request).expected

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; closing the iterator aborts the request at once.

        Raises EngineError, or BadAudio. When something was paid for before that, a ReplyDone with complete=False comes
        first.
        """
        text_only = request.room.text_only
        end = asyncio.get_running_loop().time() + self._deadlines.whole
        spent, discarded = Usage(), 0
        healed = retried = reasked = False
        while True:
            prompt = self._compose(request, use_ids=not healed)
            assembly = Assembly(self._dialect.rate)
            kept: list[ReplyEvent] = []
            fault: Fault | None = None
            try:
                async with aclosing(self._attempt(prompt, request, assembly, end)) as events:
                    async for event in events:
                        kept.append(event)
                        if text_only or assembly.seconds:
                            for ready in kept:
                                yield ready
                            kept.clear()
                outcome = assembly.outcome(text_only=text_only)
            except Fault as raised:
                fault, outcome = raised, Outcome.CUT

            begun = bool(assembly.seconds or (text_only and assembly.text))
            used, estimated = assembly.usage(prompt.expected)
            paid = fault is None or begun or bool(assembly.text)
            if fault is None and outcome in (Outcome.COMPLETE, Outcome.PARTIAL, Outcome.TEXT_ONLY):
                self.breaker.succeeded()
                if outcome is Outcome.TEXT_ONLY and not reasked:
                    reasked, spent, discarded = True, _sum(spent, used), discarded + 1
                    continue
                for ready in kept:
                    yield ready
                yield ReplyDone(
                    usage=_sum(spent, used),
                    estimated=estimated,
                    audio_id=assembly.audio_id if assembly.seconds else None,
                    expires_at=assembly.expires_at,
                    complete=outcome is not Outcome.PARTIAL,
                    discarded=discarded,
                )
                return
            if fault is None:
                fault = Fault(Incomplete(outcome.value), 0.0)
            if paid:
                spent = _sum(spent, used)
            if not begun:
                if isinstance(fault.error, HistoryExpired) and prompt.audio_ids and not healed:
                    healed = True
                    self._bury(prompt.audio_ids)
                    continue
                if fault.wait is not None and not retried:
                    retried, discarded = True, discarded + paid
                    self._log.info("engine.retry", reason=str(fault.error))
                    # A server that does not know an id may answer anything, so the second request has none.
                    healed = True
                    await asyncio.sleep(fault.wait)
                    continue
            self.breaker.failed(fault.error)
            if spent != Usage():
                yield ReplyDone(usage=spent, estimated=True, complete=False, discarded=discarded)
            raise fault.error

    async def check_model(self) -> ModelState:
        """Ask the server about the model.

        Raises EngineError when the server does not answer or refuses the key.
        """
        try:
            found = await self._client.get(f"/models/{self.model}", cast_to=object)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            fault = fault_of(error)
            self.breaker.failed(fault.error)
            if isinstance(fault.error, ModelUnavailable):
                return ModelState(available=False)
            raise fault.error from None
        date = found.get("shutdown_date") if isinstance(found, dict) else None
        return ModelState(available=True, shutdown_date=date if isinstance(date, str) else None)

    async def warm(self) -> None:
        """Open the connection ahead of need; never raises."""
        try:
            await self.check_model()
        except BotError as error:
            self._log.info("engine.cold", reason=str(error))

    async def aclose(self) -> None:
        """Nothing of its own to close: the client belongs to who built it."""

    def _compose(self, request: ReplyRequest, *, use_ids: bool = True) -> Prompt:
        return compose(
            request,
            now=self._clock(),
            dead_ids=self._dead_ids,
            use_ids=use_ids and self._dialect.ids,
            window=self._window,
            data_prefix=self._dialect.data_prefix,
        )

    def _payload(self, prompt: Prompt, request: ReplyRequest) -> dict[str, object]:
        room = request.room
        payload: dict[str, object] = {
            "model": self.model,
            "messages": prompt.messages,
            "modalities": ["text"] if room.text_only else ["text", "audio"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": min(MOST_TOKENS, round(room.max_seconds * 24) + 64),
        }
        if not room.text_only:
            payload["audio"] = {"voice": room.voice, "format": self._dialect.audio_format}
        if self._dialect.official:
            payload["store"] = False
        return payload

    async def _attempt(
        self, prompt: Prompt, request: ReplyRequest, assembly: Assembly, end: float
    ) -> AsyncGenerator[TextDelta | AudioDelta, None]:
        """Send one request and yield what comes. Raises Fault."""
        loop = asyncio.get_running_loop()
        limits = self._deadlines
        due = loop.time() + limits.first
        body = Body(self._payload(prompt, request))
        response: httpx2.Response | None = None
        try:
            async with asyncio.timeout_at(min(due, end)):
                response = await self._post(body)
            parser = EventParser()
            received = response.aiter_bytes()
            while True:
                async with asyncio.timeout_at(min(due, end)):
                    part = await anext(received, None)
                for data in parser.feed(part) if part is not None else parser.end():
                    if data.startswith(b"[DONE]"):
                        for event in assembly.end():
                            yield event
                        await _drain(received, limits.drain)
                        return
                    for event in assembly.feed(_chunk(data)):
                        if isinstance(event, AudioDelta) or assembly.seconds or request.room.text_only:
                            due = loop.time() + limits.gap
                        yield event
                if part is None:
                    return
        except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
            fault = fault_of(error)
            raise Fault(fault.error, None if loop.time() >= end else fault.wait) from None
        finally:
            if response is not None:
                await response.aclose()

    async def _post(self, body: Body) -> httpx2.Response:
        """Send a request; the SDK hands out the open response, as the answer is read by this room's own parser."""
        response = await self._client.post(
            "/chat/completions",
            cast_to=httpx2.Response,
            content=body,
            options={"headers": {"Content-Length": str(len(body)), "Content-Type": "application/json"}},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        return cast(httpx2.Response, response)

    def _bury(self, ids: tuple[str, ...]) -> None:
        for name in ids:
            self._dead_ids[name] = None
        while len(self._dead_ids) > DEAD_IDS:
            self._dead_ids.popitem(last=False)


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


def _sum(left: Usage, right: Usage) -> Usage:
    return Usage(*(getattr(left, field.name) + getattr(right, field.name) for field in fields(Usage)))
