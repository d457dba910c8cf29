"""The money of one call: what the budget allows, what is held back for it, and what it did cost."""

import math
from collections import deque
from decimal import Decimal

from bot.billing import tokens
from bot.billing.account import Account
from bot.billing.budget import Allowance, Reservation
from bot.call.answer import Answer
from bot.call.context import CallContext
from bot.call.shown import Notice, Trouble
from bot.errors import BudgetSpent
from bot.types import ChargeKind, Heard, ReplyRequest, Turn, Usage, Utterance

REMEMBERED_UTTERANCES = 100
"""Utterances whose transcription times, or refusals, are known until the answer to them is over."""
BUDGET_TROUBLE_SECONDS = 5.0
"""Seconds in which people are told once that nothing is left: words and the answer to them are refused at once."""


class Accounts:
    """The accounts of one call."""

    def __init__(self, context: CallContext) -> None:
        venue, services, outbox = context.venue, context.services, context.outbox
        self._services = services
        self._display = context.display
        self._account = Account(
            services.budget,
            venue.guild_id,
            venue.channel_id,
            services.wall,
            services.counters.charged,
            lambda charge: outbox.add(venue.guild_id, venue.channel_id, charge),
        )
        self._transcribing: dict[int, tuple[Reservation, float]] = {}
        "utterance id -> what its transcription may cost, and when it was begun"
        self._transcribed: dict[int, tuple[float, float]] = {}
        "utterance id -> when its transcription began and ended; the newest REMEMBERED_UTTERANCES"
        self._own_words: dict[int, tuple[Reservation, Decimal | None]] = {}
        "number of a turn whose answer is written down -> what is held back for that, and what it did cost"
        self._unpaid: deque[int] = deque(maxlen=REMEMBERED_UTTERANCES)
        "utterances that the budget did not allow to be written down"
        self._told_spent_at = -math.inf
        "when people were last told that nothing is left, in seconds on the call's clock"

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
        estimate = lambda seconds: {services.model: services.engine.estimate(request, seconds)}  # noqa: E731
        reservation = account.reserve(request.turn.people, estimate, tell=not preemptive)
        if preemptive and reservation.allowance is not Allowance.FULL:
            account.settle(reservation)
            return None
        if reservation.allowance is Allowance.OFF:
            self._tell_spent()  # always: nobody who asks is left without a sign
            return None
        self._announce(reservation)
        return reservation

    def charge_answer(self, answer: Answer, kind: ChargeKind = "reply") -> tuple[Decimal | None, bool]:
        """Book an answer. Return its price in US dollars, None if unknown, and whether it is estimated."""
        reply, request, people = answer.reply, answer.request, answer.turn.people
        self._account.settle(answer.reservation)
        own_words = self._own_words_cost(answer.turn.id)
        if reply.error and reply.empty:
            return Decimal(0), False
        estimated = reply.done is None or reply.done.estimated
        engine, model = self._services.engine, self._services.model
        usage = reply.done.usage if reply.done else engine.estimate(request, reply.seconds)
        for _ in range(reply.done.discarded if reply.done else 0):
            self._account.book("speculation", model, engine.estimate(request, 0.0), people, estimated=True)
        cost = self._account.book(kind, model, usage, people, estimated=estimated)
        return (cost + own_words if cost is not None and own_words is not None else None), estimated

    def charge_unheard(self, answer: Answer) -> tuple[Decimal | None, bool]:
        """Book an answer that nobody heard: a preemptive one that did not fit, or one that was withdrawn."""
        return self.charge_answer(answer, "speculation")

    def may_transcribe(self, utterance: Utterance) -> bool:
        """Return whether the budget allows an utterance to be written down; hold its price back until `transcribed`."""
        reservation = self._reserve_transcript(utterance)
        self._announce(reservation)
        if not reservation.open:
            self._unpaid.append(utterance.id)
        else:
            self._transcribing[utterance.id] = reservation, self._services.clock()
        return reservation.open

    def may_transcribe_ahead(self, utterance: Utterance) -> bool:
        """Return whether the budget leaves room for a transcription that may be of no use."""
        reservation = self._reserve_transcript(utterance, tell=False)
        self._account.settle(reservation)
        return reservation.allowance is Allowance.FULL

    def may_write_own_words(self, utterance: Utterance, turn: Turn) -> bool:
        """Return whether the budget allows an answer without words to be written down; hold its price back."""
        usage = {self._services.transcribe_model: self._transcript_usage(utterance)}
        reservation = self._account.reserve(turn.people, usage, tell=False)
        self._own_words[turn.id] = reservation, Decimal(0)
        return reservation.open

    def own_words_written(self, heard: Heard, turn: Turn) -> None:
        """Book what it cost to write an answer down."""
        usage = Usage(audio_in=round(heard.seconds * tokens.AUDIO_IN_PER_SECOND))
        cost = self._account.book("transcription", self._services.transcribe_model, usage, turn.people)
        self._own_words[turn.id] = self._own_words[turn.id][0], cost

    def unpaid(self, utterance: Utterance) -> bool:
        """Return whether the budget did not allow an utterance to be written down."""
        return utterance.id in self._unpaid

    def transcribed(self, utterance: Utterance, heard: Heard | None) -> None:
        """Book a transcription; None: it failed."""
        if begun := self._transcribing.pop(utterance.id, None):
            reservation, since = begun
            self._account.settle(reservation)
            while len(self._transcribed) >= REMEMBERED_UTTERANCES:
                self._transcribed.pop(next(iter(self._transcribed)))
            self._transcribed[utterance.id] = since, self._services.clock()
        if heard:
            usage = Usage(audio_in=round(heard.seconds * tokens.AUDIO_IN_PER_SECOND))
            self._account.book("transcription", self._services.transcribe_model, usage, (heard.user_id,))

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

    def _own_words_cost(self, turn_id: int) -> Decimal | None:
        """Return what it cost to write an answer down: US dollars, None if unknown."""
        reservation, cost = self._own_words.pop(turn_id, (None, Decimal(0)))
        self._account.settle(reservation)
        return cost

    def _announce(self, reservation: Reservation) -> None:
        """Tell people, once, what the budget does not allow any more, and what it counts for an unknown price."""
        if reservation.guessed:
            self._display.show(Notice("budget_guessed"))
        match reservation.news:
            case Allowance.SHORT:
                self._display.show(Notice("budget_short"))
            case Allowance.TEXT:
                self._display.show(Notice("budget_text"))
            case Allowance.OFF:
                self._tell_spent()

    def _tell_spent(self) -> None:
        now = self._services.clock()
        if now >= self._told_spent_at + BUDGET_TROUBLE_SECONDS:
            self._told_spent_at = now
            self._display.show(Trouble(BudgetSpent()))

    def _reserve_transcript(self, utterance: Utterance, *, tell: bool = True) -> Reservation:
        usage = {self._services.transcribe_model: self._transcript_usage(utterance)}
        return self._account.reserve((utterance.user_id,), usage, tell=tell)

    @staticmethod
    def _transcript_usage(utterance: Utterance) -> Usage:
        return Usage(audio_in=tokens.of_speech(utterance.pcm))
