"""Closes an answer: what it cost, what was heard of it, what people and the model remember of it."""

import math
from collections import deque
from decimal import Decimal

import structlog

from bot.billing import tokens
from bot.billing.account import Account
from bot.billing.budget import Allowance, Reservation
from bot.call.answer import Answer
from bot.call.counters import TurnTimes
from bot.call.display import Display
from bot.call.record import Record
from bot.call.services import Services
from bot.call.shown import Notice, Trouble
from bot.call.verdicts import Verdicts, reason
from bot.errors import BotError, BudgetSpent, Incomplete
from bot.ports import Venue
from bot.store.outbox import Outbox
from bot.talk.heard_words import SpeakingRate, words_heard
from bot.types import ChargeKind, Heard, Playout, Spoken, Usage, Utterance

log = structlog.get_logger(__name__)

REMEMBERED = 100
"""Utterances whose times are known until the answer to them is over."""
TOLD_FOR = 5.0
"""Seconds for which that counts as told: words and the answer to them are refused at once."""
NOTHING = Playout(played=0.0, total=0.0, interrupted=False)


class Accounts:
    """The accounts of one call."""

    def __init__(
        self, venue: Venue, record: Record, display: Display, outbox: Outbox, verdicts: Verdicts, services: Services
    ) -> None:
        self.account = Account(
            services.budget,
            venue.guild_id,
            venue.channel_id,
            services.wall,
            services.tally.charged,
            lambda charge: outbox.add(venue.guild_id, venue.channel_id, charge),
        )
        self.turns = 0
        self._record = record
        self._display = display
        self._verdicts = verdicts
        self._services = services
        self._rate = SpeakingRate()
        self._transcribing: dict[int, tuple[Reservation, float]] = {}
        "utterance id -> what its transcription may cost, and since when it is on its way"
        self._told_off = -math.inf
        "when people were last told that nothing is left, in seconds on the call's clock"
        self._unpaid: deque[int] = deque(maxlen=REMEMBERED)
        "utterances the budget did not allow to be written down"
        self._written: dict[int, tuple[float, float]] = {}
        "utterance id -> from when to when it was written down; the last REMEMBERED"

    @property
    def cost(self) -> Decimal:
        """US dollars of this call, as far as prices are known."""
        return self.account.cost

    def words_so_far(self, reply: Answer) -> str:
        """Return the words of an answer that were heard by now."""
        return self._words(reply, reply.played)

    def may_transcribe(self, utterance: Utterance) -> bool:
        """Whether the budget allows an utterance to be written down; what it costs is held back until `transcribed`."""
        reservation = self._reserve_transcript(utterance)
        self.announce(reservation)
        if not reservation.open:
            self._unpaid.append(utterance.id)
        else:
            self._transcribing[utterance.id] = reservation, self._services.clock()
        return reservation.open

    def unpaid(self, utterance: Utterance) -> bool:
        """Whether the budget did not allow an utterance to be written down."""
        return utterance.id in self._unpaid

    def may_transcribe_ahead(self, utterance: Utterance) -> bool:
        """Whether the budget leaves room for a transcription that may be of no use."""
        reservation = self._reserve_transcript(utterance, tell=False)
        self.account.settle(reservation)
        return reservation.allowance is Allowance.FULL

    def transcript_wasted(self, utterance: Utterance) -> None:
        """Book a transcription that was begun ahead and of no use."""
        usage = self._transcript_usage(utterance)
        people = (utterance.user_id,)
        self.account.book("speculation", self._services.transcribe_model, usage, people, estimated=True)

    def transcribed(self, utterance: Utterance, heard: Heard | None) -> None:
        """Book a transcription; None: it failed."""
        if begun := self._transcribing.pop(utterance.id, None):
            reservation, since = begun
            self.account.settle(reservation)
            while len(self._written) >= REMEMBERED:
                self._written.pop(next(iter(self._written)))
            self._written[utterance.id] = since, self._services.clock()
        if heard:
            usage = Usage(audio_in=round(heard.seconds * tokens.AUDIO_IN_PER_SECOND))
            self.account.book("transcription", self._services.transcribe_model, usage, (heard.user_id,))

    def transcribed_all(self) -> None:
        """No transcript will come any more."""
        for reservation, _ in self._transcribing.values():
            self.account.settle(reservation)
        self._transcribing.clear()

    def refused(self) -> None:
        """Tell people that the budget does not allow an answer: nobody who asks is left without a sign."""
        self._tell_off()

    def announce(self, reservation: Reservation) -> None:
        """Tell people, once, what the budget does not allow any more."""
        match reservation.news:
            case Allowance.SHORT:
                self._display.show(Notice("budget_short"))
            case Allowance.TEXT:
                self._display.show(Notice("budget_text"))
            case Allowance.OFF:
                self._tell_off()

    def _tell_off(self) -> None:
        now = self._services.clock()
        if now >= self._told_off + TOLD_FOR:
            self._told_off = now
            self._display.show(Trouble(BudgetSpent()))

    def dropped(self, reply: Answer) -> None:
        """Book an answer that nobody heard: a speculation that did not hold, or one that came too late."""
        self._charge(reply, "speculation")

    def tell(self, reply: Answer, error: BotError) -> None:
        """Tell people, once, what an answer failed of."""
        if not reply.told:
            reply.told = True
            self._display.show(Trouble(error))

    def close(self, reply: Answer) -> None:
        """Book an answer that is over, remember what was heard of it, and tell people what failed."""
        if reply.reservation is None:
            return
        if reply.withdrawn:
            self.dropped(reply)
            self._strike_out(reply)
            return
        cost, estimated = self._charge(reply, "reply")
        playout = reply.playout or NOTHING
        error = reply.error or (None if reply.streamed or reply.text or playout.interrupted else Incomplete())
        if error:
            self.tell(reply, error)
        spoken = reply.streamed > 0
        interrupted = playout.interrupted or (error is not None and spoken)
        text = self._words(reply, playout.played) if interrupted else reply.text
        self._judge(reply, playout, error)
        self._measure(reply, playout, error, cost)
        if not text:
            self._strike_out(reply, cost, estimated)
            return
        if spoken and not interrupted:
            self._rate.learn(reply.text, playout.total)
        self.turns += 1
        line = Spoken(reply.turn.id, text, playout.played, cost, estimated, interrupted, spoken, reply.turn.people)
        self._record.answered(line, reply.done, self._services.clock() if reply.began is None else reply.began)

    def _strike_out(self, reply: Answer, cost: Decimal | None = None, estimated: bool = False) -> None:
        """Mark the line of an answer that sounded, though no word of it was heard out: it may be up already."""
        if reply.began is not None:
            played = reply.playout.played if reply.playout else 0.0
            line = Spoken(reply.turn.id, "", played, cost, estimated, interrupted=True)
            self._record.answered(line, None, reply.began)

    def _measure(self, reply: Answer, playout: Playout, error: BotError | None, cost: Decimal | None) -> None:
        """Count how the turn went, and log it without a word of what was said."""
        turn, services = reply.turn, self._services
        transcribed = (self._written.get(utterance.id) for utterance in turn.utterances)
        times = TurnTimes(
            turn=turn.id,
            model=services.model,
            outcome=error.code if error else "interrupted" if playout.interrupted else "answered",
            spoke_until=max((u.ended_at for u in turn.utterances if u.ended_at is not None), default=None),
            closed=turn.closed_at,
            asked=reply.asked,
            arrived=reply.arrived,
            streamed=reply.ended,
            began=reply.began,
            over=services.clock(),
            played=playout.played,
            transcribed=tuple(times for times in transcribed if times),
            usage=reply.done.usage if reply.done else None,
            cost=cost,
        )
        stages = times.stages()
        services.tally.turns[times.outcome] += 1
        services.tally.staged(**stages)
        shown = {stage: round(max(0.0, value), 3) for stage, value in stages.items() if value is not None}
        log.info("turn_closed", turn=turn.id, outcome=times.outcome, **shown)
        if services.trace:
            services.trace(times)

    def _reserve_transcript(self, utterance: Utterance, *, tell: bool = True) -> Reservation:
        cost = self.account.price({self._services.transcribe_model: self._transcript_usage(utterance)})
        return self.account.reserve((utterance.user_id,), cost, tell=tell)

    @staticmethod
    def _transcript_usage(utterance: Utterance) -> Usage:
        return Usage(audio_in=tokens.of_speech(utterance.pcm))

    def _words(self, reply: Answer, played: float) -> str:
        ended = reply.done is not None or reply.error is not None
        return words_heard(reply.text, played, reply.streamed, ended, self._rate.value)

    def _judge(self, reply: Answer, playout: Playout, error: BotError | None) -> None:
        for utterance in reply.turn.utterances:
            if error:
                self._verdicts.judge(utterance, "model_error", **reason(error))
            elif playout.interrupted and not playout.played:
                self._verdicts.judge(utterance, "stopped")
            else:
                self._verdicts.judge(utterance, "answered")

    def _charge(self, reply: Answer, kind: ChargeKind) -> tuple[Decimal | None, bool]:
        self.account.settle(reply.reservation)
        if reply.error and not reply.streamed and not reply.text:
            return Decimal(0), False
        estimated = reply.done is None or reply.done.estimated
        engine, model = self._services.engine, self._services.model
        usage = reply.done.usage if reply.done else engine.estimate(reply.request, reply.streamed)
        people = reply.turn.people
        for _ in range(reply.done.discarded if reply.done else 0):
            asked = engine.estimate(reply.request, 0.0)
            self.account.book("speculation", model, asked, people, estimated=True)
        return self.account.book(kind, model, usage, people, estimated=estimated), estimated
