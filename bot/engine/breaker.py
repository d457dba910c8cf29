"""A circuit breaker for faults that only the operator can fix (key, credit).

While it is open, the engine sends no preemptive requests and no retries. Each human turn is a probe that may close it.
"""

from copy import copy

from bot.errors import BotError, ModelAuth, OutOfCredit, RateLimited

COOLING = "cooldown"
"""In the code of a gateway that refused the request itself, because the server behind it had failed shortly before."""


class Breaker:
    """Open while the account is unusable."""

    def __init__(self) -> None:
        self.fault: BotError | None = None
        "why it is open"
        self.opened = 0
        "how often it opened"

    def failed(self, error: BotError) -> BotError:
        """Note a fault, and return what is to be told: a gateway that rests after a fault stands for that fault."""
        if self.fault and isinstance(error, RateLimited) and COOLING in str(error):
            return copy(self.fault)
        if isinstance(error, ModelAuth | OutOfCredit):
            self.opened += self.fault is None
            self.fault = error
        return error

    def succeeded(self) -> None:
        self.fault = None
