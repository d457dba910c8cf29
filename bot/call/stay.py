"""How long a call has a reason to go on."""

EMPTY_FOR = 60.0
"""Seconds after the last human left."""
IDLE_FOR = 900.0
"""Seconds in which nobody said a word."""


class Stay:
    """Remembers when there was last somebody, and when somebody last said something. Seconds on the call's clock."""

    def __init__(self, now: float) -> None:
        self._people_seen = self._last_word = now

    def word(self, at: float) -> None:
        """Somebody said or asked something, or the bot speaks."""
        self._last_word = at

    def over(self, now: float, people: bool) -> str | None:
        """Return the notice to leave with, if it is time; `people`: whether anybody is there."""
        if people:
            self._people_seen = now
        if now - self._people_seen >= EMPTY_FOR:
            return "left_empty"
        return "left_idle" if now - self._last_word >= IDLE_FOR else None
