"""How often one person may use commands."""

from collections import OrderedDict

from discord import app_commands

RATE = 5
PER = 10.0
"""At most RATE commands in PER seconds: a hand is slower, a held-down key is not."""
PEOPLE_BOUND = 10_000
"""People remembered; the one who was quiet longest goes."""


class Cooldowns:
    """One bucket per person. Time is a parameter, in seconds."""

    def __init__(self, rate: int = RATE, per: float = PER, bound: int = PEOPLE_BOUND) -> None:
        self._rate = rate
        self._per = per
        self._bound = bound
        self._buckets: OrderedDict[int, app_commands.Cooldown] = OrderedDict()

    def take(self, user_id: int, now: float) -> None:
        """Count one use. Raises CommandOnCooldown when it is one too many."""
        bucket = self._buckets.setdefault(user_id, app_commands.Cooldown(self._rate, self._per))
        self._buckets.move_to_end(user_id)
        while len(self._buckets) > self._bound:
            self._buckets.popitem(last=False)
        wait = bucket.update_rate_limit(now)
        if wait:
            raise app_commands.CommandOnCooldown(bucket, wait)
