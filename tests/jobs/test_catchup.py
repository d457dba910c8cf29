"""A recap covers the requested minutes, and no more than fits into a request."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.budget import Budget
from bot.billing.prices import Prices
from bot.call.record import PENDING_TEXT, UNINTELLIGIBLE_TEXT
from bot.errors import NothingSaid
from bot.jobs import catchup
from bot.types import Charge, Message, Usage
from tests.jobs.conftest import JobSetup

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def said(minutes_ago: float, text: str) -> Message:
    return Message("user", 5, "Anna", text, NOW - timedelta(minutes=minutes_ago))


@pytest.mark.parametrize(
    ("minutes", "history", "shown"),
    [
        (15, [said(16, "old"), said(14, "new"), said(1, "newer")], ["new", "newer"]),
        (60, [said(16, "old"), said(14, "new")], ["old", "new"]),
        (15, [said(3, PENDING_TEXT), said(2, UNINTELLIGIBLE_TEXT), said(1, " ")], []),
        (15, [said(3, "a" * 40_000), said(2, "b" * 40_000), said(1, "c")], ["b" * 40_000, "c"]),
        (15, [], []),
    ],
)
def test_what_is_summed_up(minutes: float, history: list[Message], shown: list[str]) -> None:
    assert [line.text for line in catchup.recent(history, NOW, minutes)] == shown


async def test_an_empty_transcript_costs_nothing(job_setup: JobSetup) -> None:
    async with job_setup.jobs.bill(1, 2, 3) as bill:
        with pytest.raises(NothingSaid):
            await catchup.catch_up([], "en", "marin", job_setup.studio, bill)
    assert not job_setup.model.chats


async def test_a_recap_is_text_only_when_the_budget_is_low(job_setup: JobSetup) -> None:
    services = job_setup.jobs.services
    store = services.store
    assert store
    services = replace(services, budget=Budget(Decimal(10), Decimal(0), Prices(), lambda: datetime.now(UTC)))
    spent = Charge(datetime.now(UTC), 1, 2, (3,), "job", services.model, Usage(), Decimal("9.7"), False)
    await store.charge([spent])
    talk = [said(2, "we meet at nine")]
    async with replace(job_setup.jobs, services=services).bill(
        1, 2, 3, catchup.estimate(job_setup.studio, talk)
    ) as bill:
        recap = await catchup.catch_up(talk, "de", "marin", job_setup.studio, bill)
    assert recap.text
    assert not recap.pcm
    (request,) = job_setup.model.chats
    assert request.body["modalities"] == ["text"]
    assert '11:58 "Anna": we meet at nine' in str(request.body["messages"])
    assert "Write in German" in str(request.body["messages"])
    assert not job_setup.model.refused
