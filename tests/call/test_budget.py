"""A whole call against its server's cap: two people who never stop talking, on a clock of the test's own."""

import asyncio
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from bot.types import Charge, Usage
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN, now

pytestmark = pytest.mark.looptime
CAP = Decimal("0.25")


def price(_model: str, usage: Usage) -> Decimal:
    """About what the audio model costs."""
    tokens = usage.text_in * Decimal("2.5") + usage.audio_in * 32 + usage.text_out * 10 + usage.audio_out * 64
    return tokens / 1_000_000


@pytest.mark.parametrize("hours", [0.12, pytest.param(4, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
async def test_talk_without_end_costs_the_cap_and_one_request(hours: float) -> None:
    async with fake_call(
        ANNA, BEN, cap=CAP, price=price, answering="always", preemptive=True, endpointing_delay=None
    ) as fake:
        fake.engine.usual = (0.5, 15.0)
        end = now() + hours * 3600
        while now() < end:
            for who in (ANNA, BEN):
                fake.link.speak(who, 4.0, -0.3, 5.0)
                await asyncio.sleep(14.0)
        audience = fake.venue.audience
    charges = [kept for kept in fake.store.kept if isinstance(kept, Charge)]
    assert {"reply", "transcription", "speculation"} <= {charge.kind for charge in charges}
    days: dict[date, list[Decimal]] = defaultdict(list)
    for charge in charges:
        days[charge.at.date()].append(charge.cost or Decimal(0))
    spent = {day: sum(costs) for day, costs in days.items()}
    assert max(spent.values()) >= CAP, "the cap was never met: the test shows nothing"
    for day, costs in days.items():
        assert spent[day] <= CAP + max(costs)
    steps = [audience.notices.count(step) for step in ("budget_short", "budget_text")]
    assert 1 <= steps[0] <= len(days), "told once a day"
    assert steps[1] <= len(days), "an answer may be dear enough to skip a step"
    codes = {code for _, code in audience.troubles}
    assert "budget_spent" in codes
    assert codes <= {"budget_spent", "budget_held"}
