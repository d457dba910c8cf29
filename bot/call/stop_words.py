"""Words that ask for silence and nothing else ("stop"): an answer waits for them and obeys them."""

from collections import deque
from collections.abc import Sequence

from bot.call.attention import Attention
from bot.call.transcripts import Transcripts
from bot.talk.addressing import is_stop
from bot.types import Turn, Utterance

MAX_STOP_SECONDS = 1.0
"""Seconds of speech below which it may be "stop"."""
MAX_STOP_SECONDS_AFTER_ANSWER = 1.5
"""The same, within STOP_EXPECTED_SECONDS of the bot's words."""
STOP_EXPECTED_SECONDS = 2.0
"""Seconds after the bot fell silent in which "stop" is likely."""
STOP_WORDS_WAIT_SECONDS = 1.5
"""Seconds for which an answer holds its sound back until it is known whether the words are "stop"."""
REMEMBERED_STOPS = 32
"""Utterances of which it is known that they were "stop"."""


class StopWords:
    """The stop words of one call."""

    def __init__(self, attention: Attention, transcripts: Transcripts) -> None:
        self._attention = attention
        self._transcripts = transcripts
        self._awaited: int | None = None
        'id of the utterance whose words may be "stop"'
        self._wait_until = 0.0
        self._stops: deque[int] = deque(maxlen=REMEMBERED_STOPS)
        "ids of the utterances that were"

    def is_stop(self, text: str | None) -> bool:
        """Return whether these words ask for silence and nothing else."""
        return bool(text) and is_stop(text or "", self._attention.names)

    def may_be_stop(self, utterance: Utterance) -> bool:
        """Return whether an utterance is short enough to be "stop"."""
        since = self._attention.silent_since
        recent = since is not None and utterance.started_at < since + STOP_EXPECTED_SECONDS
        return utterance.voiced < (MAX_STOP_SECONDS_AFTER_ANSWER if recent else MAX_STOP_SECONDS)

    def expect(self, turn: Turn) -> None:
        """Before the answer to this turn: wait for its last words if they may be "stop" rather than a question."""
        self._awaited = None
        last = turn.utterances[-1] if turn.utterances and not turn.typed else None
        if last and self.may_be_stop(last) and self._transcripts.pending(last.id):
            self._awaited, self._wait_until = last.id, turn.closed_at + STOP_WORDS_WAIT_SECONDS

    def awaited(self, now: float) -> bool:
        """Whether the answer must not sound yet."""
        return self._awaited is not None and now < self._wait_until

    def heard(self, utterance: Utterance, text: str | None) -> bool:
        """Take the words of an utterance, None if there are none. Return whether they ask for silence."""
        if utterance.id == self._awaited:
            self._awaited = None
        if not self.is_stop(text):
            return False
        self._stops.append(utterance.id)
        return True

    def split_at_stop(self, utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
        """Return what is still to be answered, and what is not: all that was said up to the last "stop"."""
        last = max((u.started_at for u in utterances if u.id in self._stops), default=None)
        if last is None:
            return list(utterances), []
        return [u for u in utterances if u.started_at > last], [u for u in utterances if u.started_at <= last]
