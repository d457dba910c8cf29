"""How long a call has a reason to go on."""

EMPTY_FOR = 60.0
"""Seconds after the last human left."""
IDLE_FOR = 900.0
"""Seconds in which nobody said a word."""
EMPTY_SOON, IDLE_SOON = 30.0, 60.0
"""Seconds before either at which people are told."""


class IdleTimer:
    """Remembers when there was last somebody, and when somebody last said something. Seconds on the call's clock."""

    def __init__(self, now: float) -> None:
        self._people_seen = self._last_word = now
        self._told = False
        "that it is about to leave"

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

    def soon(self, now: float) -> str | None:
        """Return the notice that it is about to leave, once until there is a reason to stay."""
        empty = now - self._people_seen >= EMPTY_FOR - EMPTY_SOON
        idle = now - self._last_word >= IDLE_FOR - IDLE_SOON
        told, self._told = self._told, empty or idle
        if told or not self._told:
            return None
        return "leaving_empty" if empty else "leaving_idle"
