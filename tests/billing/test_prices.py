from decimal import Decimal

import pytest

from bot.billing.prices import Prices
from bot.types import Usage

PRICES = Prices()
CASES = [
    ("gpt-audio-1.5", Usage(text_in=1000, audio_in=600, text_out=100, audio_out=1200), "0.0995"),
    ("gpt-audio-1.5", Usage(text_in=1000, cached_in=400), "0.0025"),
    ("gpt-audio-mini", Usage(audio_out=1_000_000), "20"),
    ("gpt-transcribe", Usage(audio_in=600), "0.0045"),
    ("gpt-audio-1.5", Usage(), "0"),
    ("nobody-knows", Usage(text_in=1), None),
    ("gpt-5-mini", Usage(audio_in=1), None),
]


@pytest.mark.parametrize(("model", "usage", "cost"), CASES)
def test_costs(model: str, usage: Usage, cost: str | None):
    assert PRICES(model, usage) == (Decimal(cost) if cost else None)


def test_heard_by_the_minute():
    assert PRICES.heard("gpt-transcribe", 60) == Decimal("0.0045")
    assert PRICES.heard("nobody-knows", 60) is None


def test_the_operators_rates_come_first():
    prices = Prices({"mine": {"text_in": Decimal(1), "audio_in": Decimal(10), "cached_in": Decimal("0.5")}})
    assert prices("mine", Usage(text_in=3_000_000, cached_in=1_000_000)) == Decimal("2.5")
    assert prices("mine", Usage(text_in=1, audio_out=1)) is None
    assert prices.parts("mine", Usage(text_in=1_000_000, audio_out=1)) == {"text_in": Decimal(1), "audio_out": None}
