"""Two real processes on one database: settings, money and forgetting are known to both, whoever does it."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from bot.billing.budget import Budget, Caps
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.ops.retention import Retention
from bot.ports.holder import Holder
from bot.privacy.erasure import Erasure
from bot.store import change_feed
from bot.store.repository import SqlStore
from bot.types import News
from tests.store.make import ANNA, CHANNEL, GUILD, START, cost, said

Ask = Callable[[str], Awaitable[Any]]


class Calls(Holder):
    """Notes whom it is told to forget, when a last line of theirs was just on its way to the store."""

    def __init__(self, store: SqlStore) -> None:
        self.forgotten: list[int] = []
        self._store = store

    def forget_person(self, user_id: int) -> None:
        self.forgotten.append(user_id)

    async def settled(self) -> None:
        await self._store.remember(GUILD, CHANNEL, [said(2)])


class Noted(Erasure):
    """Counts what it has wholly repeated: until then, a line that is said anew may be erased as well."""

    def __init__(self, store: SqlStore, holders: Iterable[Holder]) -> None:
        super().__init__(store, holders)
        self.repeated: Counter[str] = Counter()

    async def repeat(self, news: News) -> None:
        await super().repeat(news)
        self.repeated[news.kind] += 1


@contextmanager
def other(url: str) -> Iterator[Ask]:
    """Run tests/store/other.py; give what asks it."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-m", "tests.store.other"], **pipes) as process:
        assert process.stdin
        assert process.stdout
        reading, writing = process.stdout, process.stdin

        async def ask(line: str) -> Any:
            print(line, file=writing, flush=True)
            return json.loads(await asyncio.to_thread(reading.readline))

        print(url, file=writing, flush=True)
        yield ask
        writing.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def test_what_one_process_does_the_other_knows(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(change_feed.POLL_SECONDS, "sqlite", 0.05)
    store = await SqlStore.open(url)
    calls = Calls(store)
    preferences = Preferences(store, CallSettings(), Caps(Decimal(1)), lambda: START)
    erasure = Noted(store, [calls])
    retention = Retention(store, preferences, erasure, lambda _: True, lambda: START)
    with other(url) as ask:
        running = asyncio.create_task(retention.run())
        # There first, then here.
        await ask("want sage")
        await until(lambda: preferences.of(GUILD, None).voice == "sage")
        budget = Budget(Decimal(1), Decimal(1), lambda *_: None, lambda: START)
        await ask("spend 0.75")
        await budget.load(GUILD, store)
        assert (budget.left(GUILD), budget.left(GUILD, ANNA)) == (Decimal("0.25"), Decimal("0.25"))
        await ask("say the canary sings")
        assert await ask("forget") in (1, 2)  # and the line that was on its way here, if it was there in time
        await until(lambda: erasure.repeated["forgotten"] == 1)
        assert calls.forgotten == [ANNA]
        assert await store.history(CHANNEL, 9) == []
        # Here first, then there.
        await preferences.change(GUILD, None, "voice", "ash", ANNA)
        await store.charge([cost("0.125", ANNA)])
        await store.remember(GUILD, CHANNEL, [said(3)])
        assert await ask("tell") == {"voice": ["ash"], "spent": "0.875", "named": [[], [ANNA]], "lines": ["line 3"]}
        await store.forget(ANNA)
        assert await ask("tell") == {"voice": ["ash"], "spent": "0.875", "named": [[], []], "lines": []}
        running.cancel()
        await asyncio.wait([running])
    assert [setting for setting in await store.settings() if setting.changed_by] == []
    await store.aclose()
