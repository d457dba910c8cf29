"""What a request used and cost."""

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
