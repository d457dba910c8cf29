"""The audio chat model: one turn in, one reply out, whatever happens on the way."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
import structlog
from openai import AsyncOpenAI

from bot.engine.attempt import Deadlines, attempt
from bot.engine.audio_ids import AudioIds
from bot.engine.breaker import Breaker
from bot.engine.course import Course
from bot.engine.dialects import Dialect, dialect_of
from bot.engine.faults import Fault, fault_of
from bot.engine.prompt import Prompt, compose
from bot.engine.stream import Assembly, Outcome
from bot.engine.window import Window
from bot.errors import BotError, HistoryExpired, Incomplete, ModelUnavailable
from bot.types import ReplyEvent, ReplyRequest, Usage

MOST_TOKENS = 2048
"""Of one answer; about 90 seconds of speech."""
TOKENS_PER_SECOND = 25
"""Of an answer: 20 of sound, and its words."""


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
        self._ids = AudioIds(wanted=self._dialect.ids, trusted=self._dialect.official)

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
        end = asyncio.get_running_loop().time() + self._deadlines.whole
        text_only = request.room.text_only
        course = Course(text_only=text_only)
        while True:
            prompt = self._compose(request, use_ids=course.use_ids)
            assembly = Assembly(self._dialect.rate, longest=request.room.max_seconds)
            course.begin(prompt, assembly)
            kept: list[ReplyEvent] = []
            fault: Fault | None = None
            try:
                events = attempt(
                    self._client,
                    self._payload(prompt, request),
                    assembly,
                    self._deadlines,
                    text_only=text_only,
                    end=end,
                )
                async with aclosing(events):
                    async for event in events:
                        kept.append(event)
                        if course.audible:
                            while kept:
                                yield kept.pop(0)
            except Fault as raised:
                fault = raised

            outcome = assembly.outcome(text_only=text_only) if fault is None else Outcome.CUT
            if fault is None and outcome not in (Outcome.CUT, Outcome.EMPTY):
                self._worked(prompt, assembly)
                if outcome is Outcome.TEXT_ONLY and course.ask_for_sound():
                    continue
                for event in kept:
                    yield event
                yield course.done(complete=outcome is not Outcome.PARTIAL)
                return

            filtered = assembly.finish == "content_filter"
            fault = fault or Fault(Incomplete(assembly.finish or outcome.value), None if filtered else 0.0)
            if self._heal(fault, prompt, course) or await self._again(fault, course):
                continue
            self.breaker.failed(fault.error)
            done = course.done(complete=False)
            if done.usage != Usage():
                yield done
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
            dead_ids=self._ids,
            use_ids=use_ids and self._ids.usable,
            window=self._window,
            data_prefix=self._dialect.data_prefix,
        )

    def _payload(self, prompt: Prompt, request: ReplyRequest) -> dict[str, object]:
        room = request.room
        options = {"include_usage": True}
        payload: dict[str, object] = {
            "model": self.model,
            "messages": prompt.messages,
            "modalities": ["text"] if room.text_only else ["text", "audio"],
            "stream": True,
            "stream_options": options,
            "max_completion_tokens": min(MOST_TOKENS, 64 + round(room.max_seconds * TOKENS_PER_SECOND)),
        }
        if not room.text_only:
            payload["audio"] = {"voice": room.voice, "format": self._dialect.audio_format}
        if self._dialect.official:
            payload["store"] = False
            options["include_obfuscation"] = False
        return payload

    def _worked(self, prompt: Prompt, assembly: Assembly) -> None:
        self.breaker.succeeded()
        if prompt.audio_ids:
            self._ids.accepted()
        if assembly.audio_id and assembly.seconds:
            self._ids.given(assembly.audio_id)

    def _heal(self, fault: Fault, prompt: Prompt, course: Course) -> bool:
        """Ask again without audio ids when the server no longer knows them; people never learn of it."""
        # Some servers do not say that an id is unknown, they break over it.
        broke_over_it = (fault.status or 0) >= 500 and not self._dialect.official and not course.retried
        if course.audible or not prompt.audio_ids or not (isinstance(fault.error, HistoryExpired) or broke_over_it):
            return False
        self._ids.refused(prompt.audio_ids)
        course.use_ids = False
        course.retried = course.retried or broke_over_it
        return True

    async def _again(self, fault: Fault, course: Course) -> bool:
        """Wait and say yes when the request may be sent once more."""
        if fault.wait is None or course.audible or course.retried or self.breaker.fault:
            return False
        course.retried = True
        course.discard()
        self._log.info("engine.retry", reason=str(fault.error))
        await asyncio.sleep(fault.wait)
        return True
