"""The interpreter: what is said in a call is said again in another language, utterance by utterance."""

from collections.abc import Sequence

from bot.types import Turn, Utterance

MAX_SPOKEN_QUEUE = 2
"""Utterances that may wait to be said. What stands before them is only written, so that the voice catches up."""


class Interpreter:
    """What one call interprets; pure."""

    def __init__(self) -> None:
        self.languages: tuple[str, ...] = ()
        "BCP 47, two or three; empty: off"

    @property
    def on(self) -> bool:
        return bool(self.languages)

    def choose(self, languages: Sequence[str]) -> bool:
        """Say each utterance again in another of these languages (BCP 47); empty: answer again.

        Return whether it interpreted before.
        """
        before, self.languages = self.on, tuple(languages)
        return before

    def turn(self, number: int, channel_id: int, utterance: Utterance, waiting: int, now: float) -> Turn:
        """Return one utterance as a turn to interpret, while `waiting` others stand behind it."""
        written = waiting > MAX_SPOKEN_QUEUE
        return Turn(number, channel_id, (utterance,), now, languages=self.languages, written=written)
