"""Closes an answer: the line that people and the model remember of it, its verdicts, its times, what it failed of."""

from decimal import Decimal

import structlog

from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.context import CallContext
from bot.call.counters import TurnTimes
from bot.call.record import Record
from bot.call.reply_stream import PastAnswer, ReplyStream
from bot.call.verdicts import reason, uses
from bot.errors import BotError, BudgetSpent, EngineError
from bot.talk.heard_words import SpeakingRate, words_heard
from bot.types import Playout, Spoken

log = structlog.get_logger(__name__)

NOTHING_HEARD = Playout(played=0.0, total=0.0, interrupted=False)


class Outcomes:
    """What came of the answers of one call."""

    def __init__(self, context: CallContext, record: Record, accounts: Accounts) -> None:
        self.turns = 0
        "answers that were heard or read"
        self._services = context.services
        self._verdicts = context.verdicts
        self._record = record
        self._accounts = accounts
        self._rate = SpeakingRate()

    def words_so_far(self, answer: Answer) -> str:
        """Return the words of an answer that were heard by now."""
        return self.words_at(answer, answer.played)

    def words_at(self, answer: Answer, played: float) -> str:
        """Return the words of an answer that were heard after `played` seconds of it."""
        return self.words_of(answer.reply, played)

    def words_of(self, reply: ReplyStream | PastAnswer, played: float) -> str:
        """Return the words of a reply that were heard after `played` seconds of it."""
        # Of an answer that is spoken clause by clause it is known which were heard; of the last, a share.
        at, since = max((one for one in reply.clauses if one[1] < played), default=(0, 0.0))
        ends = [one for one in reply.clauses if one[0] > at]
        end, until = ends[0] if ends else (len(reply.text), reply.seconds)
        whole = bool(ends) or reply.complete
        last = words_heard(reply.text[at:end], played - since, until - since, whole, self._rate.value)
        return (reply.text[:at] + last).rstrip()

    def close(self, answer: Answer) -> None:
        """Book an answer that is over, remember what was heard of it, and tell people what failed."""
        reply = answer.reply
        if answer.reservation is None:
            return
        if answer.withdrawn:
            self._strike_out(answer, *self._accounts.charge_unheard(answer))
            return
        cost, estimated = self._accounts.charge_answer(answer)
        playout = answer.playout or NOTHING_HEARD
        error = answer.failure
        if untold := answer.untold_failure():
            self._accounts.news.failed(untold)
        spoken = reply.seconds > 0
        interrupted = playout.interrupted or (error is not None and spoken)
        text = self.words_at(answer, playout.played) if interrupted else reply.text
        self._judge(answer, playout, error)
        self._measure(answer, playout, error, cost)
        if not text:
            self._strike_out(answer, cost, estimated)
            return
        if spoken and not interrupted:
            self._rate.learn(reply.text, playout.total)
        self.turns += 1
        line = Spoken(
            answer.turn.id,
            text,
            playout.played,
            cost,
            estimated,
            interrupted,
            spoken,
            answer.turn.people,
            tools=tuple(dict.fromkeys(use.name for use in reply.tools)),
            tokens=self._accounts.usage(answer).tokens,
        )
        began_at = self._services.clock() if answer.began_at is None else answer.began_at
        # Ticks that are late stay behind the clock: an answer must not come to stand above what it answers.
        self._record.answered(line, reply.done, max(began_at, answer.turn.closed_at))

    def _strike_out(self, answer: Answer, cost: Decimal | None, estimated: bool) -> None:
        """Mark the line of an answer that sounded, though no whole word of it was heard: people may see it already."""
        if answer.began_at is not None:
            played = answer.playout.played if answer.playout else 0.0
            line = Spoken(answer.turn.id, "", played, cost, estimated, interrupted=True)
            self._record.answered(line, None, answer.began_at)

    def _judge(self, answer: Answer, playout: Playout, error: BotError | None) -> None:
        used = uses(answer.reply.tools)
        for utterance in answer.turn.utterances:
            if isinstance(error, BudgetSpent):
                self._verdicts.judge(utterance, "over_budget", **used)
            elif error:
                self._verdicts.judge(utterance, "model_error", **reason(error), **used)
            elif playout.interrupted and not playout.played:
                self._verdicts.judge(utterance, "stopped", **used)
            else:
                self._verdicts.judge(utterance, "interpreted" if answer.turn.languages else "answered", **used)

    def _measure(self, answer: Answer, playout: Playout, error: BotError | None, cost: Decimal | None) -> None:
        """Count how the turn went, and log it without a word of what was said."""
        turn, reply, services = answer.turn, answer.reply, self._services
        transcriptions = (self._accounts.transcription_times(utterance) for utterance in turn.utterances)
        times = TurnTimes(
            turn=turn.id,
            model=services.model,
            outcome=error.code if error else "interrupted" if playout.interrupted else "answered",
            spoke_until=max((u.ended_at for u in turn.utterances if u.ended_at is not None), default=None),
            closed=turn.closed_at,
            asked=reply.asked_at,
            arrived=answer.arrived_at,
            streamed=reply.ended_at,
            began=answer.began_at,
            over=services.clock(),
            played=playout.played,
            transcribed=tuple(times for times in transcriptions if times),
            usage=reply.done.usage if reply.done else None,
            cost=cost,
            blamed=error.blamed if isinstance(error, EngineError) else None,
        )
        stages = times.stages()
        services.counters.turns[times.outcome] += 1
        services.counters.staged(**stages)
        shown = {stage: round(max(0.0, value), 3) for stage, value in stages.items() if value is not None}
        log.info("turn_closed", turn=turn.id, outcome=times.outcome, **shown)
        if services.trace:
            services.trace(times)
