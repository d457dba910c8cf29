"""The floor: who may speak, seen from the bot, which lets everyone else go first.

The policy, in the order it is applied:

* The bot never begins while a human speaks. It gathers everyone's utterances until all are done, then answers them as
  one turn.
* Whoever has not agreed to be heard holds the floor by packet timing (unconsented.py) and ducks the bot, but never
  stops it: a keyboard sends packets too.
* Somebody who begins while the answer is made, or within 300 ms of its first sound, wins (`Yield`): the bot drops its
  answer and answers again, to both. It yields at most twice a turn; then it insists, or it would never speak.
* Speech over the bot ducks it at 200 ms and stops it at 500 ms (barge-in). If the speech ends before that, the bot
  resumes and does not answer it.
* Where several people leave no gap, the bot takes the first moment in which all of them pause once something has
  waited for 10 s. What waits is bounded: the oldest is dropped (`Dismiss`), so four people who never stop cost neither
  memory nor an endless request.
* While all pause and have probably finished, the bot may ask the model ahead (`Preempt`); a `Respond` with the same
  utterance ids confirms that request.
* An interpreter does not wait until the end is certain (early_turn.py): it answers in the pause, and falls silent
  (`Yield`) for whoever speaks on, to answer the whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from bot.talk.decisions import BargeIn, Decision, Dismiss, DropPreemptive, Duck, Preempt, Respond, Resume, Yield
from bot.talk.early_turn import EarlyTurn
from bot.talk.preemptive import PreemptivePolicy
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.talk.unconsented import Unconsented
from bot.talk.waiting import WaitingUtterances
from bot.types import CallState, Utterance


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """Seconds, unless said otherwise."""

    duck_after: float = 0.2
    "overlapping speech that ducks the bot"
    barge_in_after: float = 0.5
    "overlapping speech that stops it; the same length of packets by somebody unconsented ducks it"
    collision: float = 0.3
    "whoever begins this soon after the bot wins"
    max_yields: int = 2
    "times the bot yields in one turn"
    patience: float = 10.0
    "waiting time after which a pause of everyone is enough"
    max_waiting_seconds: float = 120.0
    "sound that may wait for an answer"
    max_waiting_count: int = 32
    "utterances that may wait for an answer"
    preemptive: bool = True
    "whether Preempt is ever decided"


STALE_ANSWER_SECONDS = 5.0
"""An answer that has not come by then can no longer be yielded."""


class Floor:
    """Pure state over everyone in the call; `step` once per tick."""

    def __init__(self, settings: FloorSettings | None = None, counts: Counter[str] | None = None) -> None:
        """`counts` gets unconsented_released."""
        self.settings = settings = settings or FloorSettings()
        self._open: dict[int, SpeechStarted] = {}
        self._paused: set[int] = set()
        self.unconsented = Unconsented(Counter() if counts is None else counts)
        self.early, self._preemptive = EarlyTurn(), PreemptivePolicy()
        self._waiting = WaitingUtterances(settings.max_waiting_seconds, settings.max_waiting_count)
        self._answered: tuple[Utterance, ...] = ()
        "the last turn, while it may still be yielded"
        self._answered_at = 0.0
        self._yielded: frozenset[int] = frozenset()
        "utterance ids of the turn that was yielded last"
        self._yields, self.ducked = 0, False
        self._answered_in_pause = False
        "the last turn was answered while all paused, not after all had finished"
        self._silenced: float | None = None
        "playing_since of the playback that was told to fall silent"

    @property
    def clear(self) -> bool:
        """Whether the bot may begin to sound now. Hold back an answer that is ready while this is False."""
        in_pause = self._all_pause and (self._yields >= self.settings.max_yields or self._answered_in_pause)
        return not self.unconsented.holding and (in_pause or not self._open)

    @property
    def deciding(self) -> bool:
        """Whether all are silent, and the moment may come to answer what they said."""
        return self._all_pause and (bool(self._waiting.utterances) or self._preemptive.requested is not None)

    def note_answering(self, utterances: Sequence[Utterance]) -> None:
        """Note what the call is making an answer to; only that waits again after a Yield.

        It may join turns, leave some out, or answer something typed. Until then the floor assumes the last Respond.
        """
        self._answered = tuple(utterances)

    def withdraw(self, user_id: int) -> tuple[Utterance, ...]:
        """Forget somebody who is not to be heard any more; return what they said that waited for the floor."""
        self._open.pop(user_id, None)
        self.early.forget(user_id)
        self._preemptive.keep_only(self._open.keys())
        self._answered = tuple(utterance for utterance in self._answered if utterance.user_id != user_id)
        return self._waiting.drop(user_id)

    def step(
        self,
        now: float,
        events: Sequence[SpeechEvent],
        talking: frozenset[int],
        voiced_for: Mapping[int, float],
        state: CallState,
        humans: int,
        playing_since: float | None,
    ) -> list[Decision]:
        """Take one tick and decide.

        `talking`: people whose packets arrive. `voiced_for`: seconds of current speech of everyone who is heard; the
        floor knows the others by `talking` alone. `playing_since`: when the answer began to sound, None before.
        """
        decisions: list[Decision] = []
        self.unconsented.step(now, talking - voiced_for.keys(), playing_since if state is CallState.SPEAKING else None)
        ended, spoke_on = self.early.end(self._note(now, events, voiced_for), self._open, voiced_for)
        if spoke_on is not None and state is not CallState.LISTENING:
            decisions.append(Yield(spoke_on))
        if state is not CallState.LISTENING:
            self._drop_preemptive(decisions)
        if state is CallState.SPEAKING and playing_since is not None:
            self._overlap(now, ended, voiced_for, playing_since, decisions)
        else:
            self.ducked = False
            self._waiting.add(now, ended)
        if state is CallState.THINKING:
            self._while_thinking(voiced_for, decisions)
        elif state is CallState.LISTENING:
            self._while_listening(now, humans, decisions)
        if dropped := self._waiting.drop_excess():
            decisions.append(Dismiss(dropped, "crowded_out"))
        return decisions

    def _note(self, now: float, events: Sequence[SpeechEvent], heard: Mapping[int, float]) -> list[Utterance]:
        """Follow who speaks; return the utterances that ended."""
        ended: list[Utterance] = []
        for event in events:
            self._preemptive.note(event, now)
            self.early.note(event, now)
            match event:
                case SpeechStarted(user_id):
                    self._open[user_id] = event
                case SpeechPaused(user_id):
                    self._paused.add(user_id)
                case SpeechResumed(user_id):
                    self._paused.discard(user_id)
                case Spoke(utterance):
                    ended.append(utterance)
                    if utterance.ended_by != "length":
                        self._open.pop(utterance.user_id, None)
                case Discarded(verdict):
                    self._open.pop(verdict.user_id, None)
        for user_id in self._open.keys() - heard.keys():
            del self._open[user_id]  # withdrew, or was forgotten: no event says so
        self._paused &= self._open.keys()
        self._preemptive.keep_only(self._open.keys())
        return ended

    def _while_listening(self, now: float, humans: int, decisions: list[Decision]) -> None:
        if humans == 0 and (unanswered := self._waiting.take_all()):
            decisions.append(Dismiss(unanswered, "nobody_left"))
        if now - self._answered_at > STALE_ANSWER_SECONDS:
            self._answered = ()
        waiting, held = self._waiting.utterances, bool(self.unconsented.holding)
        several = len(self._open.keys() | {utterance.user_id for utterance in waiting}) > 1
        in_pause = several and self._all_pause and now - self._waiting.since >= self.settings.patience
        if waiting and not held and (not self._open or in_pause):
            self._respond(now, decisions)
            return
        if held or not self._all_pause:
            self._drop_preemptive(decisions)
        elif not waiting and (early := self.early.due(now, self._preemptive.requested)) and self.early.hurry(early):
            self._preemptive.turn_ended()
            self._answered, self._answered_in_pause = self.early.begin(early), True
            decisions.append(Respond((early,)))
        elif self.settings.preemptive and self._open:
            turn = self._preemptive.next_request(now, waiting, risk=self.early.wanted())
            decisions += [Preempt(turn)] if turn else []

    def _drop_preemptive(self, decisions: list[Decision]) -> None:
        if self._preemptive.requested is not None:
            self._preemptive.drop()
            decisions.append(DropPreemptive())

    def _respond(self, now: float, decisions: list[Decision]) -> None:
        turn = self._waiting.take_all()
        if self._preemptive.requested != _ids(turn):
            self._drop_preemptive(decisions)
        if self._yielded.isdisjoint(_ids(turn)):
            self._yields = 0
        self._preemptive.turn_ended()
        self._answered, self._answered_at, self._answered_in_pause = turn, now, bool(self._open)
        decisions.append(Respond(turn))

    def _while_thinking(self, voiced_for: Mapping[int, float], decisions: list[Decision]) -> None:
        for user_id in self._open.keys() - self._paused:
            if voiced_for[user_id] >= self.settings.duck_after and self._yield_to(user_id, decisions):
                return

    def _overlap(
        self,
        now: float,
        ended: Sequence[Utterance],
        voiced_for: Mapping[int, float],
        playing_since: float,
        decisions: list[Decision],
    ) -> None:
        """Decide about speech over the bot."""
        settings, silenced = self.settings, self._silenced == playing_since
        backchannel = tuple(
            u for u in ended if u.started_at > playing_since and u.voiced < settings.barge_in_after and not silenced
        )
        if backchannel:
            decisions.append(Dismiss(backchannel, "backchannel"))
        self._waiting.add(now, [utterance for utterance in ended if utterance not in backchannel])
        if silenced:
            return
        until = playing_since + settings.collision
        collided = [user for user, start in self._open.items() if start.at <= until and user not in self._paused]
        collided += [user for user, at in self.unconsented.holding.items() if playing_since <= at <= until]
        if collided and self._yield_to(collided[0], decisions):
            self._silenced = playing_since
            return
        longest, user_id = _longest(voiced_for, self._paused)
        if longest >= settings.barge_in_after:
            self._silenced, self.ducked, self._answered = playing_since, False, ()
            decisions.append(BargeIn(user_id))
            return
        unconsented = any(now - since >= settings.barge_in_after for since in self.unconsented.holding.values())
        if not self.ducked and (longest >= settings.duck_after or unconsented):
            self.ducked = True
            decisions.append(Duck())
        elif self.ducked and not any(voiced_for.values()) and not unconsented:
            self.ducked = False
            decisions.append(Resume())

    def _yield_to(self, user_id: int, decisions: list[Decision]) -> bool:
        if self._yields >= self.settings.max_yields or not self._answered:
            return False
        self._yields += 1
        self._yielded = frozenset(_ids(self._answered))
        self._waiting.put_back(self._answered)
        self._answered = ()
        decisions.append(Yield(user_id))
        return True

    @property
    def _all_pause(self) -> bool:
        return self._open.keys() <= self._paused


def _ids(utterances: Sequence[Utterance]) -> tuple[int, ...]:
    return tuple(utterance.id for utterance in utterances)


def _longest(voiced_for: Mapping[int, float], paused: Set[int]) -> tuple[float, int]:
    """Return the longest run of speech that goes on, and whose; a run outlasts the pause after it for a moment."""
    return max(((seconds, user) for user, seconds in voiced_for.items() if user not in paused), default=(0.0, 0))
