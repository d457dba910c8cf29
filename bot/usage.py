"""What a turn may cost, and what it did.

Caps hold per server, and per person in a server, for a UTC day. They degrade in steps (shorter answers, text only,
off). A request is reserved at its estimate before it is sent, so that many calls at once overrun a cap by one request
at most.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import IntEnum

from bot.audio import HEAR_RATE, seconds
from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.types import Charge, Turn, Usage

Price = Callable[[str, Usage], Decimal | None]
"""US dollars of a request by model and usage; None: no price is known."""

SHORT_AT = Decimal("0.8")
TEXT_AT = Decimal("0.95")
"""Shares of a cap from which answers are shorter, and written only."""
SHORT_SECONDS = 20.0
"""Longest answer when the budget is nearly spent."""
AUDIO_IN_RATE, AUDIO_OUT_RATE = 10, 20
"""Tokens per second of sound, for what was cut before the server counted it."""


class Allowance(IntEnum):
    """What the budget still allows; the higher the less."""

    FULL = 0
    SHORT = 1
    TEXT = 2
    OFF = 3


@dataclass(slots=True)
class Reservation:
    """A request on its way: its estimate counts as spent until it is settled."""

    guild_id: int
    user_ids: tuple[int, ...]
    estimate: Decimal
    allowance: Allowance
    open: bool = True


@dataclass(slots=True)
class _Spent:
    """Dollars of one server on one day."""

    total: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    told: Allowance = Allowance.FULL
    "the worst step people were told of"


class Budget:
    """The purse of all calls of this process."""

    def __init__(self, server_day: Decimal, person_day: Decimal, price: Price, now: Callable[[], datetime]) -> None:
        self.price = price
        self._server_day = server_day
        self._person_day = person_day
        self._now = now
        self._day = now().date()
        self._servers: dict[int, _Spent] = defaultdict(_Spent)
        self._people: dict[tuple[int, int], _Spent] = defaultdict(_Spent)

    async def load(self, guild_id: int, store: Store) -> None:
        """Read what a server spent today, unless it is known. A store that cannot serve leaves it at what is known."""
        self._turn_day()
        if guild_id in self._servers:
            return
        midnight = datetime.combine(self._day, time(), UTC)
        try:
            charges = await store.charges(guild_id, midnight)
        except StoreUnavailable:
            return
        if guild_id not in self._servers:
            for charge in charges:
                self.book(charge)

    def reserve(self, guild_id: int, user_ids: Iterable[int], estimate: Decimal | None) -> Reservation:
        """Say what is allowed, and hold the estimate back until `settle`."""
        self._turn_day()
        people = tuple(user_ids)
        cost = estimate or Decimal(0)
        shares = [self._share(self._servers[guild_id], self._server_day)]
        shares += [self._share(self._people[guild_id, person], self._person_day) for person in people]
        worst = max(shares)
        allowance = Allowance.FULL
        for step, share in ((Allowance.SHORT, SHORT_AT), (Allowance.TEXT, TEXT_AT), (Allowance.OFF, Decimal(1))):
            if worst >= share:
                allowance = step
        reservation = Reservation(guild_id, people, cost, allowance, open=allowance is not Allowance.OFF)
        if reservation.open:
            self._hold(reservation, cost)
        return reservation

    def settle(self, reservation: Reservation) -> None:
        """Give the estimate back; what the request did cost is booked by its charge. Idempotent."""
        if reservation.open:
            reservation.open = False
            self._hold(reservation, -reservation.estimate)

    def book(self, charge: Charge) -> None:
        """Count what a request cost; shared evenly by the people who caused it."""
        if charge.at.date() != self._day or charge.cost is None:
            return
        self._servers[charge.guild_id].total += charge.cost
        for person in charge.user_ids:
            self._people[charge.guild_id, person].total += charge.cost / len(charge.user_ids)

    def news(self, reservation: Reservation) -> Allowance | None:
        """Return the step people have not been told of yet, once."""
        spent = self._servers[reservation.guild_id]
        if reservation.allowance <= spent.told:
            return None
        spent.told = reservation.allowance
        return reservation.allowance

    def _hold(self, reservation: Reservation, cost: Decimal) -> None:
        self._servers[reservation.guild_id].reserved += cost
        for person in reservation.user_ids:
            self._people[reservation.guild_id, person].reserved += cost / len(reservation.user_ids)

    @staticmethod
    def _share(spent: _Spent, cap: Decimal) -> Decimal:
        return (spent.total + spent.reserved) / cap if cap else Decimal(0)

    def _turn_day(self) -> None:
        today = self._now().date()
        if today != self._day:
            self._day = today
            self._servers.clear()
            self._people.clear()


def estimated_usage(turn: Turn, spoken: float) -> Usage:
    """Return what a request probably used: the turn's own sound in, `spoken` seconds of sound out."""
    heard = sum(seconds(utterance.pcm, HEAR_RATE) for utterance in turn.utterances)
    written = sum(len(typed.text) // 4 for typed in turn.typed)
    return Usage(text_in=written, audio_in=round(heard * AUDIO_IN_RATE), audio_out=round(spoken * AUDIO_OUT_RATE))
