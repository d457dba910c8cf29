"""Remembers a fault that only the operator can end.

While it stands nothing speculative is sent and nothing is retried; each human turn is the probe that may close it.
"""

from bot.errors import BotError, ModelAuth, OutOfCredit


class Breaker:
    """Open while the account cannot be used."""

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
