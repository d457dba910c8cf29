"""Connects the cost of one server and channel with the budget, the counters and the outbox."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from bot.billing.budget import Budget, Reservation
from bot.types import Charge, ChargeKind, Release, Usage


class Account:
    """Books what one call or one job costs. Each request is reserved, held, booked and settled, in this order."""

    def __init__(
        self,
        budget: Budget,
        guild_id: int,
        channel_id: int,
        wall: Callable[[], datetime],
        *takers: Callable[[Charge], None],
        release: Callable[[Release], None] = lambda _: None,
    ) -> None:
        """`takers` receive each charge: the outbox and the counters. `release` has the store end a hold, after them."""
        self.cost = Decimal(0)
        "US dollars so far, as far as prices are known"
        self.unpriced = False
        "whether the price of some request is not known"
        self.estimated = False
        "whether the usage of some request is a guess"
        self._budget = budget
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._wall = wall
        self._takers = takers
        self._release = release

    def counted(self, estimate: Mapping[str, Usage]) -> Decimal:
        """Return the US dollars that usage by model counts for: an unknown price is the dearest known one."""
        return sum((self._budget.counted(model, usage) for model, usage in estimate.items()), Decimal(0))

    def reserve(
        self,
        people: Iterable[int],
        estimate: Mapping[str, Usage] | Callable[[float], Mapping[str, Usage]],
        *,
        tell: bool = True,
    ) -> Reservation:
        """Reserve an estimate: usage by model, or what gives it by the seconds of the answer.

        The reservation says what is allowed and what to tell people (budget.py).
        """
        priced = True

        def dollars(seconds: float) -> Decimal:
            nonlocal priced
            expected = estimate(seconds) if callable(estimate) else estimate
            priced = price(self._budget, expected) is not None
            return self.counted(expected)

        reservation = self._budget.reserve(self._guild_id, people, dollars, tell=tell)
        reservation.guessed = tell and not priced and self._budget.tell_guess(self._guild_id)
        return reservation

    async def hold(self, reservation: Reservation, *, whole: bool = False) -> None:
        """Hold a reservation back for all processes, before its request goes out. Raises BudgetSpent.

        `whole`: also when not all of it fits.
        """
        await self._budget.hold(reservation, whole=whole)

    def tell_refusal(self, reservation: Reservation) -> bool:
        """Return whether people must be told now that `hold` refused it: once a day, unless they asked for it."""
        return self._budget.tell_refusal(reservation)

    def settle(self, reservation: Reservation | None) -> None:
        """Release the estimate, after its request was booked. Idempotent."""
        if reservation:
            self._budget.settle(reservation)
            if reservation.shared:
                reservation.shared = False
                self._release(Release(reservation.id))

    def book(
        self, kind: ChargeKind, model: str, usage: Usage, people: tuple[int, ...], *, estimated: bool = False
    ) -> Decimal | None:
        """Book a request. Return its US dollars, None when the price is not known."""
        cost = self._budget.price(model, usage)
        charge = Charge(self._wall(), self._guild_id, self._channel_id, people, kind, model, usage, cost, estimated)
        self.cost += cost or 0
        self.unpriced = self.unpriced or cost is None
        self.estimated = self.estimated or estimated
        self._budget.book(charge)
        for take in self._takers:
            take(charge)
        return cost


def price(budget: Budget, estimate: Mapping[str, Usage]) -> Decimal | None:
    """Return the US dollars of usage by model, None when a price is not known."""
    total = Decimal(0)
    for model, usage in estimate.items():
        cost = budget.price(model, usage)
        if cost is None:
            return None
        total += cost
    return total
