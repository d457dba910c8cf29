"""What a request used and cost."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from bot.types.ids import new_id


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, by kind."""

    text_in: int = 0
    audio_in: int = 0
    cached_in: int = 0
    text_out: int = 0
    audio_out: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def tokens(self) -> int:
        """The sum; `cached_in` is a part of `text_in`."""
        return self.text_in + self.audio_in + self.text_out + self.audio_out


ChargeKind = Literal["reply", "transcription", "speculation", "text", "job", "reading"]


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request cost."""

    at: datetime
    "UTC"
    guild_id: int
    channel_id: int
    user_ids: tuple[int, ...]
    "people whose words caused it; without those who asked to be forgotten"
    kind: ChargeKind
    model: str
    usage: Usage
    cost: Decimal | None
    "US dollars; None (not zero) when no price is known"
    estimated: bool = False
    id: str = field(default_factory=new_id)
    "makes a repeated write harmless"
    nameless: tuple[str, ...] = ()
    "hashes of people who caused it too and were forgotten since (purse_owner); until the day is over"
    forgotten: tuple[int, ...] = ()
    "the same people while it is on its way to the store, which writes down their hashes"

    @property
    def sharers(self) -> int:
        """Among how many it is shared."""
        return len(self.user_ids) + len(self.nameless) + len(self.forgotten)


class Payer(Protocol):
    """Pays for what is asked beside an answer, may be left out, and may outlast the answer."""

    async def reserve(self, people: tuple[int, ...], usage: Mapping[str, Usage]) -> Any | None:
        """Hold back what a request may cost, by model, until it is given to `settle`; None: money is short."""
        ...

    def book(
        self, kind: ChargeKind, model: str, usage: Usage, people: tuple[int, ...], *, estimated: bool = False
    ) -> None:
        """Book the request."""
        ...

    def settle(self, reservation: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Money that a request may cost, held back for all processes on one database until it is released."""

    guild_id: int
    user_ids: tuple[int, ...]
    dollars: Decimal
    server_cap: Decimal
    "US dollars a UTC day; 0: no cap"
    person_caps: tuple[Decimal, ...]
    "the same for each of `user_ids`"
    at: datetime
    "UTC"
    id: str
    "of a hold that this one replaces, be it of a process that was killed"
    whole: bool = False
    "hold nothing unless all of it fits"


@dataclass(frozen=True, slots=True)
class Release:
    """A hold that is over; it waits for the store behind the charges that take its place."""

    id: str


def purse_owner(key: bytes, guild_id: int, user_id: int) -> str:
    """Return what stands in a ledger for a person without naming them: an HMAC-SHA256 under the key of one day."""
    return hmac.new(key, f"{guild_id}:{user_id}".encode(), hashlib.sha256).hexdigest()[:32]
