"""When to ask the model before the silence is over, and with what."""

from collections.abc import Sequence, Set

from bot.audio import HEAR_RATE, seconds
from bot.talk.speech_events import SpeechEvent, SpeechPaused
from bot.types import Utterance

TRIES = 2
"""Requests that may be thrown away for one turn."""
LONGEST = 15.0
"""Seconds of speech worth sending twice."""


def began(utterance: Utterance) -> tuple[float, int]:
    """Sort key: the order in which people began to speak."""
    return utterance.started_at, utterance.id


class PreemptivePolicy:
    """The state of one turn's guess: who may be done and since when, what was prepared, how often."""

    def __init__(self) -> None:
        self.allowed = True
        self.prepared: tuple[int, ...] | None = None
        "utterance ids of the request that is out"
        self._tries = 0
        self._done: dict[int, tuple[Utterance | None, float | None]] = {}
        "who paused: what they said, and from when on they are likely done"

    def note(self, event: SpeechEvent, now: float) -> None:
        if isinstance(event, SpeechPaused):
            likely = None if event.likely_done is None else now + event.likely_done - event.silence
            self._done[event.user_id] = event.utterance, likely
        else:
            self._done.pop(event.user_id, None)

    def keep(self, speakers: Set[int]) -> None:
        """Forget who is not speaking any more."""
        for user_id in self._done.keys() - speakers:
            del self._done[user_id]

    def propose(self, now: float, waiting: Sequence[Utterance]) -> tuple[Utterance, ...]:
        """Return the turn to prepare now, all speakers having paused; empty if it is too soon or not worth it."""
        if self.prepared is not None or self._tries >= TRIES:
            return ()
        if any(utterance and (likely is None or now < likely) for utterance, likely in self._done.values()):
            return ()
        said = [*waiting, *(utterance for utterance, _ in self._done.values() if utterance)]
        if not said or sum(seconds(utterance.pcm, HEAR_RATE) for utterance in said) > LONGEST:
            return ()
        said.sort(key=began)
        self._tries += 1
        self.prepared = tuple(utterance.id for utterance in said)
        return tuple(said)

    def drop(self) -> None:
        self.prepared = None

    def confirmed(self) -> None:
        """The turn is closed: what was prepared is used, and the next turn has its own tries."""
        self.prepared = None
        self._tries = 0
