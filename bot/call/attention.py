"""Whether what was said is meant for the bot, or tells it to be quiet: talk/addressing.py with what the call knows."""

from collections.abc import Callable, Mapping, Sequence

from bot.call.settings import CallSettings
from bot.ports import Venue
from bot.talk.addressing import Addressed, LastAddressed, addressed, is_stop
from bot.types import Utterance

STOP_SHORTER = 1.0
"""Seconds of speech below which it may be "stop"."""
STOP_SHORTER_AFTER = 1.5
"""The same, within STOP_AFTER of the bot's words."""
STOP_AFTER = 2.0
"""Seconds after the bot fell silent in which "stop" is likely to come."""


class Attention:
    """One call's."""

    def __init__(self, venue: Venue, settings: Callable[[], CallSettings]) -> None:
        self._venue = venue
        self._settings = settings
        self._last_answer: LastAddressed | None = None

    def answered(self, people: frozenset[int], now: float) -> None:
        """Be told whom the bot answered, when it falls silent."""
        self._last_answer = LastAddressed(people, now)

    def meant(self, utterances: Sequence[Utterance], words: Mapping[int, str | None]) -> Addressed:
        """Decide about a turn; `words` are known by utterance id."""
        spoken = [(utterance.user_id, words.get(utterance.id)) for utterance in utterances]
        began = min((utterance.started_at for utterance in utterances), default=0.0)
        people = len(self._venue.people())
        return addressed(self._settings().answering, self._names(), people, spoken, self._last_answer, began)

    def is_stop(self, text: str | None) -> bool:
        """Return whether these words ask for silence and for nothing else."""
        return bool(text) and is_stop(text or "", self._names())

    def may_be_stop(self, utterance: Utterance) -> bool:
        """Return whether it is short enough to be "stop"."""
        recent = self._last_answer and utterance.started_at < self._last_answer.at + STOP_AFTER
        return utterance.voiced < (STOP_SHORTER_AFTER if recent else STOP_SHORTER)

    def _names(self) -> tuple[str, ...]:
        return (self._venue.bot_name, *self._settings().aliases)
