"""What waits for an answer: the utterances of the next turn, in the order people began to speak; bounded."""

from collections.abc import Iterable

from bot.audio import HEAR_RATE, seconds
from bot.types import Utterance


def speaking_order(utterance: Utterance) -> tuple[float, int]:
    """Sort key: the order in which people began to speak."""
    return utterance.started_at, utterance.id


class WaitingUtterances:
    """The utterances of the next turn."""

    def __init__(self, max_seconds: float, max_count: int) -> None:
        """`max_seconds` of sound and `max_count` utterances may wait."""
        self._max_seconds = max_seconds
        self._max_count = max_count
        self.utterances: tuple[Utterance, ...] = ()
        self.since = 0.0
        "when the first of them was added, seconds on the call's clock"

    def add(self, now: float, utterances: Iterable[Utterance]) -> None:
        added = tuple(utterances)
        if added and not self.utterances:
            self.since = now
        self.put_back(added)

    def put_back(self, utterances: Iterable[Utterance]) -> None:
        """Add utterances that waited before: they do not wait from now."""
        self.utterances = tuple(sorted((*self.utterances, *utterances), key=speaking_order))

    def take_all(self) -> tuple[Utterance, ...]:
        taken, self.utterances = self.utterances, ()
        return taken

    def drop(self, user_id: int) -> tuple[Utterance, ...]:
        """Drop a person's utterances, and return them."""
        dropped = tuple(utterance for utterance in self.utterances if utterance.user_id == user_id)
        self.utterances = tuple(utterance for utterance in self.utterances if utterance.user_id != user_id)
        return dropped

    def drop_excess(self) -> tuple[Utterance, ...]:
        """Drop the oldest utterances beyond the bounds, and return them."""
        kept = list(self.utterances)
        length = sum(seconds(utterance.pcm, HEAR_RATE) for utterance in kept)
        dropped: list[Utterance] = []
        while kept and (length > self._max_seconds or len(kept) > self._max_count):
            oldest = kept.pop(0)
            length -= seconds(oldest.pcm, HEAR_RATE)
            dropped.append(oldest)
        if dropped:
            self.utterances = tuple(kept)
        return tuple(dropped)
