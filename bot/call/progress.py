"""Shows an answer's words while it sounds, below the words it answers."""

from bot.call.answer import Answer
from bot.call.display import Display
from bot.call.outcomes import Outcomes
from bot.call.transcripts import Transcripts

LOOK_INTERVAL_SECONDS = 0.2
"""Messages are edited less often."""
QUESTION_WAIT_SECONDS = 3.0
"""Seconds for which the bot's words are not shown while those they answer are not written down."""


class AnswerProgress:
    """The words of the answer on its way that people see already."""

    def __init__(self, display: Display, outcomes: Outcomes, transcripts: Transcripts) -> None:
        self._display = display
        self._outcomes = outcomes
        self._transcripts = transcripts
        self._shown = ""
        self._look_at = 0.0

    def begin(self) -> None:
        """Another answer is on its way."""
        self._shown, self._look_at = "", 0.0

    def show(self, answer: Answer, now: float) -> None:
        """Show what was heard by now, unless what it answers is still being written down."""
        if answer.began_at is None or now < self._look_at:
            return
        self._look_at = now + LOOK_INTERVAL_SECONDS
        ids = [utterance.id for utterance in answer.turn.utterances]
        early = bool(answer.turn.languages) and not all(map(self._transcripts.begun, ids))
        awaited = early or any(map(self._transcripts.pending, ids))
        words = self._outcomes.words_so_far(answer)
        if words != self._shown and (not awaited or now - answer.began_at >= QUESTION_WAIT_SECONDS):
            self._shown = words
            self._display.show_progress(answer.turn.id, words)
