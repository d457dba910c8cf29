"""Three models in a row: words in, text out, speech out (port `Engine`)."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog
from openai import AsyncOpenAI

from bot.billing import tokens
from bot.engine.breaker import Breaker
from bot.engine.cascade.clauses import ClauseSplitter
from bot.engine.cascade.speaking import Speaking
from bot.engine.cascade.words import plain_messages, with_words
from bot.engine.client import idle_connections, silent_for
from bot.engine.connection_warmer import ConnectionWarmer
from bot.engine.dialects import Dialect
from bot.engine.faults import ModelFault
from bot.engine.history_window import EMPTY_WINDOW, HistoryWindow
from bot.engine.model_check import check_model
from bot.engine.payload import text_payload
from bot.engine.prompt import Prompt, compose
from bot.engine.request import Deadlines, request_chunks
from bot.engine.stream import Assembly, StreamResult
from bot.engine.summary import Summaries
from bot.engine.summing import Summing
from bot.engine.tool_calls import may_call
from bot.errors import BlamedModel, BotError, Incomplete
from bot.ports import Store, Synthesizer, Transcriber
from bot.types import ReplyDone, ReplyEvent, ReplyRequest, TextDelta, ToolCalls, Usage, WordsWait

WORD_TOKENS_PER_SECOND = 5.0
"""Of speech as text: fast talk in a language with many tokens."""
MAX_WAITING_EVENTS = 1024
_NO_EVENT = object()


_USEFUL = (StreamResult.COMPLETE, StreamResult.PARTIAL, StreamResult.CALLS)


class CascadeEngine(Summing):
    """Streams replies. The words of a turn come with its request; those that do not are written down here."""

    def __init__(
        self,
        client: AsyncOpenAI,
        *,
        model: str,
        dialect: Dialect,
        transcriber: Transcriber,
        synthesizer: Synthesizer,
        to_blame: BlamedModel | None = None,
        clock: Callable[[], float] = time.time,
        deadlines: Deadlines | None = None,
        log: Any = None,
        store: Store | None = None,
    ) -> None:
        """`client` is that of the text model's server; `clock` gives Unix seconds.

        `store` keeps summaries of what was said.
        """
        log = log or structlog.get_logger("engine")
        super().__init__(Summaries(client, model, log, store))
        self.model = model
        self.breaker = Breaker()
        self._client = client
        self._dialect = dialect
        self._transcriber = transcriber
        self._synthesizer = synthesizer
        self._to_blame = to_blame
        self._clock = clock
        self._deadlines = deadlines or Deadlines()
        self._log = log
        self._thinks_first = False
        "the model's last answer began with a thought that nothing marked as one"
        self._warmer = ConnectionWarmer(
            lambda: idle_connections(client), self._check, clock, lambda: silent_for(client)
        )

    @property
    def fault(self) -> BotError | None:
        """The fault that only the operator can fix (key, credit). While it is set, send no preemptive requests."""
        return self.breaker.fault

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        """Return the usage of a reply with `seconds` of sound. It errs high, because the budget reserves it."""
        heard = [(one.id, one.pcm) for one in request.turn.utterances]
        heard += [(typed.utterance_id, typed.recording) for typed in request.turn.typed if typed.recording]
        sent = self._compose(request).sent
        length = sum(tokens.of_speech(pcm) for _, pcm in heard) / tokens.AUDIO_IN_PER_SECOND
        return Usage(
            text_in=sent.text_in + round(length * WORD_TOKENS_PER_SECOND),
            audio_in=sum(tokens.of_speech(pcm) for number, pcm in heard if number not in request.words),
            text_out=round(seconds * tokens.TEXT_OUT_PER_SECOND),
            audio_out=round(seconds * tokens.AUDIO_OUT_PER_SECOND),
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; closing the iterator aborts all its requests at once.

        Raises EngineError. If a server billed anything before, a ReplyDone with complete=False comes first.
        """
        self._warmer.used()
        await self._known(request.turn.channel_id)
        request, audio_in = await with_words(request, self._transcriber)
        answer = _Answer(self, request)
        events: asyncio.Queue[ReplyEvent | None] = asyncio.Queue(MAX_WAITING_EVENTS)
        work = asyncio.create_task(answer.run(events), name="cascade")
        try:
            while (event := await events.get()) is not None:
                yield event
            done = replace(answer.done, usage=replace(answer.done.usage, audio_in=audio_in))
            if answer.fault is None:
                self.breaker.succeeded()
                yield done
                return
            error = self.breaker.failed(answer.fault.error)
            if done.usage != Usage():
                yield done
            raise error
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def warm(self) -> None:
        """Open connections ahead of need; call it when somebody joins or starts to speak. Never raises."""
        try:
            await self._warmer.warm()
        except (BotError, TimeoutError) as error:
            self._log.info("engine.cold", reason=str(error))

    async def _check(self) -> object:
        try:
            return await check_model(self._client, self.model)
        except BotError as error:
            self.breaker.failed(error)
            raise

    def _compose(self, request: ReplyRequest, window: HistoryWindow | None = None) -> Prompt:
        prompt = compose(
            request,
            now=self._clock(),
            use_ids=False,
            summary=self._summary(request),
            window=window,
            hears=False,
        )
        return replace(prompt, messages=plain_messages(prompt.messages))


class _Answer:
    """One reply on its way: the text that is read, and the speech that is made of it."""

    def __init__(self, engine: CascadeEngine, request: ReplyRequest) -> None:
        self.fault: ModelFault | None = None
        self.done = ReplyDone(Usage())
        self._engine = engine
        self._request = request
        self._events: asyncio.Queue[ReplyEvent | None] | None = None
        self._read = False
        "whether any text was passed on: then it cannot be asked for again"
        self._writes = False
        "whether any text came"

    async def run(self, events: asyncio.Queue[ReplyEvent | None]) -> None:
        """Put the events of the answer into the queue, at last None; a fault is left in `fault`."""
        room = self._request.room
        speaking: Speaking | None = None
        if not room.text_only:
            speaking = Speaking(
                self._engine._synthesizer, room.voice, room.language, room.max_seconds, events.put_nowait
            )
        async with asyncio.TaskGroup() as group:
            if speaking:
                group.create_task(speaking.run(), name="speaking")
            await self._text(speaking, events)
            if speaking:
                await speaking.end()
        if speaking:
            if speaking.unspoken and not speaking.seconds:
                await events.put(TextDelta(speaking.unspoken))
            self.fault = self.fault or speaking.fault
            audio_out = round(speaking.received * tokens.AUDIO_OUT_PER_SECOND)
            usage = replace(self.done.usage, audio_out=audio_out)
            self.done = replace(self.done, usage=usage, complete=self.done.complete and not speaking.cut)
        if self.fault:
            self.done = replace(self.done, complete=False)
        await events.put(None)

    async def _text(self, speaking: Speaking | None, events: asyncio.Queue[ReplyEvent | None]) -> None:
        """Read the answer's text, and pass it on clause by clause. Ask again once where that helps and nobody knows."""
        engine = self._engine
        end = asyncio.get_running_loop().time() + engine._deadlines.whole
        window, retried = None, False
        spent = Usage()
        while True:
            prompt = engine._compose(self._request, window)
            calls = may_call(self._request)
            assembly = Assembly(thinks_first=engine._thinks_first, written_calls=calls)
            splitter = ClauseSplitter()
            fault: ModelFault | None = None
            try:
                body = text_payload(prompt, self._request, engine.model, engine._dialect, engine._client.api_key)
                chunks = request_chunks(engine._client, body, assembly, engine._deadlines, text_only=True, end=end)
                async with aclosing(chunks):
                    async for event in chunks:
                        if isinstance(event, TextDelta):
                            if not self._writes:
                                self._writes = True
                                await events.put(WordsWait())
                            await self._pass_on(splitter.feed(event.text), speaking, events)
            except ModelFault as raised:
                fault = raised.of(engine._to_blame)
            engine._thinks_first = assembly.thought_first or (engine._thinks_first and not assembly.text)
            outcome = assembly.outcome(text_only=True)
            filtered = assembly.finish == "content_filter"
            if fault is None and (filtered or outcome not in _USEFUL):
                fault = ModelFault(Incomplete(assembly.finish or outcome.value), None if filtered else 0.0)
                fault = fault.of(engine._to_blame)
            usage, estimated = assembly.usage(prompt.sent) if assembly.begun else (Usage(), False)
            spent = _sum(spent, usage)
            self.done = ReplyDone(
                spent, estimated, complete=outcome is not StreamResult.PARTIAL, discarded=int(assembly.sent_twice)
            )
            if fault is None or self._read:
                await self._pass_on(splitter.end(), speaking, events)
                if outcome is StreamResult.CALLS and fault is None:
                    await events.put(ToolCalls(assembly.pieces.calls, assembly.text))
                self.fault = fault
                break
            if fault.too_long and window is None:
                window = EMPTY_WINDOW
                continue
            if fault.wait is None or retried or engine.breaker.fault:
                self.fault = fault
                break
            retried = True
            engine._log.info("engine.retry", reason=str(fault.error))
            await asyncio.sleep(fault.wait)
        if self.fault is None:
            engine._fell(self._request, prompt.fallen)

    async def _pass_on(
        self, clauses: list[str], speaking: Speaking | None, events: asyncio.Queue[ReplyEvent | None]
    ) -> None:
        for clause in clauses:
            self._read = self._read or bool(clause.strip())
            if speaking:
                await speaking.add(clause)
            else:
                await events.put(TextDelta(clause))


def _sum(left: Usage, right: Usage) -> Usage:
    return Usage(
        left.text_in + right.text_in,
        left.audio_in + right.audio_in,
        left.cached_in + right.cached_in,
        left.text_out + right.text_out,
        left.audio_out + right.audio_out,
    )
