"""A circuit breaker for faults that only the operator can fix (key, credit).

While it is open, the engine sends no preemptive requests and no retries. Each human turn is a probe that may close it.
"""

from bot.errors import BotError, ModelAuth, OutOfCredit


class Breaker:
    """Open while the account is unusable."""

    def __init__(self) -> None:
        self.fault: BotError | None = None
        "why it is open"
        self.opened = 0
        "how often it opened"

    def failed(self, error: BotError) -> None:
        if isinstance(error, ModelAuth | OutOfCredit):
            self.opened += self.fault is None
            self.fault = error

    def succeeded(self) -> None:
        self.fault = None
