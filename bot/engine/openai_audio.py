"""The audio chat model: one turn in, one reply out, with retries and fallbacks in between."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import structlog
from openai import AsyncOpenAI

from bot.engine.attempts import Attempts
from bot.engine.audio_ids import AudioIds
from bot.engine.breaker import Breaker
from bot.engine.client import idle_connections, silent_for
from bot.engine.connection_warmer import ConnectionWarmer
from bot.engine.dialects import Dialect, dialect_of
from bot.engine.faults import ModelFault
from bot.engine.history_window import EMPTY_WINDOW, HistoryWindow
from bot.engine.model_check import ModelState, check_model
from bot.engine.payload import payload, text_payload, with_silence
from bot.engine.prompt import Prompt, compose
from bot.engine.request import Deadlines, request_chunks
from bot.engine.stream import Assembly, StreamResult
from bot.engine.summary import Summaries
from bot.engine.summing import Summing
from bot.engine.tool_calls import may_call
from bot.errors import BadRequest, BotError, HistoryExpired, Incomplete, UnplayableSound, Unreachable
from bot.ports import Store
from bot.types import ReplyEvent, ReplyRequest, ToolCalls, Usage

MAX_TEXT_ONLY_TURNS = 2
"""Consecutive text-only answers after which we assume that the server cannot speak. Asking again for sound would double
each wait."""


class OpenAIEngine(Summing):
    """Streams replies of an OpenAI-compatible audio chat model (port `Engine`).

    Requests share one long-lived client, whose owner closes it. A request is retried once, and only while nobody has
    heard any of the answer. Text therefore waits for the first sound.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        model: str,
        text_model: str | None = None,
        text_client: AsyncOpenAI | None = None,
        hears: bool = True,
        dialect: Dialect | None = None,
        clock: Callable[[], float] = time.time,
        deadlines: Deadlines | None = None,
        window: HistoryWindow | None = None,
        breaker: Breaker | None = None,
        counts: Counter[str] | None = None,
        log: Any = None,
        store: Store | None = None,
    ) -> None:
        """`clock` gives Unix seconds. `hears`: the model takes sound; one that does not is asked in writing only.

        `text_model`, reached by `text_client` if it has a server of its own, sums up the messages that fall out of the
        window; `store` keeps that. `counts` gains "sound_garbled", the parts of audio that were not base64.
        """
        log = log or structlog.get_logger("engine")
        super().__init__(Summaries(text_client or client, text_model, log, store) if text_model else None)
        self.model = model
        self.breaker = breaker or Breaker()
        self._client = client
        self._dialect = dialect or dialect_of(str(client.base_url))
        self._clock = clock
        self._deadlines = deadlines or Deadlines()
        self._window = window or HistoryWindow()
        self._log = log
        self._hears = hears
        self._payload = payload if hears else text_payload
        self._ids = AudioIds(wanted=self._dialect.ids and hears, trusted=self._dialect.official)
        self._warmer = ConnectionWarmer(
            lambda: idle_connections(client), self.check_model, clock, lambda: silent_for(client)
        )
        self._counts = counts if counts is not None else Counter()
        self._text_only_turns = 0

    @property
    def fault(self) -> BotError | None:
        """The fault that only the operator can fix (key, credit). While it is set, send no preemptive requests."""
        return self.breaker.fault

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        """Return the usage of a reply with `seconds` of sound. It errs high, because the budget reserves it."""
        return self._compose(request).usage(seconds)

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; closing the iterator aborts the request at once.

        Raises EngineError or BadAudio. If the server billed anything before, a ReplyDone with complete=False comes
        first.
        """
        clock = asyncio.get_running_loop().time
        since = clock()
        end = since + self._deadlines.whole
        text_only = request.room.text_only
        attempts = Attempts(text_only=text_only, ask_for_sound=self._text_only_turns < MAX_TEXT_ONLY_TURNS)
        self._warmer.used()
        await self._known(request.turn.channel_id)
        while True:
            prompt = self._compose(request, attempts)
            assembly = Assembly(self._dialect.rate, longest=request.room.max_seconds, written_calls=may_call(request))
            attempts.begin(prompt, assembly)
            fault: ModelFault | None = None
            try:
                events = request_chunks(
                    self._client,
                    self._payload(prompt, request, self.model, self._dialect, self._client.api_key),
                    assembly,
                    self._deadlines,
                    text_only=text_only,
                    end=end,
                )
                async with aclosing(events):
                    async for event in events:
                        for ready in attempts.take(event):
                            yield ready
            except ModelFault as raised:
                fault = raised
            finally:
                self._counts["sound_garbled"] += assembly.garbled

            outcome = assembly.outcome(text_only=text_only) if fault is None else StreamResult.CUT
            filtered = assembly.finish == "content_filter"
            if fault is None and outcome not in (StreamResult.CUT, StreamResult.EMPTY):
                self._worked(prompt, assembly)
                if outcome is StreamResult.TEXT_ONLY and attempts.ask_again_for_sound(clock() - since):
                    continue
                if outcome is not StreamResult.CALLS:
                    self._text_only_turns = self._text_only_turns + 1 if outcome is StreamResult.TEXT_ONLY else 0
                for event in attempts.release() if outcome is not StreamResult.CALLS or attempts.audible else ():
                    yield event
                if outcome is StreamResult.CALLS:
                    yield ToolCalls(assembly.pieces.calls, assembly.text)
                yield attempts.done(complete=outcome not in (StreamResult.PARTIAL, StreamResult.UNPLAYABLE))
                if outcome is StreamResult.UNPLAYABLE:
                    raise UnplayableSound(assembly.unplayable)
                if filtered:
                    raise Incomplete("content_filter")
                return

            fault = fault or ModelFault(Incomplete(assembly.finish or outcome.value), None if filtered else 0.0)
            if self._heal(fault, prompt, attempts) or await self._again(fault, attempts):
                continue
            error = self.breaker.failed(fault.error)
            done = attempts.done(complete=False)
            if done.usage != Usage():
                yield done
            raise error

    async def check_model(self) -> ModelState:
        """Ask the server about the model. Raises EngineError when it does not answer or refuses the key."""
        try:
            return await check_model(self._client, self.model)
        except BotError as error:
            self.breaker.failed(error)
            raise

    async def warm(self) -> None:
        """Open connections ahead of need; call it when somebody joins or starts to speak. Never raises."""
        try:
            await self._warmer.warm()
        except (BotError, TimeoutError) as error:
            self._log.info("engine.cold", reason=str(error))

    def _compose(self, request: ReplyRequest, attempts: Attempts | None = None) -> Prompt:
        prompt = compose(
            request,
            now=self._clock(),
            dead_ids=self._ids,
            use_ids=self._ids.usable and (attempts is None or attempts.use_ids),
            summary=self._summary(request),
            window=self._window if attempts is None or attempts.use_history else EMPTY_WINDOW,
            data_prefix=self._dialect.data_prefix,
            retold=attempts is not None and attempts.retold,
        )
        if attempts and not self.fault:
            self._fell(request, prompt.fallen)
        silent = request.room.text_only and not prompt.hears and self._hears
        return with_silence(prompt, self._dialect) if silent else prompt

    def _worked(self, prompt: Prompt, assembly: Assembly) -> None:
        self.breaker.succeeded()
        if prompt.audio_ids:
            self._ids.accepted()
        if assembly.audio_id and assembly.seconds:
            self._ids.given(assembly.audio_id)

    def _heal(self, fault: ModelFault, prompt: Prompt, attempts: Attempts) -> bool:
        """Return True to retry without the part of the request that the server rejected; people do not notice."""
        if attempts.audible:
            return False
        if fault.too_long and attempts.use_history:
            attempts.use_history = False
            return True
        # Some servers do not report an unknown id: they fail on it, or on the field itself.
        broke = isinstance(fault.error, BadRequest | Unreachable) and fault.status is not None
        if not prompt.audio_ids or not (
            isinstance(fault.error, HistoryExpired) or (broke and not self._dialect.official and not attempts.retried)
        ):
            return False
        self._ids.refused(prompt.audio_ids)
        attempts.use_ids = False
        return True

    async def _again(self, fault: ModelFault, attempts: Attempts) -> bool:
        """Return True, after the wait, if the request may be retried."""
        if fault.wait is None or attempts.audible or attempts.retried or self.breaker.fault:
            return False
        attempts.retried = True
        attempts.discard()
        self._log.info("engine.retry", reason=str(fault.error))
        await asyncio.sleep(fault.wait)
        return True
