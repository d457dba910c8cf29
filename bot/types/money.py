"""What a request used and cost."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bot.types.ids import new_id


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, by kind."""

    text_in: int = 0
    audio_in: int = 0
    cached_in: int = 0
    text_out: int = 0
    audio_out: int = 0


ChargeKind = Literal["reply", "transcription", "speculation", "text", "job"]


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

    @property
    def sharers(self) -> int:
        """Among how many it is shared."""
        return len(self.user_ids) + len(self.nameless)


def purse_owner(key: bytes, guild_id: int, user_id: int) -> str:
    """Return what stands in a ledger for a person without naming them: an HMAC-SHA256 under the key of one day."""
    return hmac.new(key, f"{guild_id}:{user_id}".encode(), hashlib.sha256).hexdigest()[:32]
