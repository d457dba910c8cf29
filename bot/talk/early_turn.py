"""The one utterance that is answered while its end is only likely; whoever speaks on takes that back."""

import math
from collections.abc import Callable, Mapping, Sequence

from bot.talk.speech_events import SpeechEvent, SpeechPaused
from bot.types import Utterance

EARLY_SECONDS = 0.24
"""Silence after which such an answer may sound, where this speaker's pauses allow it."""
SPOKE_ON_SECONDS = 0.1
"""Speech after that which shows that there was no end; a breath is shorter."""


class EarlyTurn:
    """At most one such utterance."""

    def __init__(self) -> None:
        self.hurry: Callable[[Utterance], bool] = lambda _: False
        "whether what was probably said to its end may be answered at once"
        self.wanted: Callable[[], bool] = lambda: False
        "whether people wait for nothing but that: the request for it may be sent sooner, at the risk of more waste"
        self._answered: Utterance | None = None
        self._silent: dict[int, tuple[Utterance | None, float]] = {}
        "person -> what they said until they paused, and from when on that may be answered"

    @property
    def answering(self) -> bool:
        """Whether an utterance is being answered that may still go on."""
        return self._answered is not None

    def note(self, event: SpeechEvent, now: float) -> None:
        """Follow who pauses."""
        if isinstance(event, SpeechPaused):
            likely = math.inf if event.likely_done is None else event.likely_done
            self._silent[event.user_id] = event.utterance, now - event.silence + max(EARLY_SECONDS, likely)
        else:
            self._silent.pop(event.user_id, None)

    def due(self, now: float, requested: tuple[int, ...] | None) -> Utterance | None:
        """Return the utterance that may be answered now, if an answer to it alone was `requested`; None: not yet."""
        if len(self._silent) != 1 or requested is None:
            return None
        [(utterance, ready_at)] = self._silent.values()
        ready = utterance and requested == (utterance.id,) and now >= ready_at
        return utterance if ready else None

    def begin(self, utterance: Utterance) -> tuple[()]:
        """An utterance is being answered that is still open. Return what of it can be yielded: nothing."""
        self._answered = utterance
        return ()

    def forget(self, user_id: int) -> None:
        """A person is not to be heard any more."""
        self._silent.pop(user_id, None)
        if self._answered and self._answered.user_id == user_id:
            self._answered = None

    def end(
        self, ended: Sequence[Utterance], open_: Mapping[int, object], voiced_for: Mapping[int, float]
    ) -> tuple[list[Utterance], int | None]:
        """Return the utterances that are still to be answered, and who spoke on (None: nobody), once a tick."""
        early = self._answered
        if early is None:
            return list(ended), None
        user_id = early.user_id
        whole = next((utterance for utterance in ended if utterance.id == early.id), None)
        if whole is None and user_id in open_ and voiced_for.get(user_id, 0.0) < SPOKE_ON_SECONDS:
            return list(ended), None
        self._answered = None
        if whole is None or whole.voiced - early.voiced >= SPOKE_ON_SECONDS:
            return list(ended), user_id
        return [utterance for utterance in ended if utterance is not whole], None
