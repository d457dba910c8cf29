"""The clock of the bot's machine goes over midnight in UTC, and is set back over it.

./dev pytest -m long -s -n 0 tests/e2e/test_clock.py
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.store.repository import SqlStore
from sandbox.guild.entities import User
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import BotProcess, environment
from tests.e2e.test_jobs import told

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)

HER_CAP = Decimal("0.50")

pytestmark = [
    pytest.mark.long,
    pytest.mark.e2e,
    pytest.mark.timeout(900),
    pytest.mark.skipif(LIBRARY is None, reason="faketime is not installed"),
]


@dataclass
class Clock:
    """The clock that the bot sees, and Discord's with it."""

    file: Path
    harness: Harness
    shift: float = 0.0

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.shift)

    def set(self, moment: datetime) -> None:
        """Set it to a moment; it runs on from there. The clock of durations is set with it: timers are as late."""
        self.shift = (moment - datetime.now(UTC)).total_seconds()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.shift:+.3f}")
        fresh.rename(self.file)
        self.harness.sandbox.world.clock = lambda: self.now.timestamp()

    async def reaches(self, moment: datetime) -> None:
        while self.now < moment:
            await asyncio.sleep(0.1)


@asynccontextmanager
async def clocked(harness: Harness, begins: datetime, **more: str) -> AsyncIterator[tuple[BotProcess, Clock]]:
    clock = Clock(harness.folder / "clock", harness)
    clock.set(begins)
    faked = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(clock.file), "FAKETIME_NO_CACHE": "1"}
    env = environment(harness.sandbox, harness.model, harness.folder) | faked | more
    async with process.running(env, harness.folder, fresh=True) as bot:
        await bot.ready()
        yield bot, clock


async def usage(harness: Harness, user: User) -> tuple[Decimal, Decimal, Decimal]:
    """Return what was spent today, what is left of the server's budget, and of the person's, as /usage says."""
    outcome = await (await harness.sandbox.command(user, "usage")).settled()
    spent = re.search(r"\*\*\$([\d.]+)\*\* today", outcome.text)
    left = re.search(r"Left today: \$([\d.]+)", outcome.text)
    own = re.search(r"Left for you today: \$([\d.]+)", outcome.text)
    assert spent, outcome.text
    assert left
    assert own
    return Decimal(spent[1]), Decimal(left[1]), Decimal(own[1])


async def test_caps_and_hashes_keep_to_the_day_over_midnight_and_back(harness: Harness) -> None:
    eve = harness.sandbox.add_user("Eve")

    async def ask() -> None:
        outcome = await harness.sandbox.command(eve, "ask", {"text": "What is a cap?"})
        await outcome.settled()
        assert "⚠️" not in told(outcome)

    async def look(when: str) -> tuple[Decimal, Decimal, Decimal]:
        seen = await usage(harness, eve)
        print(f"{clock.now:%H:%M:%S}, {when}: {seen[0]} spent, {seen[1]} left, {seen[2]} left for her")
        return seen

    midnight = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    limits = {"BUDGET_SERVER_DAY": "1.00", "BUDGET_PERSON_DAY": "0.50"}
    async with clocked(harness, midnight - timedelta(seconds=300), **limits) as (bot, clock):
        await ask()
        await ask()
        asked = await harness.sandbox.command(eve, "privacy forget")
        assert asked.message is not None
        await harness.sandbox.click(eve, asked.message, asked.components[0]["components"][0]["custom_id"])
        question = harness.sandbox.message(asked.message.id)
        await until(lambda: "Deleted" in question.content)
        clock.set(midnight - timedelta(seconds=60))
        spent, left, own = before = await look("two questions and /privacy forget later")
        assert (left, own) == (1 - spent, HER_CAP - spent)
        await clock.reaches(midnight)
        assert await look("a new day") == (0, 1, HER_CAP)
        await ask()
        after = await look("one question later")
        assert after[1:] == (1 - spent / 2, HER_CAP - spent / 2)
        clock.set(midnight - timedelta(seconds=60))
        assert await look("set back") == before
        await clock.reaches(midnight)
        assert await look("once more") == after
        store = await SqlStore.open(f"sqlite+aiosqlite:///{harness.folder}/data/bot.db")
        assert any(one.nameless for one in await store.charges(harness.sandbox.guild.id, midnight - timedelta(days=1)))
        clock.set(midnight + timedelta(seconds=50))
        while any(one.nameless for one in await store.charges(harness.sandbox.guild.id, midnight - timedelta(days=1))):
            await asyncio.sleep(0.2)
        print(f"{clock.now:%H:%M:%S}, her hashes of the day before are gone")
        await store.aclose()
        assert not any("Traceback" in line for line in bot.lines)
