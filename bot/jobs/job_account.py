"""What a job may cost, and what it did: one purse for all of its requests."""

from collections.abc import Mapping
from decimal import Decimal

import structlog

from bot.billing.budget import Allowance, Reservation
from bot.call.services import Services
from bot.errors import BudgetSpent, StoreError
from bot.ports import Store
from bot.types import Charge, Usage

log = structlog.get_logger("jobs")


class JobAccount:
    """The accounts of one job; a context that holds the estimate back and writes the charges when it ends.

    Entering raises BudgetSpent when the budget is used up, or would not bear the estimate.
    """

    def __init__(
        self,
        services: Services,
        guild_id: int,
        channel_id: int,
        user_id: int,
        estimate: Mapping[str, Usage] | None = None,
        store: Store | None = None,
    ) -> None:
        """`estimate` is what will likely be used, by model; `store` takes the place of the services' own."""
        self.cost: Decimal | None = Decimal(0)
        "US dollars so far; None: some price is not known"
        self.estimated = False
        self._services = services
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._people = (user_id,)
        self._expected = price(services, estimate or {})
        self._store = store or services.store
        self._charges: list[Charge] = []
        self._reservation: Reservation | None = None

    @property
    def allowance(self) -> Allowance:
        """What the budget still allows."""
        return self._reservation.allowance if self._reservation else Allowance.FULL

    async def __aenter__(self) -> "JobAccount":
        budget = self._services.budget
        await budget.load(self._guild_id, self._store)
        left = [budget.left(self._guild_id), budget.left(self._guild_id, self._people[0])]
        tight = [purse for purse in left if purse is not None]
        if self._expected and tight and self._expected > min(tight):
            raise BudgetSpent
        self._reservation = budget.reserve(self._guild_id, self._people, self._expected)
        if self._reservation.allowance is Allowance.OFF:
            raise BudgetSpent
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reservation:
            self._services.budget.settle(self._reservation)
        await self.write()
        if self._store is self._services.store:
            for charge in self._charges:
                self._services.outbox.add(self._guild_id, self._channel_id, charge)
            self._charges.clear()

    def spend(self, model: str, usage: Usage, estimated: bool) -> None:
        """Book a request (engine/text_and_speech.py's Spent)."""
        services = self._services
        cost = services.budget.price(model, usage)
        self.cost = None if cost is None or self.cost is None else self.cost + cost
        self.estimated = self.estimated or estimated
        charge = Charge(
            services.wall(), self._guild_id, self._channel_id, self._people, "job", model, usage, cost, estimated
        )
        services.budget.book(charge)
        self._charges.append(charge)

    async def write(self) -> None:
        """Give the store what was booked since; what it cannot take is kept for the next time."""
        if not self._charges:
            return
        batch, self._charges = self._charges, []  # others may write at the same time
        try:
            await self._store.charge(batch)
        except StoreError as error:
            log.warning("charges_kept", reason=error.code, count=len(batch))
            self._charges = [*batch, *self._charges]


def price(services: Services, estimate: Mapping[str, Usage]) -> Decimal | None:
    """Return the US dollars of usage by model, None when a price is not known."""
    total = Decimal(0)
    for model, usage in estimate.items():
        cost = services.budget.price(model, usage)
        if cost is None:
            return None
        total += cost
    return total
