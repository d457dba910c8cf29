"""Words that ask for silence and for nothing else: waited for before an answer sounds, obeyed, never answered."""

from collections import deque
from collections.abc import Sequence

from bot.call.attention import Attention
from bot.call.transcripts import Transcripts
from bot.types import Turn, Utterance

WITHIN = 1.5
"""Seconds for which the sound of an answer waits for words that may be "stop"."""
REMEMBERED = 32


class StopWords:
    """One call's."""

    def __init__(self, attention: Attention, transcripts: Transcripts) -> None:
        self._attention = attention
        self._transcripts = transcripts
        self._doubtful: int | None = None
        "utterance whose words may be that"
        self._doubt_until = 0.0
        self._asked: deque[int] = deque(maxlen=REMEMBERED)
        "utterances whose words were that"

    def doubt(self, turn: Turn) -> None:
        """Before the answer to this turn: were its last words perhaps no question?"""
        self._doubtful = None
        last = turn.utterances[-1] if turn.utterances and not turn.typed else None
        if last and self._attention.may_be_stop(last) and self._transcripts.pending(last.id):
            self._doubtful, self._doubt_until = last.id, turn.closed_at + WITHIN

    def waits(self, now: float) -> bool:
        """Whether the answer must not sound yet."""
        return self._doubtful is not None and now < self._doubt_until

    def heard(self, utterance: Utterance, text: str | None) -> bool:
        """Take the words of an utterance, None if there are none; return whether they ask for silence."""
        if utterance.id == self._doubtful:
            self._doubtful = None
        if not self._attention.is_stop(text):
            return False
        self._asked.append(utterance.id)
        return True

    def obeyed(self, utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
        """Return what is still to be answered, and what is not: whatever was said before silence was asked for."""
        last = max((u.started_at for u in utterances if u.id in self._asked), default=None)
        if last is None:
            return list(utterances), []
        return [u for u in utterances if u.started_at > last], [u for u in utterances if u.started_at <= last]
