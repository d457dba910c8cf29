from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.call.counters import Counters, Histogram
from bot.types import Charge, Usage


@pytest.mark.parametrize(("value", "place"), [(0.0, 0), (0.01, 0), (0.011, 1), (120.0, 16), (121.0, 17)])
def test_a_value_counts_at_the_first_bound_that_holds_it(value: float, place: int) -> None:
    histogram = Histogram()
    histogram.add(value)
    assert histogram.counts.index(1) == place
    assert histogram.total == value


def test_tokens_and_money_are_summed_by_kind_and_model() -> None:
    counters = Counters()
    for cost in (Decimal("0.25"), Decimal("0.5"), None):
        usage = Usage(audio_in=10, text_out=3)
        counters.charged(Charge(datetime.now(UTC), 1, 2, (3,), "reply", "m", usage, cost))
    assert counters.tokens["m", "audio_in"] == 30
    assert counters.tokens["m", "text_out"] == 9
    assert counters.dollars["reply", "m"] == 0.75
    assert counters.requests["reply", "m"] == 3
    assert counters.unpriced == 1


def test_stages_that_did_not_happen_are_not_counted() -> None:
    counters = Counters()
    counters.staged(model=0.2, sound=None, answer=-0.001)
    assert sum(counters.stages["model"].counts) == 1
    assert sum(counters.stages["sound"].counts) == 0
    assert counters.stages["answer"].total == 0.0
