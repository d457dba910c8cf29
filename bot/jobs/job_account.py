"""The account of one job: its share of the budget, and the charges for all of its requests."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

import structlog

from bot.billing.account import Account
from bot.billing.budget import Allowance, Reservation
from bot.errors import BudgetSpent, StoreError
from bot.jobs.services import JobServices
from bot.types import Charge, Release, Usage

log = structlog.get_logger("jobs")


class JobAccount:
    """A context manager that reserves the estimated cost of a job, and stores the charges when the job ends.

    Entering it raises BudgetSpent when the budget is used up, or smaller than the estimate.
    """

    def __init__(
        self,
        services: JobServices,
        guild_id: int,
        channel_id: int,
        user_id: int,
        estimate: Mapping[str, Usage] | None = None,
        *,
        must_fit: bool = True,
    ) -> None:
        """`estimate` is the expected usage, by model. `must_fit`: raise BudgetSpent when less than that is left."""
        self._services = services
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._people = (user_id,)
        self._must_fit = must_fit
        self._charges: list[Charge] = []
        "booked, and not in the store yet"
        self._ended: list[Release] = []
        "holds of which the store does not know yet that they are over"
        book, release = self._charges.append, self._ended.append
        self._account = Account(services.budget, guild_id, channel_id, services.wall, book, release=release)
        self._estimate = estimate or {}
        self._reservation: Reservation | None = None
        self._more: list[Reservation] = []
        "of further requests"

    @property
    def allowance(self) -> Allowance:
        """What the budget still allows."""
        return self._reservation.allowance if self._reservation else Allowance.FULL

    @property
    def cost(self) -> Decimal | None:
        """US dollars so far; None: some price is unknown."""
        return None if self._account.unpriced else self._account.cost

    @property
    def estimated(self) -> bool:
        """Whether the usage of some request is a guess."""
        return self._account.estimated

    async def __aenter__(self) -> "JobAccount":
        budget = self._services.budget
        if self._services.store is not None:
            await budget.load(self._guild_id, self._services.store)
        left = [budget.left(self._guild_id), budget.left(self._guild_id, self._people[0])]
        tight = [dollars for dollars in left if dollars is not None]
        if self._must_fit and tight and self._account.counted(self._estimate) > min(tight):
            raise BudgetSpent
        # The job tells who asked. People in a call hear of a budget step when it limits the call.
        self._reservation = self._account.reserve(self._people, self._estimate, tell=False)
        if self._reservation.allowance is Allowance.OFF:
            raise BudgetSpent
        try:
            await self._account.hold(self._reservation)
        except asyncio.CancelledError:  # whoever is cancelled here never leaves what was not entered
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for reservation in (self._reservation, *self._more):
            self._account.settle(reservation)
        await self.write()
        if self._services.outbox is not None:
            for entry in (*self._charges, *self._ended):
                self._services.outbox.add(self._guild_id, self._channel_id, entry)
        self._charges.clear()

    async def may_go_on(self, estimate: Mapping[str, Usage]) -> bool:
        """Return whether the budget allows one more request; hold its price back until the job is over."""
        reservation = self._account.reserve(self._people, estimate, tell=False)
        self._more.append(reservation)
        with suppress(BudgetSpent):
            await self._account.hold(reservation)
        return reservation.open

    def spend(self, model: str, usage: Usage, estimated: bool) -> None:
        """Book one request."""
        self._account.book("job", model, usage, self._people, estimated=estimated)

    async def write(self) -> None:
        """Store the charges booked since the last write. If the store fails, the next write tries them again."""
        if not self._charges or self._services.store is None:
            return
        batch = self._charges.copy()
        self._charges.clear()  # before the await, because other requests of the job may call this meanwhile
        try:
            await self._services.store.charge(batch)
        except StoreError as error:
            log.warning("charges_kept", reason=error.code, count=len(batch))
            self._charges[:0] = batch
