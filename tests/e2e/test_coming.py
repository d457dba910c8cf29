"""Joining by itself, but never where somebody removed the bot: over real links and across a restart."""

import asyncio

import pytest
import structlog

from bot import app
from bot.chat.commands import podcast
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until


async def test_a_kick_blocks_auto_join_also_after_a_restart(harness: Harness) -> None:
    anna = await harness.sandbox.person("Anna")

    async def enters(person: Person, running: app.App) -> None:
        """Let somebody enter, and wait until the bot sees it."""
        await person.leave()
        await person.join(harness.lounge.id)
        guild = running.client.get_guild(harness.sandbox.guild.id)
        await until(lambda: guild is not None and person.id in guild._voice_states)
        await asyncio.sleep(0.3)

    async with harness.bot() as running:
        await running.client.preferences.change(harness.sandbox.guild.id, harness.lounge.id, "join_at", "1", anna.id)
        await enters(anna, running)
        await until(running.calls.all)  # by itself
        await until(lambda: any("hear everyone" in line for line in harness.lines()))
        await harness.sandbox.moderator.disconnect(harness.sandbox.bot)
        await until(lambda: not running.calls.all())
        await enters(anna, running)
        assert not running.calls.all()
    async with harness.bot() as running:
        await enters(anna, running)
        assert not running.calls.all()
        ben = await harness.sandbox.person("Ben")
        await harness.join(ben)  # somebody invites it again
        await (await harness.sandbox.command(ben.user, "leave", channel_id=harness.lounge.id)).settled()
        await ben.leave()
        await enters(anna, running)  # alone there: whoever removed the bot has left
        await until(running.calls.all)


async def test_a_crash_while_resuming_after_a_restart_is_logged(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(podcast, "resume", broken)
    with structlog.testing.capture_logs() as lines:
        async with harness.bot():
            await until(lambda: any(line["event"] == "come_back_crashed" for line in lines))
