"""What the bot itself said lately, and when: to find it again in what people are thought to have said."""

from collections import deque
from collections.abc import Callable

from bot.call.answer import Answer
from bot.talk.echo_words import without_echo
from bot.types import Utterance

MAX_REMEMBERED_ANSWERS = 4
"""Newest answers whose words are compared."""
WORD_TIMING_SECONDS = 0.3
"""How far the time of a word is off, as it is known from its place in the text."""


class EchoedWords:
    """The bot's words in one call."""

    def __init__(self, words_at: Callable[[Answer, float], str]) -> None:
        """`words_at` gives the words of an answer that were heard after so many seconds of it."""
        self._words_at = words_at
        self._answers: deque[Answer] = deque(maxlen=MAX_REMEMBERED_ANSWERS)

    def begin(self, answer: Answer) -> None:
        """An answer is on its way."""
        self._answers.append(answer)

    def taken_out(self, text: str, utterance: Utterance) -> str:
        """Return the words of an utterance that are a person's own; "" if none are."""
        ended_at = utterance.started_at + utterance.voiced if utterance.ended_at is None else utterance.ended_at
        return without_echo(text, self._between(utterance.started_at - WORD_TIMING_SECONDS, ended_at))

    def _between(self, start: float, end: float) -> str:
        """Return what the bot said between two times, in seconds on the call's clock."""
        parts: list[str] = []
        for answer in self._answers:
            if answer.began_at is None:
                continue
            first, last = max(0.0, start - answer.began_at), min(answer.played, end - answer.began_at)
            if first < last:
                before = len(self._words_at(answer, first))
                parts.append(self._words_at(answer, last)[before:])
        return " ".join(parts)
