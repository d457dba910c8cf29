"""Speech the bot could not decode: from people without consent or not allowed, and packets it has no key for."""

from collections import Counter
from collections.abc import Mapping, Set

from bot.types import Verdict

LOSS_END_SECONDS = 1.0
"""A stretch of lost packets ends after this long without another one."""


class UndecodedSpeech:
    """Gives each stretch of undecoded speech a verdict once it ends."""

    def __init__(self) -> None:
        self._unheard_since: dict[int, float] = {}
        "person who talks and may not be heard -> since when, in seconds on the call's clock"
        self._lost: Counter[int] = Counter()
        "person -> packets that no key opened"
        self._lost_at: dict[int, tuple[float, float]] = {}
        "person -> times of their first and newest such packet, in seconds on the call's clock"

    def step(
        self, now: float, unheard: Set[int], unopened: Mapping[int, int], barred: Set[int] = frozenset()
    ) -> list[Verdict]:
        """Take one tick and return the verdicts on stretches that have ended.

        `unheard`: people who talk and may not be heard; `unopened`: each person's new packets that no key opened;
        `barred`: who may not be answered here, whether they agreed or not.
        """
        if not (unheard or unopened or self._unheard_since or self._lost):
            return []
        for user_id in unheard - self._unheard_since.keys():
            self._unheard_since[user_id] = now
        for user_id, count in unopened.items():
            self._lost[user_id] += count
            self._lost_at[user_id] = self._lost_at.get(user_id, (now, now))[0], now
        undecoded = [
            Verdict(0, user_id, since, outcome, {"seconds": round(now - since, 2)})
            for user_id, since in self._unheard_since.items()
            if user_id not in unheard
            for outcome in ["not_allowed" if user_id in barred else "no_consent"]
        ]
        undecryptable = [
            Verdict(0, user_id, since, "undecryptable", {"count": self._lost[user_id]})
            for user_id, (since, last) in self._lost_at.items()
            if now - last >= LOSS_END_SECONDS
        ]
        for verdict in undecoded:
            del self._unheard_since[verdict.user_id]
        for verdict in undecryptable:
            del self._lost[verdict.user_id], self._lost_at[verdict.user_id]
        return undecoded + undecryptable
