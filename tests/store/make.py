"""People, places and lines for the tests of the store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.types import Charge, Message, Usage

GUILD, CHANNEL, ANNA, BEN, BOT = (2**62 + number for number in range(1, 6))
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def said(number: int, speaker: int = ANNA, text: str = "") -> Message:
    return Message("user", speaker, "Änna 聞き手", text or f"line {number}", START + timedelta(seconds=number))


def answer(number: int, *people: int, text: str = "") -> Message:
    at = START + timedelta(seconds=number)
    text = text or f"answer {number}"
    return Message("assistant", BOT, "Kikite", text, at, audio_id=f"audio_{number}", expires_at=1.5, asked_by=people)


def cost(dollars: str, *people: int, at: datetime = START, guild: int = GUILD) -> Charge:
    return Charge(at, guild, CHANNEL, people, "reply", "gpt-audio-1.5", Usage(1, 2, 3, 4, 5), Decimal(dollars))
