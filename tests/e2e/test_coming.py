"""Coming by itself, and never where somebody put it out: over real links, and over a restart."""

import asyncio

import pytest
import structlog

from bot import app
from bot.chat.commands import podcast
from sandbox.people.person import Person
from tests.e2e.conftest import House, until


async def test_who_kicks_it_is_rid_of_it_also_after_a_restart(house: House) -> None:
    anna = await house.sandbox.person("Anna")

    async def enters(person: Person, running: app.App) -> None:
        """Have somebody enter, and the bot see it."""
        await person.leave()
        await person.join(house.lounge.id)
        guild = running.client.get_guild(house.sandbox.guild.id)
        await until(lambda: guild is not None and person.id in guild._voice_states)
        await asyncio.sleep(0.3)

    async with house.bot() as running:
        await running.client.preferences.change(house.sandbox.guild.id, house.lounge.id, "join_at", "1", anna.id)
        await enters(anna, running)
        await until(running.calls.all)  # by itself
        await until(lambda: any("hear everyone" in line for line in house.lines()))
        await house.sandbox.moderator.disconnect(house.sandbox.bot)
        await until(lambda: not running.calls.all())
        await enters(anna, running)
        assert not running.calls.all()
    async with house.bot() as running:
        await enters(anna, running)
        assert not running.calls.all()
        ben = await house.sandbox.person("Ben")
        await house.join(ben)  # somebody wants it again
        await (await house.sandbox.command(ben.user, "leave", channel_id=house.lounge.id)).settled()
        await ben.leave()
        await enters(anna, running)  # alone there: those who sent it away have gone
        await until(running.calls.all)


async def test_a_bug_in_what_is_taken_up_after_a_restart_is_logged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(podcast, "resume", broken)
    with structlog.testing.capture_logs() as lines:
        async with house.bot():
            await until(lambda: any(line["event"] == "come_back_crashed" for line in lines))
