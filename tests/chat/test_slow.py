"""A store that takes its time: Discord is answered before it is, whatever was used."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.chat import actions
from bot.chat.cooldown import Cooldowns
from bot.store.repository import SqlStore
from sandbox.people.outcome import CommandOutcome
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e
USED: list[tuple[str, dict[str, Any]]] = [
    ("call status", {}),
    ("call why", {}),
    ("stop", {}),
    ("replay", {}),
    ("ask", {"text": "Why?"}),
    ("memory show", {}),
    ("memory export", {}),
    ("memory clear", {}),
    ("settings show", {}),
    ("settings voice", {"name": "sage"}),
    ("settings reset", {}),
    ("usage", {}),
    ("privacy about", {}),
    ("privacy export", {}),
    ("privacy withdraw", {}),
    ("privacy consent", {}),
    ("privacy forget", {}),
    ("join", {}),
    ("leave", {}),
]
METHODS = ("history", "charges", "consents", "consent", "set", "unset", "export", "call_started", "call_ended", "drop")


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_everything_is_answered_in_time(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = asyncio.Event()
    ready.set()

    def slowed(real: Any) -> Any:
        async def method(self: SqlStore, *args: Any, **kwargs: Any) -> Any:
            await ready.wait()
            return await real(self, *args, **kwargs)

        return method

    monkeypatch.setattr(actions, "DEFER_AFTER_SECONDS", 0.05)
    for name in METHODS:
        monkeypatch.setattr(SqlStore, name, slowed(getattr(SqlStore, name)))

    async def through(acting: Any) -> CommandOutcome:
        """Use something; the store comes to itself only when Discord was answered."""
        quiet.client.cooldowns = Cooldowns()
        ready.clear()
        try:
            outcome = await acting  # or NoAnswer
        finally:
            ready.set()
        return await outcome.settled()

    role = quiet.sandbox.world.add_role(quiet.sandbox.guild, "Hosts", discord.Permissions(manage_guild=True).value)
    mia, lounge = await quiet.joined("Mia", roles=[role]), quiet.sandbox.lounge.id
    await quiet.sandbox.command(mia, "ask", {"text": "Why?"}, channel_id=lounge)
    await until(lambda: "-#" in quiet.shown()[-1].content)
    line = quiet.shown()[-1]
    for action in ("again", "forget"):
        (button,) = [b["custom_id"] for row in line.components for b in row["components"] if action in b["custom_id"]]
        assert "⚠️" not in (await through(quiet.sandbox.click(mia, line, button))).text
    for action in ("talk", "stop", "replay"):
        assert "⚠️" not in (await through(quiet.sandbox.click(mia, quiet.panels()[0], f"kikite:{action}"))).text
    for name, options in USED:
        outcome = await through(quiet.sandbox.command(mia, name, options, channel_id=lounge))
        assert outcome.text or outcome.attachments, name
        assert "⚠️" not in outcome.text, name
