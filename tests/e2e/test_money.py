"""Money when the bot is killed: what it may have spent stays held, for all who come after, and not for the day."""

import asyncio
import signal
from datetime import UTC, datetime

from bot.store.holds import HOLD_LIFETIME
from bot.store.repository import SqlStore
from sandbox.model.behaviour import Hang
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment
from tests.e2e.test_jobs import told
from tests.store.databases import made_postgres, postgres, url

__all__ = ["made_postgres", "postgres", "url"]


async def test_a_kill_amid_a_request_frees_no_money_and_locks_none_away(harness: Harness, url: str) -> None:
    more = {"DATABASE_URL": url, "BUDGET_SERVER_DAY": "0.02"}
    env, eve = environment(harness.sandbox, harness.model, harness.folder) | more, harness.sandbox.add_user("Eve")
    usual, harness.model.default = harness.model.default, Hang()

    async def asked() -> str:
        outcome = await harness.sandbox.command(eve, "ask", {"text": "What is a cap?"})
        await outcome.settled()
        return told(outcome)

    async with process.running(env, harness.folder) as bot:
        await bot.ready()
        asking = asyncio.create_task(asked())
        await until(lambda: harness.model.chats)
        bot.signal(signal.SIGKILL)
        await bot.ended()
    asking.cancel()
    harness.model.default = usual
    requests = len(harness.model.chats)
    async with process.running(env, harness.folder) as bot:
        await bot.ready()
        assert "Requests under way may use up today's budget" in await asked()
        assert len(harness.model.chats) == requests
        store = await SqlStore.open(url)
        await store.tidy(datetime.now(UTC) + HOLD_LIFETIME, 100)  # what upkeep does then
        await store.aclose()
        await asked()
        assert len(harness.model.chats) == requests + 1
