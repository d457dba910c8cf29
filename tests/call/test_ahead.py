"""Transcripts asked for ahead of time are on the bill like all others, over all processes on one database."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from bot.billing import budget
from bot.billing.budget import Budget
from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.call.counters import Counters
from bot.call.settings import CallSettings
from bot.call.transcripts import Transcripts
from bot.call.verdicts import Verdicts
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Heard, Utterance
from tests.store.asking import CAP, PRICE
from tests.store.databases import postgres
from tests.store.make import ANNA, CHANNEL, GUILD, START

__all__ = ["postgres"]

EACH = 25


class Slow:
    """A transcriber whose server answers once it is told to."""

    patience = 0.0
    streams = False

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        self.asked += 1
        await self.answers.wait()
        return Heard(utterance.id, ANNA, "words", 1.0)


class Process:
    """What one process has: calls of its own, a budget of its own, the database of all."""

    def __init__(self, store: SqlStore, slow: Slow, first: int) -> None:
        self.outbox = Outbox(store)
        self.written: list[Heard | None] = []
        services: Any = SimpleNamespace(
            budget=Budget(CAP, Decimal(0), lambda *_: PRICE, lambda: START, store=store),
            wall=lambda: START,
            clock=lambda: 0.0,
            counters=Counters(),
            transcribe_model="t",
            transcriber=slow,
            spellings=SimpleNamespace(of=lambda _channel: ()),
        )
        venue: Any = SimpleNamespace(guild_id=GUILD, channel_id=CHANNEL, bot_name="Kiki", people=dict)
        shown: Any = SimpleNamespace(show=lambda _shown: None)
        record: Any = SimpleNamespace(
            spoke=lambda _: None, unpaid=lambda _: None, written=lambda _, heard: self.written.append(heard)
        )
        self.said = [Utterance(first + number, ANNA, 0.0, b"", 1.0, "silence") for number in range(EACH)]
        self.calls = [
            Transcripts(context, record, Accounts(context), lambda *_: None, lambda _, heard: heard)
            for _ in self.said
            for context in [
                CallContext(venue, services, CallSettings, Counter(), shown, self.outbox, Verdicts(services.counters))
            ]
        ]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_fifty_at_once_over_two_processes_stay_below_the_cap(
    database: str, tmp_path: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "HOLD_SECONDS", 120.0)  # a machine under load
    made: Callable[[], str] = request.getfixturevalue("postgres") if database == "postgres" else lambda: ""
    store = await SqlStore.open(made() or f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    slow = Slow()
    processes = [Process(store, slow, 100 * number) for number in range(2)]
    writing = [asyncio.create_task(process.outbox.run()) for process in processes]
    async with asyncio.TaskGroup() as group:
        ahead = [
            group.create_task(call.ahead(one, group))
            for process in processes
            for call, one in zip(process.calls, process.said, strict=True)
        ]
        refused = lambda: sum(task.done() for task in ahead)  # noqa: E731
        async with asyncio.timeout(300):
            while slow.asked + refused() < 2 * EACH:
                await asyncio.sleep(0.01)
        asked = slow.asked
        assert CAP * 6 / 10 <= asked * PRICE <= CAP, (
            "each is held back for both, and asked for only while nothing is short"
        )
        print(f"{asked} of {2 * EACH} asked for, {asked * PRICE} dollars of {CAP}")
        slow.answers.set()
        await asyncio.wait(ahead)
        for process in processes:  # half of them are of use, the others were begun in vain
            for number, (call, one) in enumerate(zip(process.calls, process.said, strict=True)):
                if number % 2 and one.id in call._ahead:
                    call.start(one, group)
    for process in processes:
        for call in process.calls:
            await call.finish()
        process.outbox.close()
    await asyncio.gather(*writing)
    kinds = Counter(charge.kind for charge in await store.charges(GUILD, START))
    assert kinds["transcription"] == sum(len(list(filter(None, process.written))) for process in processes) > 0
    assert kinds.total() == asked, "each request is paid once"
    async with store._transaction(reads=True) as connection:
        assert not (await connection.exec_driver_sql("SELECT * FROM holds")).all(), "and nothing stays held back"
    await store.aclose()
