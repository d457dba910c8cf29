"""People who have not agreed to be heard: packet timing alone tells that they talk."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

MAX_HOLD_SECONDS = 15.0
"""Longest time one of them may hold the floor: an open microphone sends without end."""
HOLD_RESET_SECONDS = 2.0
"""Seconds without a packet after which they may hold it again."""
NEW_HOLD_GAP_SECONDS = 0.3
"""Seconds without a packet after which they have stopped, and a new hold begins."""


@dataclass(slots=True)
class _Hold:
    since: float
    last: float
    "time of the newest packet"
    spent: float = 0.0
    "seconds held so far"


class Unconsented:
    """Which of them hold the floor."""

    def __init__(self, counts: Counter[str]) -> None:
        """`counts` gets unconsented_released: holds that ended because they lasted too long."""
        self._counts = counts
        self._holds: dict[int, _Hold] = {}
        self.holding: dict[int, float] = {}
        "who holds the floor now, and since when (seconds on the call's clock)"

    def step(self, now: float, talking: Set[int]) -> None:
        """Take one tick: `talking` are those whose packets arrive at `now`."""
        self.holding = {}
        for user_id in talking:
            hold = self._holds.setdefault(user_id, _Hold(now, now))
            if now - hold.last > NEW_HOLD_GAP_SECONDS:
                hold.since = now
            before = hold.spent
            hold.spent += min(now - hold.last, 0.1)
            hold.last = now
            if hold.spent < MAX_HOLD_SECONDS:
                self.holding[user_id] = hold.since
            elif before < MAX_HOLD_SECONDS:
                self._counts["unconsented_released"] += 1
        self._holds = {user: hold for user, hold in self._holds.items() if now - hold.last < HOLD_RESET_SECONDS}
