"""Whether people address the bot: applies talk/addressing.py to the state of a call."""

from collections.abc import Callable, Mapping, Sequence

from bot.call.settings import CallSettings
from bot.ports import Venue
from bot.talk.addressing import Addressed, LastAddressed, addressed
from bot.types import Typed, Utterance


class Attention:
    """Decides for one call whether a turn addresses the bot."""

    def __init__(self, venue: Venue, settings: Callable[[], CallSettings]) -> None:
        self._venue = venue
        self._settings = settings
        self._last_answer: LastAddressed | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names the bot answers to."""
        return (self._venue.bot_name, *self._settings().aliases)

    @property
    def silent_since(self) -> float | None:
        """When the last answer ended, in seconds on the call's clock; None: no answer yet."""
        return self._last_answer.at if self._last_answer else None

    def answered(self, people: frozenset[int], now: float) -> None:
        """Record whom the bot answered. Called when the answer ends."""
        self._last_answer = LastAddressed(people, now)

    def meant(self, typed: Typed) -> bool:
        """Whether something written in the room addresses the bot."""
        mode, people, said = self._settings().answering, len(self._venue.people()), [(typed.user_id, typed.text)]
        return addressed(mode, self.names, people, said, self._last_answer, typed.at).yes

    def judge(self, utterances: Sequence[Utterance], words: Mapping[int, str | None]) -> Addressed:
        """Decide whether a turn addresses the bot. `words`: utterance id -> transcript, as far as known."""
        spoken = [(utterance.user_id, words.get(utterance.id)) for utterance in utterances]
        began = min((utterance.started_at for utterance in utterances), default=0.0)
        people = len(self._venue.people())
        return addressed(self._settings().answering, self.names, people, spoken, self._last_answer, began)
