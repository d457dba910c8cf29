"""When to leave a call that is empty or idle."""

EMPTY_TIMEOUT_SECONDS = 60.0
"""How long the bot stays after the last human left."""
IDLE_TIMEOUT_SECONDS = 900.0
"""How long the bot stays while nobody says anything."""
EMPTY_WARNING_SECONDS, IDLE_WARNING_SECONDS = 30.0, 60.0
"""How long before either timeout people are warned."""


class IdleTimer:
    """Remembers when somebody was last present and when somebody last spoke, in seconds on the call's clock."""

    def __init__(self, now: float) -> None:
        self._people_seen_at = self._last_activity_at = now
        self._warned = False
        "whether people know that the bot is about to leave"

    def activity(self, at: float) -> None:
        """Note that somebody spoke or wrote, or that the bot speaks."""
        self._last_activity_at = at

    def reason_to_leave(self, now: float, people: bool) -> str | None:
        """Return the code of the notice to leave with; None: stay. `people`: whether anybody is present."""
        if people:
            self._people_seen_at = now
        if now - self._people_seen_at >= EMPTY_TIMEOUT_SECONDS:
            return "left_empty"
        return "left_idle" if now - self._last_activity_at >= IDLE_TIMEOUT_SECONDS else None

    def warning(self, now: float) -> str | None:
        """Return the code of the warning that the bot is about to leave: once, until there is a reason to stay."""
        empty = now - self._people_seen_at >= EMPTY_TIMEOUT_SECONDS - EMPTY_WARNING_SECONDS
        idle = now - self._last_activity_at >= IDLE_TIMEOUT_SECONDS - IDLE_WARNING_SECONDS
        warned, self._warned = self._warned, empty or idle
        if warned or not self._warned:
            return None
        return "leaving_empty" if empty else "leaving_idle"
