"""Who spent how much on which UTC day; pure. Purses carry no names: a person's has a keyed hash in place of the id.

The purses of several days stay, so that a clock that goes back over midnight finds what was spent on that day.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal

from bot.types import Charge, purse_owner

KEPT_DAYS = 3
"""Days whose purses are kept: the ones used last."""
MAX_UNSEEN_CHARGES = 10_000
"""Charges that the store may not have yet; older ones were written or are lost."""

Purse = tuple[int, str | None]
"""A server, and the hash of a person there; None: the server's own purse."""
Cost = Callable[[Charge], Decimal]
"""US dollars that a charge counts for."""


@dataclass(slots=True)
class _Day:
    """What was spent on one day."""

    stored: defaultdict[Purse, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    "as the store had it when it was read last"
    nameless: defaultdict[Purse, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    "the same of people who were forgotten since, by the store's hash"
    key: bytes | None = None
    "of the store's hash"
    unseen: dict[str, list[tuple[Purse, Decimal]]] = field(default_factory=dict)
    "id of a charge that the store had not yet -> its parts; oldest first"
    booked: defaultdict[Purse, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    "the sum of `unseen`"
    told: set[tuple[Purse, object]] = field(default_factory=set)
    "what people were told of"


class Purses:
    """The purses of one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._days: dict[date, _Day] = {}
        "the one used last comes last"
        self._held: defaultdict[Purse, Decimal] = defaultdict(Decimal)
        "for requests in flight, over midnight too"

    def spent(self, day: date, guild_id: int, user_id: int | None, *, held: bool = True) -> Decimal:
        """Return the US dollars that a server, or a person there, spent on a day; `held`: or may be about to spend."""
        kept, purse = self._day(day), self._purse(guild_id, user_id)
        total = kept.stored.get(purse, Decimal(0)) + kept.booked.get(purse, Decimal(0))
        if kept.key is not None and user_id is not None:
            total += kept.nameless.get((guild_id, purse_owner(kept.key, guild_id, user_id)), Decimal(0))
        return total + self._held.get(purse, Decimal(0)) if held else total

    def hold(self, guild_id: int, people: tuple[int, ...], dollars: Decimal) -> None:
        """Hold money back, or give it back when `dollars` is negative."""
        self._add_held(self._purse(guild_id, None), dollars)
        for user_id in people:
            self._add_held(self._purse(guild_id, user_id), dollars / len(people))

    def book(self, charge: Charge, cost: Decimal) -> None:
        """Count a charge that the store may not have yet."""
        kept = self._day(charge.at.astimezone(UTC).date())
        if charge.id in kept.unseen:
            return
        kept.unseen[charge.id] = parts = list(self._parts(charge, cost))
        for purse, part in parts:
            kept.booked[purse] += part
        if len(kept.unseen) > MAX_UNSEEN_CHARGES:
            for purse, part in self._seen(kept, next(iter(kept.unseen))):
                kept.stored[purse] += part

    def load(self, day: date, guild_id: int, charges: Iterable[Charge], key: bytes | None, cost: Cost) -> None:
        """Take over what the store has of a server's day. `key` is the day's, of the hashes of the forgotten."""
        kept = self._day(day)
        kept.key = key
        for sums in (kept.stored, kept.nameless):
            for purse in [purse for purse in sums if purse[0] == guild_id]:
                del sums[purse]
        for charge in charges:
            if charge.at.astimezone(UTC).date() == day:
                self._seen(kept, charge.id)
                dollars = cost(charge)
                for purse, part in self._parts(charge, dollars):
                    kept.stored[purse] += part
                for owner in charge.nameless:
                    kept.nameless[guild_id, owner] += dollars / charge.sharers

    def tell(self, day: date, guild_id: int, user_id: int | None, what: object) -> bool:
        """Note that people are told of something now; return whether they were not told of it on that day."""
        told, this = self._day(day).told, (self._purse(guild_id, user_id), what)
        known = this in told
        told.add(this)
        return not known

    def _day(self, day: date) -> _Day:
        kept = self._days[day] = self._days.pop(day, None) or _Day()
        while len(self._days) > KEPT_DAYS:
            del self._days[next(iter(self._days))]
        return kept

    def _purse(self, guild_id: int, user_id: int | None) -> Purse:
        return guild_id, None if user_id is None else purse_owner(self._key, guild_id, user_id)

    def _parts(self, charge: Charge, cost: Decimal) -> Iterable[tuple[Purse, Decimal]]:
        """Yield whose purses a charge goes to, with their parts; it is shared evenly by those who caused it."""
        yield (charge.guild_id, None), cost
        for user_id in (*charge.user_ids, *charge.forgotten):
            yield self._purse(charge.guild_id, user_id), cost / charge.sharers

    def _add_held(self, purse: Purse, dollars: Decimal) -> None:
        self._held[purse] += dollars
        if self._held[purse] <= 0:
            del self._held[purse]

    @staticmethod
    def _seen(kept: _Day, charge_id: str) -> list[tuple[Purse, Decimal]]:
        """Remove a charge from the unseen ones, and return its parts."""
        parts = kept.unseen.pop(charge_id, [])
        for purse, part in parts:
            kept.booked[purse] -= part
        return parts
