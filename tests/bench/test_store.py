"""What the store's operations take, on both databases, with a month of a busy server in it.

`./dev pytest tests/bench/test_store.py -n 0` prints p50 and p99; KIKITE_BENCH=1000 repeats each so many times.
"""

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import numpy as np
import pytest
from cryptography.fernet import Fernet

from bot.store.repository import SqlStore
from bot.types import Charge, Message, Setting, Usage
from tests.bench import BRIEF
from tests.store.databases import made_postgres, postgres, url

__all__ = ["made_postgres", "postgres", "url"]

ROUNDS = int(os.environ.get("KIKITE_BENCH", "10" if BRIEF else "30"))
LINES = 20 * ROUNDS
"""In the store before: as many in the channel as one that speaks through the evening, and as many elsewhere."""
GUILD, CHANNEL, ANNA = 1, 2, 11
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

Operation = Callable[[int], Awaitable[object]]


def line(number: int, speaker: int = ANNA) -> Message:
    return Message("user", speaker, "Anna", "what was said, at some length " * 4, NOW + timedelta(seconds=number))


def charge() -> Charge:
    return Charge(NOW, GUILD, CHANNEL, (ANNA,), "reply", "m", Usage(1, 2, 3, 4, 5), Decimal("0.01"))


def operations(store: SqlStore) -> dict[str, Operation]:
    async def turn(number: int) -> None:
        await store.remember(GUILD, CHANNEL, [line(number), replace(line(number), asked_by=(ANNA,), id=uuid4().hex)])
        await store.charge([charge(), charge()])

    return {
        "turn written (2 lines, 2 charges)": turn,
        "history of 200 lines": lambda _: store.history(CHANNEL, 200),
        "charges of a day": lambda _: store.charges(GUILD, NOW),
        "consents": lambda _: store.consents(GUILD),
        "consent": lambda number: store.consent(GUILD, number, True),
        "setting changed": lambda number: store.set(Setting(GUILD, None, "voice", str(number), ANNA, NOW)),
        "500 lines expired": lambda _: store.expire(GUILD + 1, NOW + timedelta(days=1), 500),
        "person forgotten": lambda number: store.forget(1000 + number),
    }


@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
async def test_operations(url: str, sealed: bool, figures: dict[str, list[str]]) -> None:
    store = await SqlStore.open(url, Fernet.generate_key().decode() if sealed else None)
    for start in range(0, LINES, 200):
        mine = [line(number) for number in range(start, start + 200)]
        await store.remember(GUILD, CHANNEL, mine)
        await store.remember(GUILD + 1, CHANNEL + 1, [line(number, 1000 + number) for number in range(200)])
    kind = f"{url.split(':')[0].split('+')[0]}, {'sealed' if sealed else 'open'}"
    for name, operation in operations(store).items():
        took = []
        for number in range(ROUNDS):
            start_at = time.perf_counter()
            await operation(number)
            took.append((time.perf_counter() - start_at) * 1000)
        p50, p99 = np.percentile(took, (50, 99))
        row = f"{name:36} {kind:18} p50 {p50:7.2f} ms  p99 {p99:7.2f} ms"
        figures.setdefault(f"store, {LINES:,} lines, {ROUNDS} times each", []).append(row)
    assert len(await store.history(CHANNEL, 200)) == 200
    await store.aclose()
