"""What a turn may cost, and what it did cost.

Caps hold per server, and per person in a server, for a UTC day. They degrade in steps (shorter answers, text only,
off). Before a request is sent, its estimate is reserved and counts as spent. The estimate covers the longest answer
that the step allows, so many concurrent calls overrun a cap by one request at most.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import IntEnum

from bot.errors import StoreError
from bot.ports import Store
from bot.types import Charge, Usage

Price = Callable[[str, Usage], Decimal | None]
"""US dollars of a request by model and usage; None: no price is known."""

SHORT_SHARE = Decimal("0.8")
TEXT_SHARE = Decimal("0.95")
"""Shares of a cap from which answers are shorter, and written only."""
MAX_FULL_ANSWER_SECONDS = 120.0
"""The longest answer of all."""
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
    open: bool = True


@dataclass(slots=True)
class _Spent:
    """Dollars of one server, or one person there, on one day."""

    total: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    told: Allowance = Allowance.FULL
    "the highest step that people were told of"


ESTIMATED_SECONDS = {
    Allowance.FULL: MAX_FULL_ANSWER_SECONDS,
    Allowance.SHORT: MAX_SHORT_ANSWER_SECONDS,
    Allowance.TEXT: WRITTEN_ANSWER_SECONDS,
    Allowance.OFF: 0.0,
}
"""The length of sound that an estimate assumes."""


class Budget:
    """The purses of all calls of this process."""

    def __init__(
        self,
        server_day: Decimal,
        person_day: Decimal,
        price: Price,
        now: Callable[[], datetime],
        caps: Callable[[int], Caps] | None = None,
    ) -> None:
        """`caps` gives a server's own caps in place of `server_day` and `person_day`."""
        self.price = price
        self._caps = caps or (lambda _guild: Caps(server_day, person_day))
        self._now = now
        self._day = self._today()
        self._purses: dict[tuple[int, int | None], _Spent] = defaultdict(_Spent)
        "by server, and person or None for all of them"

    async def load(self, guild_id: int, store: Store) -> None:
        """Read what a server spent today through earlier or other processes.

        Charges that are booked here but not stored yet count too. If the store fails, the known sums stay.
        """
        self._turn_day()
        day = self._day
        try:
            charges = await store.charges(guild_id, datetime.combine(day, time(), UTC))
        except StoreError:
            return
        if day != self._day:
            return
        stored: dict[tuple[int, int | None], Decimal] = defaultdict(Decimal)
        for charge in charges:
            for purse, cost in self._parts(charge):
                stored[purse] += cost
        for purse, total in stored.items():
            self._purses[purse].total = max(self._purses[purse].total, total)

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
        self._turn_day()
        people = tuple(user_ids)
        caps = self._caps(guild_id)
        shares = [(self._share((guild_id, None), caps.server), (guild_id, None))]
        shares += [(self._share((guild_id, person), caps.person), (guild_id, person)) for person in people]
        worst, purse = max(shares, key=lambda share: share[0])
        allowance = Allowance.FULL
        for step, share in ((Allowance.SHORT, SHORT_SHARE), (Allowance.TEXT, TEXT_SHARE), (Allowance.OFF, Decimal(1))):
            if worst >= share:
                allowance = step
        cost = (estimate(ESTIMATED_SECONDS[allowance]) if callable(estimate) else estimate) or Decimal(0)
        news = self._news(purse, allowance) if tell else None
        reservation = Reservation(guild_id, people, cost, allowance, purse, news, open=allowance is not Allowance.OFF)
        if reservation.open:
            self._hold(reservation, cost)
        return reservation

    def settle(self, reservation: Reservation) -> None:
        """Release the estimate; `book` counts the real cost. Idempotent."""
        if reservation.open:
            reservation.open = False
            self._hold(reservation, -reservation.estimate)

    def book(self, charge: Charge) -> None:
        """Count what a request cost; shared evenly by the people who caused it."""
        self._turn_day()
        if charge.at.astimezone(UTC).date() == self._day:
            for purse, cost in self._parts(charge):
                self._purses[purse].total += cost

    def left(self, guild_id: int, user_id: int | None = None) -> Decimal | None:
        """Return the dollars a server, or a person there, may still spend today; None: there is no cap."""
        self._turn_day()
        caps = self._caps(guild_id)
        cap = caps.server if user_id is None else caps.person
        spent = self._purses.get((guild_id, user_id), _Spent())
        return max(cap - spent.total - spent.reserved, Decimal(0)) if cap else None

    def forget(self, user_id: int) -> None:
        """Drop what is kept of a person; their cost still counts for the server."""
        for purse in [purse for purse in self._purses if purse[1] == user_id]:
            del self._purses[purse]

    def _news(self, purse: tuple[int, int | None], allowance: Allowance) -> Allowance | None:
        """Return the step if people were not told of it yet, and note that they are told now."""
        if (spent := self._purses.get(purse)) is None or allowance <= spent.told:
            return None
        spent.told = allowance
        return allowance

    def _hold(self, reservation: Reservation, cost: Decimal) -> None:
        self._purses[reservation.guild_id, None].reserved += cost
        for person in reservation.user_ids:
            if (purse := self._purses.get((reservation.guild_id, person))) or cost > 0:
                purse = purse or self._purses[reservation.guild_id, person]
                purse.reserved += cost / len(reservation.user_ids)

    def _share(self, purse: tuple[int, int | None], cap: Decimal) -> Decimal:
        spent = self._purses.get(purse)
        return (spent.total + spent.reserved) / cap if cap and spent else Decimal(0)

    @staticmethod
    def _parts(charge: Charge) -> list[tuple[tuple[int, int | None], Decimal]]:
        """Return whose purses a charge goes to, with their parts."""
        if charge.cost is None:
            return []
        part = charge.cost / len(charge.user_ids) if charge.user_ids else Decimal(0)
        people = [((charge.guild_id, person), part) for person in charge.user_ids]
        return [((charge.guild_id, None), charge.cost), *people]

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _turn_day(self) -> None:
        """On a new UTC day, drop everything but the reservations in flight."""
        today = self._today()
        if today != self._day:
            self._day = today
            kept = {purse: spent.reserved for purse, spent in self._purses.items() if spent.reserved > 0}
            self._purses.clear()
            for purse, reserved in kept.items():
                self._purses[purse].reserved = reserved
