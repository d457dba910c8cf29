"""Sends the request for a turn, if the budget allows it, and makes its answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from bot.billing.budget import MAX_SHORT_ANSWER_SECONDS, Allowance, Reservation
from bot.call.access import IN_A_CALL
from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.context import CallContext
from bot.call.extras import lasting_extras
from bot.call.own_words import OwnWords
from bot.call.record import Record
from bot.call.reply_stream import MAX_ANSWER_SECONDS, ReplyStream
from bot.call.transcripts import Transcripts
from bot.call.wait_sentence import wait_sentence
from bot.errors import Unreachable
from bot.ports import Asking, VoiceLink
from bot.tools.rounds import ToolAnswer
from bot.types import ReplyEvent, ReplyRequest, RoomContext, Standing, Turn

WORDS_TIMEOUT_SECONDS = 7.0
"""How long an engine that reads waits for what was said, where its server is not known to be slower. What is not known
by then is unintelligible."""
TOOL_WORDS_SECONDS = 5.0
"""Seconds a transcript may take where a model that does not hear is asked which tools to use."""


class Launcher:
    """Starts the answers of one call over its present link."""

    def __init__(self, context: CallContext, record: Record, accounts: Accounts, transcripts: Transcripts) -> None:
        self._context = context
        self._transcripts = transcripts
        self._record = record
        self._accounts = accounts
        self._own_words = OwnWords(context, accounts)
        shared, place = context.services, (context.venue.guild_id, context.venue.channel_id)
        self._payer = lasting_extras(shared.budget, shared.outbox, shared.wall, place)
        self._link: VoiceLink | None = None
        self._group: asyncio.TaskGroup | None = None

    def use(self, link: VoiceLink, group: asyncio.TaskGroup) -> None:
        """Answer over this link; requests are tasks of `group`."""
        self._link, self._group = link, group

    def answer(self, turn: Turn, *, preemptive: bool = False) -> Answer | None:
        """Ask the model; None: the budget does not allow it, and people were told.

        A preemptive request is sent only while nothing is short, and nobody is told of it.
        """
        names = {user_id: self._record.name(user_id) for user_id in turn.people}
        words = dict.fromkeys(_numbers(turn)) if self._context.services.reads else {}
        toolbox = None if turn.languages else self._context.services.tools  # an interpreter does nothing else
        asking, history = self._asking(turn), () if turn.languages else self._record.before(turn)
        if preemptive and toolbox and toolbox.acts(asking):
            return None  # what acts must wait until the turn is certain, and an answer without it would be another
        offered = toolbox.offer(asking) if toolbox else ()
        request = ReplyRequest(turn, history, self._room(turn), names, words, tools=offered, payer=self._payer)
        reservation = self._accounts.reserve_answer(request, preemptive=preemptive)
        if reservation is None:
            for utterance in () if preemptive else turn.utterances:
                self._context.verdicts.judge(utterance, "over_budget")
            return None
        request = replace(request, room=self._room(turn, reservation.allowance))
        reads = self._context.services.reads
        reply = self._reading(request, asking) if reads else self._events(request, asking)
        events = self._own_words.add(self._accounts.held(reservation, reply), turn)
        return self._launch(request, events, reservation, preemptive)

    async def _reading(self, request: ReplyRequest, asking: Asking) -> AsyncGenerator[ReplyEvent, None]:
        """Ask an engine that reads, once the words are there that the transcripts make anyway.

        Raises EngineError if there are none at all.
        """
        turn = request.turn
        words = await self._transcripts.words(_numbers(turn), self._transcripts.patience(WORDS_TIMEOUT_SECONDS))
        written = any(typed.text or typed.document for typed in turn.typed)
        if words and not written and all(text is None for text in words.values()):
            raise self._transcripts.dictation.failure or Unreachable()
        async with aclosing(self._events(replace(request, words=words), asking)) as events:
            async for event in events:
                yield event

    def _asking(self, turn: Turn) -> Asking:
        settings = self._context.settings

        def may_use_bot(user_id: int, standing: Standing) -> bool:
            return settings().access.permits(user_id, standing, *IN_A_CALL)

        return Asking(self._context.venue.place, turn.people, lambda: settings().tools_off, may_use_bot)

    def _events(self, request: ReplyRequest, asking: Asking) -> AsyncGenerator[ReplyEvent, None]:
        services = self._context.services
        if services.tools is None or not request.tools:
            return services.engine.reply(request)

        async def words() -> dict[int, str | None]:
            return await self._transcripts.of([one.id for one in request.turn.utterances], TOOL_WORDS_SECONDS)

        answer = ToolAnswer(
            services.engine,
            services.tools,
            asking,
            services.tool_route,
            words=words,
            patience=lambda: self._wait_sentence(request),
            refusal=self._accounts.rounds.refusal,
        )
        return answer.run(request)

    async def _wait_sentence(self, request: ReplyRequest) -> tuple[str, bytes]:
        """Have a tool's wait bridged in the language of the newest words, unless the server has one of its own."""
        studio, turn = self._context.services.studio, request.turn
        if studio is None or self._context.venue.speechless:
            return "", b""

        async def sample() -> str:
            words = await self._transcripts.of([one.id for one in turn.utterances], TOOL_WORDS_SECONDS)
            said = [text for text in words.values() if text] or [one.text for one in turn.typed if one.text]
            return said[-1] if said else ""

        return await wait_sentence(request, studio, self._accounts.rounds, sample)

    def replay(self, turn: Turn, events: AsyncGenerator[ReplyEvent, None]) -> Answer:
        """Say again what was said; it costs nothing."""
        return self._launch(ReplyRequest(turn, (), self._room(turn)), events)

    def _launch(
        self,
        request: ReplyRequest,
        events: AsyncGenerator[ReplyEvent, None],
        reservation: Reservation | None = None,
        preemptive: bool = False,
    ) -> Answer:
        assert self._link is not None, "only run() starts answers"
        assert self._group is not None, "only run() starts answers"
        reply = ReplyStream(events, self._context.services.clock, self._context.counts)
        answer = Answer(request, reply, self._link, reservation=reservation, preemptive=preemptive)
        answer.start(self._group)
        return answer

    def _room(self, turn: Turn, allowance: Allowance = Allowance.FULL) -> RoomContext:
        venue, settings = self._context.venue, self._context.settings()
        return RoomContext(
            bot_name=venue.bot_name,
            channel_name=venue.channel_name,
            people=self._record.people(),
            now=self._context.services.wall(),
            language=settings.language,
            voice=settings.voice,
            persona=settings.persona,
            max_seconds=MAX_SHORT_ANSWER_SECONDS if allowance is Allowance.SHORT else MAX_ANSWER_SECONDS,
            text_only=allowance is Allowance.TEXT or venue.speechless or turn.written,
            interpret=turn.languages,
            guild_id=venue.guild_id if settings.retention_days else 0,
        )


def _numbers(turn: Turn) -> list[int]:
    """Return the ids of what was said in a turn, recordings included."""
    return [one.id for one in turn.utterances] + [typed.utterance_id for typed in turn.typed if typed.recording]
