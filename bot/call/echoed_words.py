"""What the bot itself said lately, and when: to find it again in what people are thought to have said."""

from collections import deque
from collections.abc import Callable

from bot.call.answer import Answer
from bot.call.reply_stream import PastAnswer, ReplyStream
from bot.talk.echo_words import without_echo
from bot.types import Utterance

MAX_REMEMBERED_ANSWERS = 4
"""Newest answers whose words are compared."""
WORD_TIMING_SECONDS = 0.3
"""How far the time of a word is off, as it is known from its place in the text."""


class EchoedWords:
    """The bot's words in one call."""

    def __init__(self, words_of: Callable[[ReplyStream | PastAnswer, float], str]) -> None:
        """`words_of` gives the words of a reply that were heard after so many seconds of it."""
        self._words_of = words_of
        self._answer: Answer | None = None
        self._past: deque[PastAnswer] = deque(maxlen=MAX_REMEMBERED_ANSWERS)

    def begin(self, answer: Answer) -> None:
        """An answer is on its way."""
        self._answer = answer

    def end(self) -> None:
        """It is over."""
        answer, self._answer = self._answer, None
        if answer is None or answer.began_at is None:
            return
        reply, people = answer.reply, frozenset(answer.turn.people)
        what = reply.text, reply.seconds, tuple(reply.clauses), reply.complete
        self._past.append(PastAnswer(people, answer.began_at, answer.played, *what))

    def forget(self, user_id: int | None = None) -> None:
        """Forget what somebody was answered; None: all answers. An answer on its way is not touched."""
        kept = (one for one in self._past if user_id is not None and user_id not in one.people)
        self._past = deque(kept, maxlen=MAX_REMEMBERED_ANSWERS)

    def taken_out(self, text: str, utterance: Utterance) -> str:
        """Return the words of an utterance that are a person's own; "" if none are."""
        ended_at = utterance.started_at + utterance.voiced if utterance.ended_at is None else utterance.ended_at
        return without_echo(text, self._between(utterance.started_at - WORD_TIMING_SECONDS, ended_at))

    def _between(self, start: float, end: float) -> str:
        """Return what the bot said between two times, in seconds on the call's clock."""
        replies: list[tuple[ReplyStream | PastAnswer, float | None, float]]
        replies = [(past, past.began_at, past.played) for past in self._past]
        if self._answer:
            replies.append((self._answer.reply, self._answer.began_at, self._answer.played))
        parts: list[str] = []
        for reply, began_at, played in replies:
            if began_at is None:
                continue
            first, last = max(0.0, start - began_at), min(played, end - began_at)
            if first < last:
                before = len(self._words_of(reply, first))
                parts.append(self._words_of(reply, last)[before:])
        return " ".join(parts)
