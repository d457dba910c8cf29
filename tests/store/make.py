"""People, places and lines for the tests of the store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.types import Charge, Message, Usage

GUILD, CHANNEL, ANNA, BEN = 2**62 + 1, 2**62 + 2, 2**62 + 3, 2**62 + 4
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def said(number: int, speaker: int = ANNA, text: str = "") -> Message:
    return Message("user", speaker, "Änna 聞き手", text or f"line {number}", START + timedelta(seconds=number))


def cost(dollars: str, *people: int, at: datetime = START, guild: int = GUILD) -> Charge:
    return Charge(at, guild, CHANNEL, people, "reply", "gpt-audio-1.5", Usage(1, 2, 3, 4, 5), Decimal(dollars))
