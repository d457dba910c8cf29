"""/settings through Discord's own machinery."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import discord
import pytest

from bot.billing.budget import Allowance, Caps
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.chat.cooldown import Cooldowns
from bot.chat.error_messages import error_sentence
from bot.chat.venue import DiscordVenue
from bot.errors import RateLimited
from bot.types import CallState
from sandbox.guild.entities import User
from sandbox.guild.invocation import Refused
from sandbox.guild.message import ChatMessage as Shown
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


def manager(quiet: QuietBot) -> User:
    permission = discord.Permissions(manage_guild=True).value
    role = quiet.sandbox.world.add_role(quiet.sandbox.guild, "Managers", permission)
    return quiet.sandbox.add_user("Mia", [role])


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
        ("retention", {"days": 0}, "until the call ends", "retention_days", 0),
    ],
)
async def test_each_setting_is_kept_and_shown(
    quiet: QuietBot, command: str, options: dict[str, Any], shown: str, name: str, value: object
) -> None:
    mia = manager(quiet)
    outcome = await quiet.sandbox.command(mia, f"settings {command}", options)
    assert outcome.ephemeral
    assert shown in outcome.content
    settings = quiet.client.preferences.of(quiet.sandbox.guild.id, None)
    assert getattr(settings, name) == value or value is None
    outcome = await (await quiet.sandbox.command(mia, "settings show")).settled()
    assert shown in outcome.text
    assert f"<@{mia.id}>" in outcome.text
    assert "· default" in outcome.text
    again = Preferences(quiet.services.store, CallSettings(), Caps(), quiet.services.wall)
    await again.load()  # as the next process will
    assert again.of(quiet.sandbox.guild.id, None) == settings


async def test_coming_by_itself_is_for_one_channel(quiet: QuietBot) -> None:
    mia = manager(quiet)
    outcome = await quiet.sandbox.command(mia, "settings answering", {"join_at": 2})
    assert "Choose a voice channel" in outcome.content
    lounge = quiet.sandbox.lounge.id
    outcome = await quiet.sandbox.command(mia, "settings answering", {"join_at": 2, "channel": lounge})
    assert "when 2 or more people" in outcome.content
    assert quiet.client.preferences.of(quiet.sandbox.guild.id, lounge).join_at == 2
    assert quiet.client.preferences.of(quiet.sandbox.guild.id, quiet.sandbox.den.id).join_at == 0


async def test_a_running_call_adapts_at_once_and_a_channel_goes_its_own_way(quiet: QuietBot) -> None:
    await quiet.joined("Ada")
    mia = manager(quiet)
    await quiet.sandbox.command(mia, "settings voice", {"name": "sage"})
    await quiet.sandbox.command(mia, "settings voice", {"name": "echo", "channel": quiet.sandbox.lounge.id})
    call = quiet.calls.all()[0]
    call.ask(1, "hello?")
    await until(lambda: quiet.engine.requests)
    assert quiet.engine.requests[-1].room.voice == "echo"
    outcome = await quiet.sandbox.command(mia, "settings reset", {"channel": quiet.sandbox.lounge.id})
    assert "Restored to default: 1" in outcome.content
    call.ask(1, "and now?")
    await until(lambda: len(quiet.engine.requests) == 2)
    assert quiet.engine.requests[-1].room.voice == "sage"


async def answered(quiet: QuietBot, asker: User, answers: int, shown: int) -> None:
    """Ask something, and wait until the call remembers so many answers, and so many of them are wholly written."""
    await (await quiet.sandbox.command(asker, "ask", {"text": "hello?"})).settled()
    [call] = quiet.calls.all()
    await until(lambda: sum(line.role == "assistant" for line in call.record.messages) == answers)
    await until(lambda: call.state is CallState.LISTENING)
    await until(lambda: sum(bool(line.components) for line in written(quiet)) == shown)
    await asyncio.sleep(0.3)  # for what should not be written
    assert isinstance(call.venue, DiscordVenue)
    await call.venue.idle()


def written(quiet: QuietBot) -> list[Shown]:
    return [line for line in quiet.shown() if "An answer with" in line.content]


async def test_a_running_call_writes_along_from_the_moment_it_is_wanted_and_no_longer(quiet: QuietBot) -> None:
    mia = manager(quiet)
    await quiet.sandbox.command(mia, "settings transcript", {"place": "off"})
    ada = await quiet.joined("Ada")
    await answered(quiet, ada, 1, 0)
    assert written(quiet) == []
    await quiet.sandbox.command(mia, "settings transcript", {"place": "chat"})
    await answered(quiet, ada, 2, 1)
    [line] = written(quiet)
    assert "-# " in line.content
    assert line.components
    await quiet.sandbox.command(mia, "settings transcript", {"place": "off"})
    await answered(quiet, ada, 3, 1)
    assert written(quiet) == [line]


async def test_a_running_call_goes_on_in_another_language(quiet: QuietBot) -> None:
    await quiet.joined("Ada")
    mia = manager(quiet)
    [call] = quiet.calls.all()
    await quiet.sandbox.command(mia, "settings language", {"language": "ja"})
    await call.venue.audience.notice("restarting")
    words = quiet.client.catalogues.of("ja")
    await until(lambda: quiet.shown()[-1].content == words("restarting"))
    await call.venue.audience.trouble(RateLimited())
    await until(lambda: error_sentence(words, RateLimited()) in quiet.shown()[-1].content)
    await call.venue.audience.state(CallState.THINKING)
    await until(lambda: words("panel thinking") in str(quiet.panels()[-1].components))
    await until(lambda: quiet.sandbox.lounge.status == words("panel thinking"))


@pytest.mark.parametrize(
    ("command", "options", "refusal"),
    [
        ("voice", {"name": "no voice!"}, "valid value for Voice."),
        ("language", {"language": "Klingon?"}, "valid value for Language."),
        ("budget", {}, "Choose at least one"),
    ],
)
async def test_what_cannot_be_is_refused(quiet: QuietBot, command: str, options: dict[str, Any], refusal: str) -> None:
    outcome = await quiet.sandbox.command(manager(quiet), f"settings {command}", options)
    assert refusal in outcome.content
    assert quiet.client.preferences.changed(quiet.sandbox.guild.id, None) == {}


async def test_only_managers_set(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    for command, options in (("show", {}), ("voice", {"name": "sage"}), ("reset", {})):
        with pytest.raises(Refused):  # Discord does not even offer it
            await quiet.sandbox.command(ada, f"settings {command}", options)
    assert quiet.client.preferences.changed(quiet.sandbox.guild.id, None) == {}


@pytest.mark.parametrize(
    ("command", "option", "typed", "offered"),
    [
        ("voice", "name", "s", {"ash", "sage", "shimmer", "verse"}),
        ("persona", "text", "teach", {"teacher"}),
        ("language", "language", "日", {"ja"}),
        ("language", "language", "aut", {"auto"}),
    ],
)
async def test_suggestions(quiet: QuietBot, command: str, option: str, typed: str, offered: set[str]) -> None:
    outcome = await quiet.sandbox.autocomplete(manager(quiet), f"settings {command}", option, {option: typed})
    assert {choice["value"] for choice in outcome.choices} == offered


async def test_words_that_last_as_long_as_the_call(quiet: QuietBot) -> None:
    ada = await quiet.joined("Ada")
    await quiet.sandbox.command(manager(quiet), "settings retention", {"days": 0})
    await quiet.sandbox.command(ada, "ask", {"text": "hello?"})
    lounge = quiet.sandbox.lounge.id

    async def kept() -> int:
        return len(await quiet.services.store.history(lounge, 9))

    async with asyncio.timeout(60):
        while await kept() < 2:
            await asyncio.sleep(0.05)
        await (await quiet.sandbox.command(ada, "leave")).settled()
        while await kept():
            await asyncio.sleep(0.05)


async def test_who_may_use_it_is_for_managers_to_say(quiet: QuietBot) -> None:
    mia, guild_id = manager(quiet), quiet.sandbox.guild.id
    quiet.client.cooldowns = Cooldowns(rate=100_000)
    eve, ben = quiet.sandbox.add_user("Eve"), quiet.sandbox.add_user("Ben")
    outcome = await quiet.sandbox.command(mia, "settings access", {"action": "call", "person": eve})
    assert f"call it: <@{eve.id}> · be answered: everyone · spend money: everyone" in outcome.content
    shown = await (await quiet.sandbox.command(mia, "settings show")).settled()
    assert f"call it: <@{eve.id}>" in shown.text
    for user, reads in ((ben, "managers chose"), (eve, "I'm in"), (mia, "I'm in")):
        joined = await quiet.sandbox.command(user, "join", {"channel": quiet.sandbox.lounge.id})
        assert reads in (await joined.settled()).text
    outcome = await quiet.sandbox.command(mia, "settings access", {"action": "call"})
    assert outcome.content.startswith("⚠️")
    everyone = quiet.sandbox.guild.id
    outcome = await quiet.sandbox.command(mia, "settings access", {"action": "call", "role": everyone})
    assert outcome.content.startswith("⚠️")
    outcome = await quiet.sandbox.command(mia, "settings access", {"action": "call", "person": eve, "remove": True})
    assert "call it: everyone" in outcome.content
    again = Preferences(quiet.services.store, CallSettings(), Caps(), quiet.services.wall)
    await again.load()
    assert again.of(guild_id, None).access.listed == {}


async def test_a_role_has_a_daily_cap_of_its_own(quiet: QuietBot) -> None:
    mia, guild, lounge = manager(quiet), quiet.sandbox.guild, quiet.sandbox.lounge
    guests = quiet.sandbox.world.add_role(guild, "Guests", 0)
    ada, ben = quiet.sandbox.add_user("Ada", [guests]), quiet.sandbox.add_user("Ben")
    await quiet.sandbox.enter_voice(ada, lounge)
    await quiet.sandbox.command(mia, "settings budget", {"person": 3.0})
    outcome = await quiet.sandbox.command(mia, "settings access", {"role": guests.id, "cap": 0.5})
    assert f"<@&{guests.id}>: $0.50 per person per day" in outcome.content
    budget = quiet.services.budget
    await until(lambda: budget.left(guild.id, ada.id) == Decimal("0.5"))
    assert budget.left(guild.id, ben.id) == Decimal(3)
    eve = quiet.sandbox.add_user("Eve", [guests])  # in no voice channel: known by what she uses
    await (await quiet.sandbox.command(eve, "privacy about")).settled()
    assert budget.left(guild.id, eve.id) == Decimal("0.5")
    spent = budget.reserve(guild.id, (ada.id,), Decimal("0.5"))
    assert budget.reserve(guild.id, (ada.id,), Decimal("0.01")).allowance is Allowance.OFF
    assert budget.reserve(guild.id, (ben.id,), Decimal("0.01")).allowance is Allowance.FULL
    budget.settle(spent)
    outcome = await quiet.sandbox.command(mia, "settings access", {"cap": 1.0})
    assert outcome.content.startswith("⚠️"), "a cap is a role's"
    await (await quiet.sandbox.command(mia, "settings access", {"role": guests.id, "remove": True})).settled()
    assert budget.left(guild.id, ada.id) == Decimal(3)
