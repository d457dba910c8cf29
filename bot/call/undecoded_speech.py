"""What was said and could not be heard: by people who have not agreed, and under keys that the bot has not."""

from collections import Counter
from collections.abc import Mapping, Set

from bot.types import Verdict

CALM = 1.0
"""Seconds without a lost packet after which a stretch of them is over."""


class UndecodedSpeech:
    """Gives each such stretch its verdict once it is over."""

    def __init__(self) -> None:
        self._unheard: dict[int, float] = {}
        "who talks without consent -> since when"
        self._lost: Counter[int] = Counter()
        "packets of a person that no key opened"
        self._lost_at: dict[int, tuple[float, float]] = {}
        "their first and their newest, seconds on the call's clock"

    def step(self, now: float, unheard: Set[int], unopened: Mapping[int, int]) -> list[Verdict]:
        """Take one tick: who talks without consent, and how many more packets of whom no key opened."""
        for user_id in unheard - self._unheard.keys():
            self._unheard[user_id] = now
        for user_id, count in unopened.items():
            self._lost[user_id] += count
            self._lost_at[user_id] = self._lost_at.get(user_id, (now, now))[0], now
        silent = [
            Verdict(0, user_id, since, "no_consent", {"seconds": round(now - since, 2)})
            for user_id, since in self._unheard.items()
            if user_id not in unheard
        ]
        shut = [
            Verdict(0, user_id, since, "undecryptable", {"count": self._lost[user_id]})
            for user_id, (since, last) in self._lost_at.items()
            if now - last >= CALM
        ]
        for verdict in silent:
            del self._unheard[verdict.user_id]
        for verdict in shut:
            del self._lost[verdict.user_id], self._lost_at[verdict.user_id]
        return silent + shut
