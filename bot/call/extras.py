"""The accounts of what may be left out: words while somebody speaks, translations, summaries."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial

from bot.billing.account import Account
from bot.billing.budget import Allowance, Budget, Reservation
from bot.errors import BudgetSpent
from bot.store.outbox import Outbox
from bot.types import ChargeKind, Usage


class Extras:
    """The extras of one call, or of one question."""

    def __init__(self, account: Account) -> None:
        self.cost = Decimal(0)
        "US dollars so far, as far as prices are known"
        self._account = account

    async def reserve(self, people: tuple[int, ...], usage: Mapping[str, Usage]) -> Reservation | None:
        """Hold back what a request may cost; None: money is short."""
        reservation = self._account.reserve(people, usage, tell=False)
        held = False
        try:
            if reservation.allowance is Allowance.FULL:
                with suppress(BudgetSpent):
                    await self._account.hold(reservation)
                    held = True
        finally:  # also when it is cancelled meanwhile
            if not held:
                self._account.settle(reservation)
        return reservation if held else None

    def book(
        self, kind: ChargeKind, model: str, usage: Usage, people: tuple[int, ...], *, estimated: bool = False
    ) -> None:
        """Book a request."""
        self.cost += self._account.book(kind, model, usage, people, estimated=estimated) or 0

    def settle(self, reservation: Reservation) -> None:
        """Release what was held back."""
        self._account.settle(reservation)


def lasting_extras(budget: Budget, outbox: Outbox, wall: Callable[[], datetime], place: tuple[int, int]) -> Extras:
    """Return the accounts of what may outlast a call or a job; `place` is its server and channel."""
    return Extras(Account(budget, *place, wall, partial(outbox.add, *place), release=partial(outbox.add, *place)))
