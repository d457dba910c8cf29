"""Sends the request for a turn, if the budget allows it, and makes its answer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from bot.billing.budget import MAX_SHORT_ANSWER_SECONDS, Allowance, Reservation
from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.context import CallContext
from bot.call.own_words import OwnWords
from bot.call.record import Record
from bot.call.reply_stream import MAX_ANSWER_SECONDS, ReplyStream
from bot.ports import VoiceLink
from bot.types import ReplyEvent, ReplyRequest, RoomContext, Turn


class Launcher:
    """Starts the answers of one call over its present link."""

    def __init__(self, context: CallContext, record: Record, accounts: Accounts) -> None:
        self._context = context
        self._record = record
        self._accounts = accounts
        self._own_words = OwnWords(context, accounts)
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
        request = ReplyRequest(turn, self._record.before(turn), self._room(), names)
        reservation = self._accounts.reserve_answer(request, preemptive=preemptive)
        if reservation is None:
            for utterance in () if preemptive else turn.utterances:
                self._context.verdicts.judge(utterance, "over_budget")
            return None
        request = replace(request, room=self._room(reservation.allowance))
        events = self._own_words.add(self._context.services.engine.reply(request), turn)
        return self._launch(request, events, reservation, preemptive)

    def replay(self, turn: Turn, events: AsyncGenerator[ReplyEvent, None]) -> Answer:
        """Say again what was said; it costs nothing."""
        return self._launch(ReplyRequest(turn, (), self._room()), events)

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

    def _room(self, allowance: Allowance = Allowance.FULL) -> RoomContext:
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
            text_only=allowance is Allowance.TEXT or venue.speechless,
        )
