"""The money of one call: what the budget allows, what is held back for it, and what it did cost."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from decimal import Decimal

from bot.billing import tokens
from bot.billing.account import Account
from bot.billing.budget import Allowance, Reservation
from bot.call.answer import Answer
from bot.call.budget_news import BudgetNews
from bot.call.context import CallContext
from bot.call.tool_rounds import ToolRounds
from bot.errors import BudgetSpent
from bot.types import ChargeKind, Heard, ReplyEvent, ReplyRequest, Turn, Usage, Utterance

REMEMBERED_UTTERANCES = 100
"""Utterances whose transcription times, or refusals, are known until the answer to them is over."""


class Accounts:
    """The accounts of one call."""

    def __init__(self, context: CallContext) -> None:
        venue, services, outbox = context.venue, context.services, context.outbox
        self._services = services
        self.news = BudgetNews(context.display, services.clock)
        self.account = self._account = Account(
            services.budget,
            venue.guild_id,
            venue.channel_id,
            services.wall,
            services.counters.charged,
            lambda charge: outbox.add(venue.guild_id, venue.channel_id, charge),
            release=lambda hold: outbox.add(venue.guild_id, venue.channel_id, hold),
        )
        self._transcribing: dict[int, tuple[Reservation, float]] = {}
        "utterance id -> what its transcription may cost, and when it was begun"
        self._transcribed: dict[int, tuple[float, float]] = {}
        "utterance id -> when its transcription began and ended; the newest REMEMBERED_UTTERANCES"
        self._own_words: dict[int, tuple[Reservation, Decimal | None]] = {}
        "number of a turn whose answer is written down -> what is held back for that, and what it did cost"
        self.rounds = ToolRounds(services, self._account)
        self.readings = Readings(self._account, self.news.announce)
        self._unpaid: deque[int] = deque(maxlen=REMEMBERED_UTTERANCES)
        "utterances that the budget did not allow to be written down"

    @property
    def cost(self) -> Decimal:
        """US dollars of this call, as far as prices are known."""
        return self._account.cost

    def reserve_answer(self, request: ReplyRequest, *, preemptive: bool) -> Reservation | None:
        """Hold back what an answer may cost; None: the budget does not allow it.

        Say once what the budget does not allow any more. A preemptive answer is allowed only while nothing is short,
        and says nothing.
        """
        services, account = self._services, self._account
        estimate = lambda seconds: services.by_model(services.engine.estimate(request, seconds))  # noqa: E731
        reservation = account.reserve(request.turn.people, estimate, tell=not preemptive)
        if preemptive and reservation.allowance is not Allowance.FULL:
            account.settle(reservation)
            return None
        if reservation.allowance is Allowance.OFF:
            self.news.spent(reservation.refusal)  # always: nobody who asks is left without a sign
            return None
        self.news.announce(reservation)
        return reservation

    async def held(
        self, reservation: Reservation, events: AsyncGenerator[ReplyEvent, None]
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Pass on the events of an answer whose price all processes know of. Raises BudgetSpent before the first."""
        async with aclosing(events):
            await self._account.hold(reservation)
            async for event in events:
                yield event

    def charge_answer(self, answer: Answer, kind: ChargeKind = "reply") -> tuple[Decimal | None, bool]:
        """Book an answer. Return its price in US dollars, None if unknown, and whether it is estimated."""
        try:
            return self._book_answer(answer, kind)
        finally:
            self._account.settle(answer.reservation)

    def _book_answer(self, answer: Answer, kind: ChargeKind) -> tuple[Decimal | None, bool]:
        reply, request, people = answer.reply, answer.request, answer.turn.people
        own_words = self.rounds.close(answer, kind, self._own_words_cost(answer.turn.id))
        if reply.error and reply.empty:
            return Decimal(0), False
        estimated = reply.done is None or reply.done.estimated
        engine, by_model = self._services.engine, self._services.by_model
        usage = self.usage(answer)
        for _ in range(reply.done.discarded if reply.done else 0):
            for model, wasted in by_model(engine.estimate(request, 0.0)).items():
                self._account.book("speculation", model, wasted, people, estimated=True)
        book, parts = self._account.book, by_model(usage)
        costs = [book(kind, model, part, people, estimated=estimated) for model, part in parts.items()]
        cost = None if None in costs else sum(filter(None, costs), Decimal(0))
        return (cost + own_words if cost is not None and own_words is not None else None), estimated

    def usage(self, answer: Answer) -> Usage:
        """Return what the server says an answer used, or an estimate."""
        done = answer.reply.done
        return done.usage if done else self._services.engine.estimate(answer.request, answer.reply.seconds)

    def charge_unheard(self, answer: Answer) -> tuple[Decimal | None, bool]:
        """Book an answer that nobody heard: a preemptive one that did not fit, or one that was withdrawn."""
        return self.charge_answer(answer, "speculation")

    def reserve_words(self, utterance: Utterance, ahead: Reservation | None = None) -> Reservation:
        """Hold back what writing an utterance down costs, until `transcribed`, if the budget allows it.

        `ahead`: what is held back for it already.
        """
        reservation = ahead or self._reserve_transcript(utterance)
        self.news.announce(reservation)
        if reservation.open:
            self._transcribing[utterance.id] = reservation, self._services.clock()
        else:
            self._unpaid.append(utterance.id)
        return reservation

    def reserve_ahead(self, utterance: Utterance) -> Reservation | None:
        """Hold back what a transcription costs that may be of no use; None: money is short. Settle or hand it on."""
        reservation = self._reserve_transcript(utterance, tell=False)
        if reservation.allowance is Allowance.FULL:
            return reservation
        self._account.settle(reservation)
        return None

    async def may_write_own_words(self, utterance: Utterance, turn: Turn) -> bool:
        """Return whether the budget allows an answer without words to be written down; hold its price back."""
        usage = {self._services.transcribe_model: self._transcript_usage(utterance)}
        reservation = self._account.reserve(turn.people, usage, tell=False)
        self._own_words[turn.id] = reservation, Decimal(0)
        with suppress(BudgetSpent):
            await self._account.hold(reservation)
        return reservation.open

    def own_words_written(self, heard: Heard, turn: Turn) -> None:
        """Book what it cost to write an answer down."""
        self._own_words[turn.id] = self._own_words[turn.id][0], self._book_transcript(heard, turn.people)

    def refused(self, utterance: Utterance, reservation: Reservation) -> None:
        """Note that an utterance is not written down, since other processes hold what is left; tell people, once."""
        self._unpaid.append(utterance.id)
        if self._account.tell_refusal(reservation):
            self.news.spent(reservation.refusal)

    def unpaid(self, utterance: Utterance) -> bool:
        """Return whether the budget did not allow an utterance to be written down."""
        return utterance.id in self._unpaid

    def transcribed(self, utterance: Utterance, heard: Heard | None) -> None:
        """Book a transcription; None: it failed."""
        reservation: Reservation | None = None
        if begun := self._transcribing.pop(utterance.id, None):
            reservation, since = begun
            while len(self._transcribed) >= REMEMBERED_UTTERANCES:
                self._transcribed.pop(next(iter(self._transcribed)))
            self._transcribed[utterance.id] = since, self._services.clock()
        if heard:
            self._book_transcript(heard, (heard.user_id,))
        self._account.settle(reservation)

    def not_transcribed(self, utterance_id: int) -> None:
        """Release what was held back for a transcription that was cancelled."""
        if begun := self._transcribing.pop(utterance_id, None):
            self._account.settle(begun[0])

    def transcript_wasted(self, utterance: Utterance) -> None:
        """Book a transcription that was of no use."""
        usage = self._transcript_usage(utterance)
        people = (utterance.user_id,)
        self._account.book("speculation", self._services.transcribe_model, usage, people, estimated=True)

    def transcribed_all(self) -> None:
        """No transcript will come any more."""
        for reservation, _ in self._transcribing.values():
            self._account.settle(reservation)
        self._transcribing.clear()

    def transcription_times(self, utterance: Utterance) -> tuple[float, float] | None:
        """Return when the transcription of an utterance began and ended, in seconds on the call's clock."""
        return self._transcribed.get(utterance.id)

    def _book_transcript(self, heard: Heard, people: tuple[int, ...]) -> Decimal | None:
        usage = Usage(audio_in=round(heard.seconds * tokens.AUDIO_IN_PER_SECOND))
        model, usage = heard.by or (self._services.transcribe_model, usage)
        return self._account.book("transcription", model, usage, people)

    def _own_words_cost(self, turn_id: int) -> Decimal | None:
        """Return what it cost to write an answer down: US dollars, None if unknown."""
        reservation, cost = self._own_words.pop(turn_id, (None, Decimal(0)))
        self._account.settle(reservation)
        return cost

    def _reserve_transcript(self, utterance: Utterance, *, tell: bool = True) -> Reservation:
        usage = {self._services.transcribe_model: self._transcript_usage(utterance)}
        return self._account.reserve((utterance.user_id,), usage, tell=tell)

    @staticmethod
    def _transcript_usage(utterance: Utterance) -> Usage:
        return Usage(audio_in=tokens.of_speech(utterance.pcm))


class Readings:
    """What it costs to read aloud what people write."""

    def __init__(self, account: Account, announce: Callable[[Reservation], None]) -> None:
        self._account = account
        self._announce = announce

    @asynccontextmanager
    async def paid_by(
        self, user_id: int, expected: Mapping[str, Usage]
    ) -> AsyncGenerator[Callable[[str, Usage, bool], None] | None, None]:
        """Hold back what a line costs its writer, and give what books it; None: the budget allows no sound.

        Raises BudgetSpent.
        """
        account = self._account
        reservation = account.reserve((user_id,), expected)
        self._announce(reservation)

        def book(model: str, usage: Usage, estimated: bool) -> None:
            account.book("reading", model, usage, (user_id,), estimated=estimated)

        try:
            if reservation.allowance < Allowance.TEXT:
                await account.hold(reservation)
            yield book if reservation.allowance < Allowance.TEXT else None
        finally:
            account.settle(reservation)
