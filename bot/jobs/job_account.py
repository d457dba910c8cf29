"""The account of one job: its share of the budget, and the charges for all of its requests."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

import structlog

from bot.billing.account import Account
from bot.billing.budget import Allowance, Reservation
from bot.errors import BudgetHeld, BudgetSpent, BudgetTooSmall, StoreError
from bot.jobs.services import JobServices
from bot.types import Charge, Release, Usage

log = structlog.get_logger("jobs")

HOLD_RENEWAL_SECONDS = 120.0
"""A hold ends by itself some minutes later than that."""


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
        name: str = "",
    ) -> None:
        """`estimate` is the expected usage, by model. `must_fit`: raise BudgetSpent when less than that is left.

        `name`: of a job that a later process goes on with, which takes over what is held back for it.
        """
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
        self._name = name
        self._renewing: asyncio.Task[None] | None = None

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
        self._check_estimate()
        # The job tells who asked. People in a call hear of a budget step when it limits the call.
        self._reservation = self._account.reserve(self._people, self._estimate, tell=False)
        self._reservation.id = self._name or self._reservation.id
        if self._reservation.allowance is Allowance.OFF:
            raise self._reservation.refusal
        try:
            await self._account.hold(self._reservation, whole=self._must_fit)
        except BudgetSpent:
            self._check_estimate()  # now that it is known what other processes spent
            raise
        except asyncio.CancelledError:  # whoever is cancelled here never leaves what was not entered
            await self.__aexit__()
            raise
        self._renewing = asyncio.create_task(self._renew_at_times(), name="job money")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        for reservation in self._reservations:
            self._account.settle(reservation)
        try:
            if self._renewing is not None:
                await asyncio.wait([self._renewing])
            await self.write()
        finally:  # it may be cancelled here once more
            if self._services.outbox is not None:
                for entry in (*self._charges, *self._ended):
                    self._services.outbox.add(self._guild_id, self._channel_id, entry)
            self._charges.clear()

    async def refusal(self, estimate: Mapping[str, Usage]) -> BudgetSpent | None:
        """Hold back the price of one more request until the job is over; return why the budget does not allow it."""
        reservation = self._account.reserve(self._people, estimate, tell=False)
        self._more.append(reservation)
        with suppress(BudgetSpent):
            await self._account.hold(reservation)
        return None if reservation.open else reservation.refusal

    def spend(self, model: str, usage: Usage, estimated: bool) -> None:
        """Book one request; less is held back for the rest."""
        self._account.book("job", model, usage, self._people, estimated=estimated)
        dollars = self._account.counted({model: usage})
        for reservation in self._reservations:
            dollars -= self._services.budget.draw(reservation, dollars)

    def check(self) -> None:
        """Raise BudgetSpent if the budget is used up: it may be smaller than when the job began."""
        if self._services.budget.spent(self._guild_id, self._people):
            raise BudgetSpent

    async def write(self) -> None:
        """Store the charges booked since the last write; those of a write that failed are tried again by the next."""
        if not self._charges or self._services.store is None:
            return
        batch = self._charges.copy()
        self._charges.clear()  # before the await, because other requests of the job may call this meanwhile
        try:
            await self._services.store.charge(batch)
        except BaseException as error:  # a cancelled one may have been stored: twice counts once
            self._charges[:0] = batch
            if not isinstance(error, StoreError):
                raise
            log.warning("charges_kept", reason=error.code, count=len(batch))
        else:
            await self._renew()

    def _check_estimate(self) -> None:
        """Raise BudgetSpent if the budget is used up, or too small for the job."""
        self.check()
        cost = self._account.counted(self._estimate) if self._must_fit else Decimal(0)
        for failure, held in ((BudgetTooSmall, False), (BudgetHeld, True)):
            left = [self._services.budget.left(self._guild_id, who, held=held) for who in (None, *self._people)]
            if any(dollars is not None and cost > dollars for dollars in left):
                raise failure

    async def _renew_at_times(self) -> None:
        while True:
            await asyncio.sleep(HOLD_RENEWAL_SECONDS)
            await self._renew()

    async def _renew(self) -> None:
        with suppress(StoreError):  # it is held for long enough that the next time will do
            for reservation in self._reservations:
                await self._services.budget.renew(reservation)

    @property
    def _reservations(self) -> tuple[Reservation, ...]:
        return (*((self._reservation,) if self._reservation else ()), *self._more)
