"""People who have not agreed to be heard: that they talk is known from packet timing alone."""

from collections.abc import Set
from dataclasses import dataclass

LONGEST_HOLD = 15.0
"""Seconds one of them may hold the floor: an open microphone sends for ever."""
REST = 2.0
"""Seconds without a packet after which they may hold it anew."""
BREATH = 0.3
"""Seconds without a packet after which they have stopped and begun again."""


@dataclass(slots=True)
class _Hold:
    since: float
    last: float
    spent: float = 0.0


class Unconsented:
    """Who of them holds the floor."""

    def __init__(self) -> None:
        self._holds: dict[int, _Hold] = {}
        self.holding: dict[int, float] = {}
        "who holds the floor now, and since when (seconds on the call's clock)"
        self.released = 0
        "holds that ended because they lasted too long"

    def step(self, now: float, talking: Set[int]) -> None:
        """Take in whose packets arrive at `now`."""
        self.holding = {}
        for user_id in talking:
            hold = self._holds.setdefault(user_id, _Hold(now, now))
            if now - hold.last > BREATH:
                hold.since = now
            was = hold.spent
            hold.spent += min(now - hold.last, 0.1)
            hold.last = now
            if hold.spent < LONGEST_HOLD:
                self.holding[user_id] = hold.since
            elif was < LONGEST_HOLD:
                self.released += 1
        self._holds = {user: hold for user, hold in self._holds.items() if now - hold.last < REST}
