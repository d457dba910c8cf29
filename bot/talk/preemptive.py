"""When to send a preemptive request (before the silence is over), and with which utterances."""

import math
from collections.abc import Sequence, Set

from bot.audio import HEAR_RATE, seconds
from bot.talk.speech_events import SpeechEvent, SpeechPaused
from bot.talk.waiting import speaking_order
from bot.types import Utterance

MAX_PREEMPTIVE_REQUESTS = 2
"""Preemptive requests for one turn; each may be wasted."""
MAX_PREEMPTIVE_SECONDS = 15.0
"""Speech worth sending twice."""
MAX_RISKED_REQUESTS = 2
"""Beside these, requests for one turn that may be sent where an end is only possible."""


class PreemptivePolicy:
    """The state of one turn's guess: who may be done and since when, what was requested, how often."""

    def __init__(self) -> None:
        self.requested: tuple[int, ...] | None = None
        "utterance ids of the open preemptive request"
        self._requests = self._risked = 0
        self._paused: dict[int, tuple[Utterance | None, float, float]] = {}
        "who paused: what they said, from when on they are likely done, and from when on possibly"

    def note(self, event: SpeechEvent, now: float) -> None:
        """Follow who pauses."""
        if isinstance(event, SpeechPaused):
            likely, possible = (
                now + (math.inf if done is None else done) - event.silence
                for done in (event.likely_done, event.possibly_done)
            )
            self._paused[event.user_id] = event.utterance, likely, possible
        else:
            self._paused.pop(event.user_id, None)

    def keep_only(self, speakers: Set[int]) -> None:
        """Forget everybody who no longer speaks."""
        for user_id in self._paused.keys() - speakers:
            del self._paused[user_id]

    def next_request(self, now: float, waiting: Sequence[Utterance], *, risk: bool = False) -> tuple[Utterance, ...]:
        """Return the turn to request now, while all speakers pause; empty if it is too soon or not worth it.

        `risk`: ask also where an end is only possible.
        """
        paused = [one for one in self._paused.values() if one[0]]
        sure = self._requests < MAX_PREEMPTIVE_REQUESTS and all(now >= likely for _, likely, _ in paused)
        risk = risk and self._risked < MAX_RISKED_REQUESTS and all(now >= possible for *_, possible in paused)
        if self.requested is not None or not (sure or risk):
            return ()
        turn = [*waiting, *(utterance for utterance, *_ in paused if utterance)]
        if not turn or sum(seconds(utterance.pcm, HEAR_RATE) for utterance in turn) > MAX_PREEMPTIVE_SECONDS:
            return ()
        turn.sort(key=speaking_order)
        self._requests += sure
        self._risked += not sure
        self.requested = tuple(utterance.id for utterance in turn)
        return tuple(turn)

    def drop(self) -> None:
        """The turn did not end there."""
        self.requested = None

    def turn_ended(self) -> None:
        """The turn is closed, and its request is used; the next turn has its own number of requests."""
        self.requested = None
        self._requests = self._risked = 0
