"""An answer that may take several requests: the model calls tools, reads their results, and goes on.

Any engine will do that takes `tools` and `rounds` of a request and sends ToolCalls. Closing the answer, as barge-in and
Stop do, ends the request or the tools that run.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.config import Settings
from bot.errors import BadRequest, BotError, BudgetSpent, DeafModel, ModelUnavailable, Unreachable
from bot.ports import Asking, Engine, Toolbox
from bot.types import (
    AudioDelta,
    ReplyDone,
    ReplyEvent,
    ReplyRequest,
    TextDelta,
    ToolCalls,
    ToolResult,
    ToolRound,
    ToolsUsed,
    ToolUse,
    Typed,
    Usage,
)

log = structlog.get_logger("tools")

MAX_ROUNDS = 4
MAX_TOOL_SECONDS = 20.0
"""Of one turn, from its first request to the last that offers tools."""

MIN_TOOL_SECONDS = 0.1
LONG_TOOL_SECONDS = 3.0
"""After which a short sentence says that it takes a while."""

WORK_STEP_SECONDS = 0.1

Patience = Callable[[], Awaitable[tuple[str, bytes]]]
"""Gives that sentence and its sound (s16le mono 24 kHz); empty: there is none."""
Refusal = Callable[[ReplyRequest], Awaitable[BudgetSpent | None]]
"""Holds back what one more request costs, or gives why the budget does not allow it."""
Words = Callable[[], Awaitable[Mapping[int, str | None]]]
"""Gives what was said in a turn, by utterance id; None: not known."""


@dataclass(slots=True)
class ToolRoute:
    """Which model calls the tools. Shared by all answers of the process: what one finds out, the others know."""

    text_engine: Engine | None = None
    "writes, and does not hear; None: there is none"
    text_model: str = ""
    by_text: bool = False
    "the text model calls them, and the voice says what came of it"
    fixed: bool = False
    "the operator said so: a refusal changes nothing"
    refused: bool = False
    "the server takes no tools, and nobody else can call them"

    def learn(self, error: BotError) -> None:
        """The voice model's server refused a request with tools that it took without them."""
        if self.fixed:
            return
        self.by_text, self.refused = self.text_engine is not None, self.text_engine is None
        log.warning("tools_refused", reason=str(error), instead="text model" if self.by_text else "none")


def tool_route(text_engine: Engine | None, settings: Settings) -> ToolRoute:
    """Return the route that TOOL_CALLS names."""
    by_text = settings.tool_calls == "text"
    fixed = settings.tool_calls != "auto" and (text_engine is not None or not by_text)
    return ToolRoute(text_engine, settings.text_model or "", by_text and text_engine is not None, fixed)


class ToolAnswer:
    """One answer. `run` it once."""

    def __init__(
        self,
        engine: Engine,
        toolbox: Toolbox,
        asking: Asking,
        route: ToolRoute,
        *,
        words: Words | None = None,
        patience: Patience | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        self._engine = engine
        self._toolbox = toolbox
        self._asking = asking
        self._route = route
        self._words = words
        self._patience = patience
        self._refusal = refusal
        self._usage = Usage()
        self._estimated = False
        self._discarded = 0
        self._sounded = self._sounded_before = False
        "whether anything was heard; whether that was before the last request"
        self._end = 0.0

    async def run(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent]:
        """Stream the answer like an engine does; raises what engines raise, and BudgetSpent between two requests."""
        self._end = asyncio.get_running_loop().time() + MAX_TOOL_SECONDS
        offered = () if self._route.refused else request.tools
        if offered and self._route.by_text:
            async with aclosing(self._detour(request)) as events:
                async for event in events:
                    if isinstance(event, ReplyRequest):
                        request = event
                    else:
                        yield event
            offered = ()
        request = replace(request, tools=offered)
        while True:
            called: list[ToolCalls] = []
            try:
                async with aclosing(self._once(request, called)) as events:
                    async for event in events:
                        yield event
            except (BadRequest, ModelUnavailable, Unreachable) as error:
                if not self._may_be_the_tools(request, error):
                    raise
                async with aclosing(self._without(request, error)) as events:
                    async for event in events:
                        yield event
                return
            if not called:
                return
            results: list[tuple[ToolResult, ToolUse]] = []
            async with aclosing(self._use(called[0], results)) as events:
                async for event in events:
                    yield event
            request = self._next(request, called[0], results)
            yield ToolsUsed(tuple(use for _, use in results), Usage())
            if self._refusal and (refusal := await self._refusal(request)):
                yield self._summed(ReplyDone(Usage(), complete=False))
                raise refusal

    async def _once(self, request: ReplyRequest, called: list[ToolCalls]) -> AsyncGenerator[ReplyEvent]:
        """Pass on one request's answer; at its end come the sums of all requests, unless it calls tools."""
        done: ReplyDone | None = None
        try:
            async with aclosing(self._engine.reply(request)) as events:
                async for event in events:
                    if isinstance(event, ReplyDone):
                        done = event
                    else:
                        if isinstance(event, ToolCalls):
                            called.append(event)
                        self._sounded = self._sounded or isinstance(event, AudioDelta)
                        yield event
        except BotError as error:
            if done and self._may_be_the_tools(request, error):
                self._count(done)
            elif done or self._usage != Usage():
                yield self._summed(replace(done or ReplyDone(Usage()), complete=False))
            raise
        if done is None:
            return
        if called and request.tools:
            self._count(done)
            self._sounded_before = self._sounded
        else:
            called.clear()
            yield self._summed(done)

    async def _without(self, request: ReplyRequest, refusal: BotError) -> AsyncGenerator[ReplyEvent]:
        """Ask again without tools, and remember who refuses them if that works."""
        if self._route.text_engine is not None and not self._route.fixed:
            self._route.learn(refusal)
            async with aclosing(self.run(request)) as events:
                async for event in events:
                    yield event
            return
        async with aclosing(self._once(replace(request, tools=()), [])) as events:
            async for event in events:
                if isinstance(event, ReplyDone):
                    self._route.learn(refusal)
                yield event

    async def _detour(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent | ReplyRequest]:
        """Let the text model call tools; yield what each round used, last the request with what they found."""
        engine = self._route.text_engine
        assert engine is not None, "a route by text has an engine for it"
        words = await self._words() if self._words else {}
        written = _in_writing(request, words)
        while len(written.rounds) < MAX_ROUNDS and asyncio.get_running_loop().time() < self._end:
            if self._refusal and await self._refusal(written):
                break  # the answer itself is paid for
            calls, usage = None, Usage()
            try:
                async with aclosing(engine.reply(written)) as events:
                    async for event in events:
                        if isinstance(event, ToolCalls):
                            calls = event
                        elif isinstance(event, ReplyDone):
                            usage = event.usage
            except BotError as error:
                log.warning("tools_failed", reason=error.code)
            if calls is None or not written.tools:
                yield ToolsUsed((), usage, self._route.text_model)
                break
            yield calls
            results: list[tuple[ToolResult, ToolUse]] = []
            async with aclosing(self._use(calls, results)) as events:
                async for event in events:
                    yield event
            written = self._next(written, calls, results)
            yield ToolsUsed(tuple(use for _, use in results), usage, self._route.text_model)
        yield replace(request, rounds=written.rounds, tools=())

    async def _use(
        self, called: ToolCalls, results: list[tuple[ToolResult, ToolUse]]
    ) -> AsyncGenerator[TextDelta | AudioDelta]:
        """Run the calls of one round side by side; yield a sentence for those who wait, if it takes long."""
        left = max(MIN_TOOL_SECONDS, self._end - asyncio.get_running_loop().time())
        running = asyncio.gather(*(self._toolbox.use(call, self._asking, left) for call in called.calls))
        sentence: asyncio.Future[tuple[str, bytes]] | None = None
        try:
            await self._long(running, called)
            if not running.done() and self._patience and not self._sounded:
                sentence = asyncio.ensure_future(self._patience())
                await asyncio.wait([running, sentence], return_when=asyncio.FIRST_COMPLETED)
                if sentence.done() and not running.done() and (made := sentence.result())[1]:
                    self._sounded = self._sounded_before = True
                    yield TextDelta(f"{made[0]} ", aloud=True)
                    yield AudioDelta(made[1])
            results += await running
        finally:
            running.cancel()
            if sentence and sentence.cancel():  # the result is there first, or nobody waits for it any more
                await asyncio.wait([sentence])  # what was spent on it must be known before the answer is over

    async def _long(self, running: asyncio.Future[Any], called: ToolCalls) -> None:
        """Return when the calls are over, or have been at work for long; waiting for somebody's word is no work."""
        worked = 0.0
        while not running.done() and worked < LONG_TOOL_SECONDS:
            await asyncio.wait([running], timeout=WORK_STEP_SECONDS)
            worked = 0.0 if any(map(self._toolbox.asks, called.calls)) else worked + WORK_STEP_SECONDS

    def _next(
        self, request: ReplyRequest, called: ToolCalls, results: Sequence[tuple[ToolResult, ToolUse]]
    ) -> ReplyRequest:
        """Return the request that goes on with these results."""
        rounds = (*request.rounds, ToolRound(called.calls, tuple(result for result, _ in results), called.said))
        more = len(rounds) < MAX_ROUNDS and asyncio.get_running_loop().time() < self._end
        return replace(request, rounds=rounds, tools=request.tools if more else ())

    def _may_be_the_tools(self, request: ReplyRequest, error: BotError) -> bool:
        broke = isinstance(error, BadRequest | ModelUnavailable) or str(error).startswith("5")
        broke = broke and not isinstance(error, DeafModel)
        return bool(request.tools) and not request.rounds and not self._sounded and broke and not self._route.refused

    def _count(self, done: ReplyDone) -> None:
        self._usage += done.usage
        self._estimated |= done.estimated
        self._discarded += done.discarded

    def _summed(self, done: ReplyDone) -> ReplyDone:
        self._count(done)
        named = not self._sounded_before  # else the id stands for the end of the answer only
        return replace(
            done,
            usage=self._usage,
            estimated=self._estimated,
            discarded=self._discarded,
            audio_id=done.audio_id if named else None,
            expires_at=done.expires_at if named else None,
        )


def _in_writing(request: ReplyRequest, words: Mapping[int, str | None]) -> ReplyRequest:
    """Return a request for a model that does not hear."""
    turn = request.turn
    said = tuple(Typed(one.user_id, words.get(one.id) or "[unintelligible]", one.started_at) for one in turn.utterances)
    typed = tuple(replace(one, recording=b"") for one in turn.typed)
    return replace(
        request,
        turn=replace(turn, utterances=(), typed=(*said, *typed)),
        room=replace(request.room, text_only=True),
    )
