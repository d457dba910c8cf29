"""When to send a preemptive request (before the silence is over), and with which utterances."""

from collections.abc import Sequence, Set

from bot.audio import HEAR_RATE, seconds
from bot.talk.speech_events import SpeechEvent, SpeechPaused
from bot.talk.waiting import speaking_order
from bot.types import Utterance

MAX_PREEMPTIVE_REQUESTS = 2
"""Preemptive requests for one turn; each may be wasted."""
MAX_PREEMPTIVE_SECONDS = 15.0
"""Speech worth sending twice."""


class PreemptivePolicy:
    """The state of one turn's guess: who may be done and since when, what was requested, how often."""

    def __init__(self) -> None:
        self.requested: tuple[int, ...] | None = None
        "utterance ids of the open preemptive request"
        self._requests = 0
        self._paused: dict[int, tuple[Utterance | None, float | None]] = {}
        "who paused: what they said, and from when on they are likely done"

    def note(self, event: SpeechEvent, now: float) -> None:
        """Follow who pauses."""
        if isinstance(event, SpeechPaused):
            likely = None if event.likely_done is None else now + event.likely_done - event.silence
            self._paused[event.user_id] = event.utterance, likely
        else:
            self._paused.pop(event.user_id, None)

    def keep_only(self, speakers: Set[int]) -> None:
        """Forget everybody who no longer speaks."""
        for user_id in self._paused.keys() - speakers:
            del self._paused[user_id]

    def next_request(self, now: float, waiting: Sequence[Utterance]) -> tuple[Utterance, ...]:
        """Return the turn to request now, while all speakers pause; empty if it is too soon or not worth it."""
        if self.requested is not None or self._requests >= MAX_PREEMPTIVE_REQUESTS:
            return ()
        if any(utterance and (likely is None or now < likely) for utterance, likely in self._paused.values()):
            return ()
        turn = [*waiting, *(utterance for utterance, _ in self._paused.values() if utterance)]
        if not turn or sum(seconds(utterance.pcm, HEAR_RATE) for utterance in turn) > MAX_PREEMPTIVE_SECONDS:
            return ()
        turn.sort(key=speaking_order)
        self._requests += 1
        self.requested = tuple(utterance.id for utterance in turn)
        return tuple(turn)

    def drop(self) -> None:
        """The turn did not end there."""
        self.requested = None

    def turn_ended(self) -> None:
        """The turn is closed, and its request is used; the next turn has its own number of requests."""
        self.requested = None
        self._requests = 0
