"""The floor: who may speak, seen from the bot, which lets everyone else go first.

The policy, in the order it is applied:

* The bot never begins while a human speaks. Utterances of everyone are gathered until all are done, then answered as
  one turn.
* Who has not agreed to be heard holds the floor by packet timing (unheard.py), ducks the bot, and never stops it: a
  keyboard sends packets too.
* Somebody who begins while the answer is made, or within 300 ms of its first sound, wins (`Yield`): the bot keeps its
  answer to itself and answers again, to both. At most twice a turn; then it insists, or it would never speak.
* Speech over the bot ducks it at 200 ms and stops it at 500 ms; if it ends before, the bot resumes and that sound is
  not answered.
* Where several people leave no gap, the bot takes the first moment in which all of them pause once something has
  waited for 10 s. What waits is bounded: the oldest falls out (`Dismiss`), so four people who never stop cost neither
  memory nor an endless request.
* While all pause and have probably finished, the request may be prepared (`Prepare`) and is confirmed by an `Answer`
  with the same utterance ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.audio import HEAR_RATE, seconds
from bot.talk.decisions import BargeIn, Decision, Dismiss, DropPreemptive, Duck, Preempt, Respond, Resume, Yield
from bot.talk.preemptive import PreemptivePolicy, began
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.talk.unconsented import Unconsented
from bot.types import CallState, Utterance


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """Seconds, unless said otherwise."""

    duck: float = 0.2
    "overlapping speech that ducks the bot"
    barge_in: float = 0.5
    "overlapping speech that stops it; the same length of packets by somebody unheard ducks it"
    together: float = 0.3
    "who begins this soon after the bot, wins"
    yields: int = 2
    "times the bot yields in one turn"
    patience: float = 10.0
    "waiting time after which a pause of everyone is enough"
    waiting_seconds: float = 120.0
    "sound that may wait for an answer"
    waiting_count: int = 32
    "utterances that may wait for an answer"
    speculation: bool = True
    "whether Prepare is ever decided"


STALE = 5.0
"""Seconds after which an answer that never came cannot be yielded any more."""


class Floor:
    """Pure state over everyone in the call; `step` once per tick."""

    def __init__(self, settings: FloorSettings | None = None) -> None:
        self._settings = settings or FloorSettings()
        self._open: dict[int, SpeechStarted] = {}
        self._paused: set[int] = set()
        self._unheard = Unconsented()
        self._speculation = PreemptivePolicy()
        self._waiting: list[Utterance] = []
        self._waiting_since = 0.0
        self._answered: tuple[Utterance, ...] = ()
        "the last turn, while it may still be yielded"
        self._answered_at = 0.0
        self._yielded: frozenset[int] = frozenset()
        "utterance ids of the turn that was yielded last"
        self._yields = 0
        self._cut_in = False
        "the last turn was answered while all paused, not when all had finished"
        self._ducked = False
        self._cut: float | None = None
        "playing_since of the playback that was told to fall silent"
        self.crowded_out = 0
        "utterances dropped because too much waited"

    @property
    def speculating(self) -> bool:
        """Whether a Prepare may be decided; set it to False under budget pressure."""
        return self._speculation.allowed and self._settings.speculation

    @speculating.setter
    def speculating(self, allowed: bool) -> None:
        self._speculation.allowed = allowed

    @property
    def clear(self) -> bool:
        """Whether the bot may begin to sound now. An answer that is ready while this is False must be held back."""
        breath = self._all_pause and (self._insists or self._cut_in)
        return not self._unheard.holding and (breath or not self._open)

    def took(self, utterances: Sequence[Utterance]) -> None:
        """Be told what the call now makes an answer to; only that comes again after a Yield.

        It may have joined several Answers, left out what was not meant for it, or answer something typed. Until told,
        the last Answer is taken for it.
        """
        self._answered = tuple(utterances)

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

        `talking`: people whose packets arrive. `voiced_for`: seconds of current speech of everyone who is heard; who
        is missing there is known by `talking` alone. `playing_since`: when the answer began to sound, None before.
        """
        decisions: list[Decision] = []
        self._unheard.step(now, talking - voiced_for.keys())
        ended = self._note(now, events, voiced_for)
        if state is not CallState.LISTENING:
            self._drop_prepared(decisions)
        if state is CallState.SPEAKING and playing_since is not None:
            self._overlap(now, ended, voiced_for, playing_since, decisions)
        else:
            self._ducked = False
            self._wait(now, ended)
        if state is CallState.THINKING:
            self._while_thinking(voiced_for, decisions)
        elif state is CallState.LISTENING:
            self._while_listening(now, humans, decisions)
        self._bound(decisions)
        return decisions

    def _note(self, now: float, events: Sequence[SpeechEvent], heard: Mapping[int, float]) -> list[Utterance]:
        """Follow who speaks; return the utterances that ended."""
        ended: list[Utterance] = []
        for event in events:
            self._speculation.note(event, now)
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
            del self._open[user_id]  # withdrew, or was forgotten: no event tells
        self._paused &= self._open.keys()
        self._speculation.keep(self._open.keys())
        return ended

    def _wait(self, now: float, utterances: Sequence[Utterance]) -> None:
        if utterances and not self._waiting:
            self._waiting_since = now
        self._waiting = sorted((*self._waiting, *utterances), key=began)

    def _while_listening(self, now: float, humans: int, decisions: list[Decision]) -> None:
        if self._waiting and humans == 0:
            decisions.append(Dismiss(tuple(self._waiting), "nobody_left"))
            self._waiting = []
        if now - self._answered_at > STALE:
            self._answered = ()
        if self._waiting and not self._unheard.holding and (not self._open or self._may_cut_in(now)):
            self._answer(now, decisions)
            return
        if self._unheard.holding or not self._all_pause:
            self._drop_prepared(decisions)
        if self.speculating and self._open and not self._unheard.holding and self._all_pause:
            turn = self._speculation.propose(now, self._waiting)
            if turn:
                decisions.append(Preempt(turn))

    def _drop_prepared(self, decisions: list[Decision]) -> None:
        if self._speculation.prepared is not None:
            self._speculation.drop()
            decisions.append(DropPreemptive())

    def _answer(self, now: float, decisions: list[Decision]) -> None:
        turn = tuple(self._waiting)
        if self._speculation.prepared != _ids(turn):
            self._drop_prepared(decisions)
        if self._yielded.isdisjoint(_ids(turn)):
            self._yields = 0
        self._speculation.confirmed()
        self._answered, self._answered_at = turn, now
        self._cut_in = bool(self._open)
        self._waiting = []
        decisions.append(Respond(turn))

    def _may_cut_in(self, now: float) -> bool:
        people = self._open.keys() | {utterance.user_id for utterance in self._waiting}
        return self._all_pause and len(people) > 1 and now - self._waiting_since >= self._settings.patience

    def _while_thinking(self, voiced_for: Mapping[int, float], decisions: list[Decision]) -> None:
        for user_id in self._open:
            if voiced_for[user_id] >= self._settings.duck and self._give_way(user_id, decisions):
                return

    def _overlap(
        self,
        now: float,
        ended: Sequence[Utterance],
        voiced_for: Mapping[int, float],
        playing_since: float,
        decisions: list[Decision],
    ) -> None:
        settings = self._settings
        cut = self._cut == playing_since
        over = [u for u in ended if u.started_at > playing_since and u.voiced < settings.barge_in and not cut]
        if over:
            decisions.append(Dismiss(tuple(over), "backchannel"))
        self._wait(now, [utterance for utterance in ended if utterance not in over])
        if cut:
            return
        soon = playing_since + settings.together
        together = [user for user, start in self._open.items() if start.at <= soon and user not in self._paused]
        together += [user for user, since in self._unheard.holding.items() if playing_since <= since <= soon]
        if together and self._give_way(together[0], decisions):
            self._cut = playing_since
            return
        user_id, longest = max(voiced_for.items(), key=lambda item: item[1], default=(0, 0.0))
        if longest >= settings.barge_in:
            self._cut = playing_since
            self._ducked = False
            self._answered = ()
            decisions.append(BargeIn(user_id))
            return
        unheard = any(now - since >= settings.barge_in for since in self._unheard.holding.values())
        if not self._ducked and (longest >= settings.duck or unheard):
            self._ducked = True
            decisions.append(Duck())
        elif self._ducked and longest == 0 and not unheard:
            self._ducked = False
            decisions.append(Resume())

    def _give_way(self, user_id: int, decisions: list[Decision]) -> bool:
        if self._insists or not self._answered:
            return False
        self._yields += 1
        self._yielded = frozenset(_ids(self._answered))
        self._waiting = sorted((*self._answered, *self._waiting), key=began)
        self._answered = ()
        decisions.append(Yield(user_id))
        return True

    def _bound(self, decisions: list[Decision]) -> None:
        dropped: list[Utterance] = []
        length = sum(seconds(utterance.pcm, HEAR_RATE) for utterance in self._waiting)
        while self._waiting and (
            length > self._settings.waiting_seconds or len(self._waiting) > self._settings.waiting_count
        ):
            oldest = self._waiting.pop(0)
            length -= seconds(oldest.pcm, HEAR_RATE)
            dropped.append(oldest)
        if dropped:
            self.crowded_out += len(dropped)
            decisions.append(Dismiss(tuple(dropped), "crowded_out"))

    @property
    def _insists(self) -> bool:
        return self._yields >= self._settings.yields

    @property
    def _all_pause(self) -> bool:
        return self._open.keys() <= self._paused


def _ids(utterances: Sequence[Utterance]) -> tuple[int, ...]:
    return tuple(utterance.id for utterance in utterances)
