"""Tells people in a call what the budget does not allow any more."""

import math
from collections.abc import Callable

from bot.billing.budget import Allowance, Reservation
from bot.call.display import Display
from bot.call.shown import Notice, Trouble
from bot.errors import BotError, BudgetSpent

BUDGET_TROUBLE_SECONDS = 5.0
"""Seconds in which people are told once that nothing is left: words and the answer to them are refused at once."""


class BudgetNews:
    """What the people of one call were told."""

    def __init__(self, display: Display, clock: Callable[[], float]) -> None:
        self._display = display
        self._clock = clock
        self._told_spent_at = -math.inf
        "when people were last told that nothing is left, in seconds on the call's clock"

    def announce(self, reservation: Reservation) -> None:
        """Tell, once, what the budget does not allow any more, and what it counts for an unknown price."""
        if reservation.guessed:
            self._display.show(Notice("budget_guessed"))
        match reservation.news:
            case Allowance.SHORT:
                self._display.show(Notice("budget_short"))
            case Allowance.TEXT:
                self._display.show(Notice("budget_text"))
            case Allowance.OFF:
                self.spent(reservation.refusal)

    def spent(self, refusal: BudgetSpent) -> None:
        """Tell that nothing is left."""
        now = self._clock()
        if now >= self._told_spent_at + BUDGET_TROUBLE_SECONDS:
            self._told_spent_at = now
            self._display.show(Trouble(refusal))

    def failed(self, error: BotError) -> None:
        """Tell what a request failed of."""
        if isinstance(error, BudgetSpent):
            self.spent(error)
        else:
            self._display.show(Trouble(error))
