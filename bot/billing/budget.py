"""What a turn may cost, and what it did cost.

Caps hold per server, and per person in a server, for a UTC day. They degrade in steps (shorter answers, text only,
off). Before a request is sent, its estimate is reserved and counts as spent. The estimate covers the longest answer
that the step allows, so many concurrent calls overrun a cap by one request at most. Where a price is not known, the
dearest known one counts. With a store, `hold` keeps that over all processes on one database; while it cannot serve,
each process counts for itself.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum

from bot.billing.purses import Purses
from bot.errors import BudgetHeld, BudgetSpent, StoreError
from bot.ports import Store
from bot.types import Charge, Hold, Usage
from bot.types.ids import new_id

Price = Callable[[str, Usage], Decimal | None]
"""US dollars of a request by model and usage; None: no price is known."""
PersonCap = Callable[[int, int], Decimal]
"""US dollars that a person (ids of server and person) may spend a UTC day; 0: no cap."""
DearestPrice = Callable[[Usage], Decimal]
"""US dollars of a request at the dearest prices that are known."""

SHORT_SHARE = Decimal("0.8")
TEXT_SHARE = Decimal("0.95")
"""Shares of a cap from which answers are shorter, and written only."""
MAX_FULL_ANSWER_SECONDS = 120.0
"""The longest answer of all."""
HOLD_SECONDS = 4.0
"""Seconds that a request waits for the store to hold its money."""
HOLD_RETRY = timedelta(seconds=30)
"""After a store failed to; each process counts for itself until then."""
MAX_SHORT_ANSWER_SECONDS = 20.0
"""The longest answer when the budget is nearly spent."""
WRITTEN_ANSWER_SECONDS = 30.0
"""What a written answer costs at most, as seconds of sound: text tokens are far cheaper."""


class Allowance(IntEnum):
    """What the budget still allows; a higher value allows less."""

    FULL = 0
    SHORT = 1
    TEXT = 2
    OFF = 3


@dataclass(frozen=True, slots=True)
class Caps:
    """US dollars a UTC day; 0: no cap."""

    server: Decimal = Decimal(0)
    person: Decimal = Decimal(0)


@dataclass(slots=True)
class Reservation:
    """A request in flight: its estimate counts as spent until `settle`."""

    guild_id: int
    user_ids: tuple[int, ...]
    estimate: Decimal
    allowance: Allowance
    purse: tuple[int, int | None]
    "server, and person if it is a person's cap, that allows the least"
    news: Allowance | None = None
    "the step that people must be told of now: once a day for the server and for each person"
    guessed: bool = False
    "people must be told now, once a day, that an unknown price counts as the dearest known one"
    open: bool = True
    id: str = field(default_factory=new_id)
    shared: bool = False
    "other processes may know of it: whoever settles it must have the store release it"
    held: bool = False
    "refused only for what is held back for others"

    @property
    def refusal(self) -> BudgetSpent:
        """Why it is refused."""
        return BudgetHeld() if self.held else BudgetSpent()


ESTIMATED_SECONDS = {
    Allowance.FULL: MAX_FULL_ANSWER_SECONDS,
    Allowance.SHORT: MAX_SHORT_ANSWER_SECONDS,
    Allowance.TEXT: WRITTEN_ANSWER_SECONDS,
    Allowance.OFF: 0.0,
}
"""The length of sound that an estimate assumes."""


class Budget:
    """What the servers and people of this process may spend."""

    def __init__(
        self,
        server_day: Decimal,
        person_day: Decimal,
        price: Price,
        now: Callable[[], datetime],
        caps: Callable[[int], Caps] | None = None,
        dearest: DearestPrice = lambda _: Decimal(0),
        store: Store | None = None,
    ) -> None:
        """`caps` gives a server's own caps in place of `server_day` and `person_day`.

        `dearest` prices what `price` does not know, towards the caps alone. `store` is where processes meet.
        """
        self.price = price
        self._dearest = dearest
        self._caps = caps or (lambda _guild: Caps(server_day, person_day))
        self.person_cap: PersonCap = lambda guild_id, _user: self._caps(guild_id).person
        self._now = now
        self._purses = Purses()
        self._loading = asyncio.Lock()
        self._store = store
        self._alone_since: datetime | None = None
        "when the store last failed to hold money"

    async def load(self, guild_id: int, store: Store) -> None:
        """Read what a server spent today through earlier or other processes.

        Charges that are booked here but not stored yet count too. If the store fails, the known sums stay.
        """
        day = self._today()
        async with self._loading:  # what was read first must not replace what was read later
            try:
                charges = await store.charges(guild_id, datetime.combine(day, time(), UTC))
                key = await store.purse_key(day) if any(charge.nameless for charge in charges) else None
            except StoreError:
                return
            self._purses.load(day, guild_id, charges, key, self._cost)

    def counted(self, model: str, usage: Usage) -> Decimal:
        """Return the US dollars that a request counts for: an unknown price is the dearest known one."""
        cost = self.price(model, usage)
        return self._dearest(usage) if cost is None else cost

    def reserve(
        self,
        guild_id: int,
        user_ids: Iterable[int],
        estimate: Decimal | Callable[[float], Decimal | None] | None,
        *,
        tell: bool = True,
    ) -> Reservation:
        """Say what is allowed, and hold the estimate back until `settle`.

        `estimate` is in US dollars, or gives them by the seconds of the answer. `tell`: the caller tells people the
        reservation's `news`, so the next reservation has none.
        """
        people = tuple(user_ids)
        caps = self._caps(guild_id)
        shares = [(self._share(guild_id, None, caps.server), (guild_id, None))]
        shares += [
            (self._share(guild_id, person, self.person_cap(guild_id, person)), (guild_id, person)) for person in people
        ]
        worst, purse = max(shares, key=lambda share: share[0])
        allowance = Allowance.FULL
        for step, share in ((Allowance.SHORT, SHORT_SHARE), (Allowance.TEXT, TEXT_SHARE), (Allowance.OFF, Decimal(1))):
            if worst >= share:
                allowance = step
        cost = (estimate(ESTIMATED_SECONDS[allowance]) if callable(estimate) else estimate) or Decimal(0)
        held = allowance is Allowance.OFF and not self.spent(guild_id, people)
        news = self._news(purse, allowance, held=held) if tell else None
        reservation = Reservation(
            guild_id, people, cost, allowance, purse, news, open=allowance is not Allowance.OFF, held=held
        )
        if reservation.open:
            self._purses.hold(guild_id, people, cost)
        return reservation

    async def hold(self, reservation: Reservation, *, whole: bool = False) -> None:
        """Hold a reservation back for all processes; call it before the request goes out.

        Raises BudgetSpent, and then the reservation is settled, when nothing, or with `whole` too little, is left with
        what other processes spend.
        """
        hold = self._hold(reservation, whole=whole)
        capped = hold.server_cap or any(hold.person_caps)
        guild_id, now = hold.guild_id, hold.at
        # A clock that went back must not leave this process alone for as long.
        alone = self._alone_since is not None and timedelta(0) <= now - self._alone_since < HOLD_RETRY
        if self._store is None or not reservation.open or not capped or alone:
            return
        reservation.shared = True  # whatever becomes of the attempt
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                held = await self._store.hold(hold, self.counted)
        except (StoreError, TimeoutError):
            self._alone_since = now
            return
        if not held:
            self.settle(reservation)
            reservation.shared = False
            await self.load(guild_id, self._store)
            reservation.held = not self.spent(guild_id, hold.user_ids)
            raise reservation.refusal

    async def renew(self, reservation: Reservation) -> None:
        """Have the store hold for longer what is left of a reservation. Raises StoreError."""
        if self._store is not None and reservation.shared:
            await self._store.renew(self._hold(reservation))

    def draw(self, reservation: Reservation, dollars: Decimal) -> Decimal:
        """Take what was spent and booked out of a reservation that lasts; return how much it covered."""
        drawn = min(dollars, reservation.estimate) if reservation.open else Decimal(0)
        reservation.estimate -= drawn
        self._purses.hold(reservation.guild_id, reservation.user_ids, -drawn)
        return drawn

    def spent(self, guild_id: int, people: Iterable[int]) -> bool:
        """Return whether the caps are used up, of the server or of somebody, without what is held back."""
        caps = [(None, self._caps(guild_id).server), *((one, self.person_cap(guild_id, one)) for one in people)]
        return any(cap and self._purses.spent(self._today(), guild_id, who, held=False) >= cap for who, cap in caps)

    def settle(self, reservation: Reservation) -> None:
        """Release the estimate; `book` counts the real cost. Idempotent."""
        if reservation.open:
            reservation.open = False
            self._purses.hold(reservation.guild_id, reservation.user_ids, -reservation.estimate)

    def book(self, charge: Charge) -> None:
        """Count what a request cost; shared evenly by the people who caused it."""
        self._purses.book(charge, self._cost(charge))

    def left(self, guild_id: int, user_id: int | None = None, *, held: bool = True) -> Decimal | None:
        """Return the dollars a server, or a person there, may still spend today; None: there is no cap.

        `held`: less what is held back for requests in flight.
        """
        cap = self._caps(guild_id).server if user_id is None else self.person_cap(guild_id, user_id)
        spent = self._purses.spent(self._today(), guild_id, user_id, held=held)
        return max(cap - spent, Decimal(0)) if cap else None

    def tell_guess(self, guild_id: int) -> bool:
        """Return whether people must be told now that unknown prices are guessed: once a day where there is a cap."""
        caps = self._caps(guild_id)
        return bool(caps.server or caps.person) and self._purses.tell(self._today(), guild_id, None, "guess")

    def tell_refusal(self, reservation: Reservation) -> bool:
        """Return whether people must be told now that `hold` refused: once a day for the server and for each person."""
        return self._purses.tell(self._today(), *reservation.purse, "held" if reservation.held else Allowance.OFF)

    def _cost(self, charge: Charge) -> Decimal:
        return self._dearest(charge.usage) if charge.cost is None else charge.cost

    def _hold(self, reservation: Reservation, *, whole: bool = False) -> Hold:
        guild_id, people = reservation.guild_id, reservation.user_ids
        caps = tuple(self.person_cap(guild_id, person) for person in people)
        server = self._caps(guild_id).server
        return Hold(guild_id, people, reservation.estimate, server, caps, self._now(), reservation.id, whole)

    def _news(self, purse: tuple[int, int | None], allowance: Allowance, *, held: bool) -> Allowance | None:
        """Return the step if people were not told of it, or of a higher one, today; note that they are told now."""
        if held:
            return allowance if self._purses.tell(self._today(), *purse, "held") else None
        steps = [step for step in Allowance if Allowance.FULL < step <= allowance]
        fresh = [self._purses.tell(self._today(), *purse, step) for step in steps]
        return allowance if fresh and fresh[-1] else None

    def _share(self, guild_id: int, user_id: int | None, cap: Decimal) -> Decimal:
        return self._purses.spent(self._today(), guild_id, user_id) / cap if cap else Decimal(0)

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()
