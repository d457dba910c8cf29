"""Usage -> US dollars; pure. Rates come from genai-prices or from the operator; an unknown rate is None, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_prices import Usage as NoUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot

from bot.billing import tokens
from bot.types import Usage

_MILLION = Decimal(1_000_000)
_TOKENS_PER_HOUR = Decimal(3600 * tokens.AUDIO_IN_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens of each kind, None: unknown."""

    text_in: Decimal | None = None
    audio_in: Decimal | None = None
    cached_in: Decimal | None = None
    "None: as text_in"
    text_out: Decimal | None = None
    audio_out: Decimal | None = None
    heard_hour: Decimal | None = None
    "for models billed by audio time: dollars per hour of input, and nothing else counts"


class Prices:
    """The price list; callable as the budget's `Price`.

    `overrides` are the operator's rates by model and by the names of Rates; they come before the published ones.
    `provider` is genai-prices' name of the server's operator; None: derive it from the model's name.
    """

    def __init__(
        self, overrides: Mapping[str, Mapping[Any, Decimal]] | None = None, provider: str | None = None
    ) -> None:
        self._overrides = {model: Rates(**rates) for model, rates in (overrides or {}).items()}
        self._provider = provider

    def __call__(self, model: str, usage: Usage) -> Decimal | None:
        """Return what `usage` of `model` costs, None if a rate that it needs is unknown."""
        parts = self.parts(model, usage)
        if any(part is None for part in parts.values()):
            return None
        return sum((part for part in parts.values() if part is not None), Decimal(0))

    def parts(self, model: str, usage: Usage) -> dict[str, Decimal | None]:
        """Return the cost of each kind of token by the name it has in Usage; kinds without tokens are left out."""
        return _parts(self.rates(model), usage)

    def dearest(self, usage: Usage) -> Decimal:
        """Return what `usage` costs at the dearest rate of each kind, of the operator's and the published ones."""
        dearest: dict[str, Decimal] = {}
        for rates in (*self._overrides.values(), *published_speakers()):
            for kind, cost in _parts(rates, usage).items():
                dearest[kind] = max(dearest.get(kind, Decimal(0)), cost or Decimal(0))
        return sum(dearest.values(), Decimal(0))

    def heard(self, model: str, seconds: float) -> Decimal | None:
        """Return what transcribing `seconds` of speech costs."""
        return self(model, Usage(audio_in=round(seconds * tokens.AUDIO_IN_PER_SECOND)))

    def rates(self, model: str) -> Rates:
        """Return the rates of a model; all None when nobody knows it."""
        return self._overrides.get(model) or published(model, self._provider)


@lru_cache(maxsize=64)
def published(model: str, provider: str | None = None) -> Rates:
    """Return the published rates of a model. The first call reads the whole list, about 0.2 s."""
    try:
        price = calc_price(NoUsage(), model, provider_id=provider).model_price
    except LookupError:
        return Rates()

    rates = _rates(price)
    # The list has what a voice makes as plain output.
    return replace(rates, audio_out=rates.text_out) if "tts" in model and rates.audio_out is None else rates


@lru_cache(maxsize=1)
def published_speakers() -> tuple[Rates, ...]:
    """Return the published rates of all of OpenAI's models that speak, today's prices."""
    openai = next(provider for provider in get_snapshot().providers if provider.id == "openai")
    found = [_rates(model.get_prices(datetime.now(UTC))) for model in openai.models]
    return tuple(rates for rates in found if rates.audio_out is not None)


def _rates(price: Any) -> Rates:
    def rate(name: str) -> Decimal | None:
        value = getattr(price, name, None)
        value = getattr(value, "base", value)
        return Decimal(str(value)) if value is not None else None

    return Rates(
        text_in=rate("input_mtok"),
        audio_in=rate("input_audio_mtok"),
        cached_in=rate("cache_read_mtok"),
        text_out=rate("output_mtok"),
        audio_out=rate("output_audio_mtok"),
        heard_hour=rate("input_audio_hours") or rate("audio_hours"),
    )


def _parts(rates: Rates, usage: Usage) -> dict[str, Decimal | None]:
    if rates.heard_hour is not None:
        return {"audio_in": usage.audio_in * rates.heard_hour / _TOKENS_PER_HOUR}
    if rates.cached_in is None:
        rates = replace(rates, cached_in=rates.text_in)
    cached = min(usage.cached_in, usage.text_in)
    counts = {
        "text_in": usage.text_in - cached,
        "audio_in": usage.audio_in,
        "cached_in": cached,
        "text_out": usage.text_out,
        "audio_out": usage.audio_out,
    }
    return {kind: _cost(count, getattr(rates, kind)) for kind, count in counts.items() if count}


def _cost(count: int, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else count * rate / _MILLION
