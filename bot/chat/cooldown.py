"""Rate limit of commands and buttons per person."""

from collections import OrderedDict

from discord import app_commands

MAX_COMMANDS = 5
COMMAND_WINDOW_SECONDS = 10.0
"""At most MAX_COMMANDS in COMMAND_WINDOW_SECONDS: enough for a person, too few for a held-down key."""
UNLIMITED_COMMANDS = frozenset({"privacy withdraw", "privacy forget"})
"""Nobody has to wait for these, whatever they have pressed before."""
MAX_TRACKED_PEOPLE = 10_000
"""When full, the person with the oldest use is dropped."""


class Cooldowns:
    """One token bucket per person. The time is a parameter, in seconds."""

    def __init__(
        self, rate: int = MAX_COMMANDS, per: float = COMMAND_WINDOW_SECONDS, bound: int = MAX_TRACKED_PEOPLE
    ) -> None:
        self._rate = rate
        self._per = per
        self._bound = bound
        self._buckets: OrderedDict[int, app_commands.Cooldown] = OrderedDict()

    def take(self, user_id: int, now: float) -> None:
        """Count one use. Raises CommandOnCooldown when the person has used up the limit."""
        bucket = self._buckets.setdefault(user_id, app_commands.Cooldown(self._rate, self._per))
        self._buckets.move_to_end(user_id)
        while len(self._buckets) > self._bound:
            self._buckets.popitem(last=False)
        wait = bucket.update_rate_limit(now)
        if wait:
            raise app_commands.CommandOnCooldown(bucket, wait)
