"""/settings through Discord's own machinery."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.billing.budget import Caps
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.chat.error_messages import error_sentence
from bot.chat.venue import DiscordVenue
from bot.errors import RateLimited
from bot.types import CallState
from sandbox.guild.entities import User
from sandbox.guild.invocation import Refused
from sandbox.guild.message import ChatMessage as Shown
from tests.chat.quiet_bot import Stage, stage, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def house() -> AsyncIterator[Stage]:
    async with stage() as opened:
        yield opened


def manager(house: Stage) -> User:
    permission = discord.Permissions(manage_guild=True).value
    role = house.sandbox.world.add_role(house.sandbox.guild, "Managers", permission)
    return house.sandbox.add_user("Mia", [role])


@pytest.mark.parametrize(
    ("command", "options", "shown", "name", "value"),
    [
        ("voice", {"name": "sage"}, "**Voice** sage", "voice", "sage"),
        ("persona", {"text": "teacher"}, "**Persona** teacher", "persona", None),
        ("persona", {"text": "Be *a pirate*."}, r"Be \*a pirate\*.", "persona", "Be *a pirate*."),
        ("language", {"language": "日本語"}, "日本語 (ja)", "language", "ja"),
        ("answering", {"mode": "name", "names": "Kiki, 聞き手"}, "Kiki, 聞き手", "aliases", ("Kiki", "聞き手")),
        ("silence", {"seconds": 0.8}, "0.8 s", "endpointing_delay", 0.8),
        ("transcript", {"place": "off"}, "**Transcript** off", "transcript", "off"),
        ("retention", {"days": 0}, "only while the call lasts", "retention_days", 0),
    ],
)
async def test_each_setting_is_kept_and_shown(
    house: Stage, command: str, options: dict[str, Any], shown: str, name: str, value: object
) -> None:
    mia = manager(house)
    outcome = await house.sandbox.command(mia, f"settings {command}", options)
    assert outcome.ephemeral
    assert shown in outcome.content
    settings = house.client.preferences.of(house.sandbox.guild.id, None)
    assert getattr(settings, name) == value or value is None
    outcome = await (await house.sandbox.command(mia, "settings show")).settled()
    assert shown in outcome.text
    assert f"<@{mia.id}>" in outcome.text
    assert "· default" in outcome.text
    again = Preferences(house.services.store, CallSettings(), Caps(), house.services.wall)
    await again.load()  # as the next process will
    assert again.of(house.sandbox.guild.id, None) == settings


async def test_coming_by_itself_is_for_one_channel(house: Stage) -> None:
    mia = manager(house)
    outcome = await house.sandbox.command(mia, "settings answering", {"join_at": 2})
    assert "which voice channel" in outcome.content
    lounge = house.sandbox.lounge.id
    outcome = await house.sandbox.command(mia, "settings answering", {"join_at": 2, "channel": lounge})
    assert "from 2 people on" in outcome.content
    assert house.client.preferences.of(house.sandbox.guild.id, lounge).join_at == 2
    assert house.client.preferences.of(house.sandbox.guild.id, house.sandbox.den.id).join_at == 0


async def test_a_running_call_adapts_at_once_and_a_channel_goes_its_own_way(house: Stage) -> None:
    await house.joined("Ada")
    mia = manager(house)
    await house.sandbox.command(mia, "settings voice", {"name": "sage"})
    await house.sandbox.command(mia, "settings voice", {"name": "echo", "channel": house.sandbox.lounge.id})
    call = house.calls.all()[0]
    call.ask(1, "hello?")
    await until(lambda: house.engine.requests)
    assert house.engine.requests[-1].room.voice == "echo"
    outcome = await house.sandbox.command(mia, "settings reset", {"channel": house.sandbox.lounge.id})
    assert "Settings dropped: 1" in outcome.content
    call.ask(1, "and now?")
    await until(lambda: len(house.engine.requests) == 2)
    assert house.engine.requests[-1].room.voice == "sage"


async def answered(house: Stage, asker: User, answers: int) -> None:
    """Ask something, and wait until the call remembers so many answers and everything of them is written."""
    await (await house.sandbox.command(asker, "ask", {"text": "hello?"})).settled()
    [call] = house.calls.all()
    await until(lambda: sum(line.role == "assistant" for line in call.record.messages) == answers)
    await until(lambda: call.state is CallState.LISTENING)
    await asyncio.sleep(0.3)
    assert isinstance(call.venue, DiscordVenue)
    await call.venue.idle()


def written(house: Stage) -> list[Shown]:
    return [line for line in house.shown() if "An answer with" in line.content]


async def test_a_running_call_writes_along_from_the_moment_it_is_wanted_and_no_longer(house: Stage) -> None:
    mia = manager(house)
    await house.sandbox.command(mia, "settings transcript", {"place": "off"})
    ada = await house.joined("Ada")
    await answered(house, ada, 1)
    assert written(house) == []
    await house.sandbox.command(mia, "settings transcript", {"place": "chat"})
    await answered(house, ada, 2)
    [line] = written(house)
    assert "-# " in line.content
    assert line.components
    await house.sandbox.command(mia, "settings transcript", {"place": "off"})
    await answered(house, ada, 3)
    assert written(house) == [line]


async def test_a_running_call_goes_on_in_another_language(house: Stage) -> None:
    await house.joined("Ada")
    mia = manager(house)
    [call] = house.calls.all()
    await house.sandbox.command(mia, "settings language", {"language": "ja"})
    await call.venue.audience.notice("restarting")
    words = house.client.catalogues.of("ja")
    await until(lambda: house.shown()[-1].content == words("restarting"))
    await call.venue.audience.trouble(RateLimited())
    await until(lambda: error_sentence(words, RateLimited()) in house.shown()[-1].content)
    await call.venue.audience.state(CallState.THINKING)
    await until(lambda: words("panel thinking") in str(house.panels()[-1].components))
    await until(lambda: house.sandbox.lounge.status == words("panel thinking"))


@pytest.mark.parametrize(
    ("command", "options", "refusal"),
    [
        ("voice", {"name": "no voice!"}, "Voice cannot be that."),
        ("language", {"language": "Klingon?"}, "Language cannot be that."),
        ("budget", {}, "Name at least one"),
    ],
)
async def test_what_cannot_be_is_refused(house: Stage, command: str, options: dict[str, Any], refusal: str) -> None:
    outcome = await house.sandbox.command(manager(house), f"settings {command}", options)
    assert refusal in outcome.content
    assert house.client.preferences.changed(house.sandbox.guild.id, None) == {}


async def test_only_managers_set(house: Stage) -> None:
    ada = await house.enter("Ada")
    for command, options in (("show", {}), ("voice", {"name": "sage"}), ("reset", {})):
        with pytest.raises(Refused):  # Discord does not even offer it
            await house.sandbox.command(ada, f"settings {command}", options)
    assert house.client.preferences.changed(house.sandbox.guild.id, None) == {}


@pytest.mark.parametrize(
    ("command", "option", "typed", "offered"),
    [
        ("voice", "name", "s", {"ash", "sage", "shimmer", "verse"}),
        ("persona", "text", "teach", {"teacher"}),
        ("language", "language", "日", {"ja"}),
        ("language", "language", "aut", {"auto"}),
    ],
)
async def test_suggestions(house: Stage, command: str, option: str, typed: str, offered: set[str]) -> None:
    outcome = await house.sandbox.autocomplete(manager(house), f"settings {command}", option, {option: typed})
    assert {choice["value"] for choice in outcome.choices} == offered


async def test_words_that_last_as_long_as_the_call(house: Stage) -> None:
    ada = await house.joined("Ada")
    await house.sandbox.command(manager(house), "settings retention", {"days": 0})
    await house.sandbox.command(ada, "ask", {"text": "hello?"})
    lounge = house.sandbox.lounge.id

    async def kept() -> int:
        return len(await house.services.store.history(lounge, 9))

    async with asyncio.timeout(10):
        while await kept() < 2:
            await asyncio.sleep(0.05)
        await (await house.sandbox.command(ada, "leave")).settled()
        while await kept():
            await asyncio.sleep(0.05)
