"""The same face on simcord, an independent model of Discord: every command is synced, checked and answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.billing.budget import Caps
from bot.call.manager import CallManager
from bot.call.preferences import Preferences
from bot.call.settings import CallSettings
from bot.chat.i18n import Catalogues
from bot.chat.panel import PanelView
from bot.config import Settings
from bot.privacy.erasure import Erasure
from bot.store.repository import SqlStore
from bot.types import Message
from tests.chat.answers import ALIKE, Use
from tests.chat.quiet_bot import client_for, services_for
from tests.made_database import made_database

SETTINGS = Settings(_env_file=None, discord_token="none", openai_api_key="none")  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[simcord.Env]:
    """Our client on simcord, which keeps its clock in a context: so no fixture."""
    store = await SqlStore.open(made_database(folder))
    services = services_for(store)
    preferences = Preferences(store, CallSettings(), Caps(), lambda: datetime.now(UTC))
    async with CallManager(services, preferences.of, Erasure(store)) as calls:
        client = client_for(SETTINGS, calls, services, preferences)
        async with simcord.run(client, shard_count=1, check_errors=False) as env:
            yield env
    await store.aclose()


NOT_IN_CALL = "I'm not in a voice channel you can see"


OUTSIDE: list[Use] = [
    ("join", {}, "Join a voice channel first"),
    ("leave", {}, NOT_IN_CALL),
    ("stop", {}, NOT_IN_CALL),
    ("replay", {}, NOT_IN_CALL),
    ("ask", {"text": "Why?"}, "An answer"),
    ("call status", {}, NOT_IN_CALL),
    ("call why", {}, NOT_IN_CALL),
    ("captions", {}, NOT_IN_CALL),
    ("interpret", {"languages": "en, ja"}, NOT_IN_CALL),
    ("privacy about", {}, "What I hear"),
    ("usage", {}, "today"),
    ("memory show", {}, "Choose a voice channel"),
    ("memory export", {}, "Choose a voice channel"),
    ("memory clear", {}, "Choose a voice channel"),
    ("minutes", {}, "Choose a voice channel"),
    ("settings access", {"action": "answer"}, "at least one"),
    *ALIKE,
]
MANAGING = {"settings", "tools"}
WORKING = {"analyze", "catchup", "podcast"}
"""Commands that take a while: tests/e2e/test_jobs.py and test_podcast.py."""


def told(result: Any) -> str:
    """Return all that an interaction was answered with."""
    return "\n".join(note.content for note in (result.response, *result.followups) if note is not None)


async def test_each_command_outside_a_call_is_answered(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        role = env.guild.create_role("Hosts", permissions=discord.Permissions(manage_guild=True))
        ada = env.guild.add_member(env.create_user("Ada"))
        mia = env.guild.add_member(env.create_user("Mia"), roles=[role])
        names = {name for name, *_ in OUTSIDE}
        assert set(mia.available_commands(channel)) == names | WORKING
        assert set(ada.available_commands(channel)) == {n for n in names if n.split()[0] not in MANAGING} | WORKING
        for name, options, sentence in OUTSIDE:
            result = await mia.slash(channel, name, **options)
            assert sentence in told(result), name
            assert result.ephemeral is (name != "ask"), name
            await env.advance_time(10.0)  # nobody types that fast
        assert "Manage Server" in told(await ada.slash(channel, "memory clear"))


async def test_what_may_be_completed_is_offered_and_what_is_not_known_is_refused(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        role = env.guild.create_role("Hosts", permissions=discord.Permissions(manage_guild=True))
        mia = env.guild.add_member(env.create_user("Mia"), roles=[role])
        for name, option, typed, offered in (
            ("settings voice", "name", "sa", ["sage"]),
            ("settings persona", "text", "teach", ["teacher"]),
            ("settings language", "language", "日本", ["ja"]),
        ):
            choices = await mia.autocomplete(channel, name, option, typed)
            assert [choice["value"] for choice in choices] == offered
        assert "isn't a valid value" in told(await mia.slash(channel, "settings voice", name="no such voice!"))


async def test_the_menus_want_a_recording(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        ada = env.guild.add_member(env.create_user("Ada"))
        message = await ada.send(channel, "Only words.")
        assert "no recording" in told(await ada.context_menu(channel, "Analyze recording", message))
        assert "An answer" in told(await ada.context_menu(channel, "Answer aloud", message))


async def test_what_is_long_is_leafed_through(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        guild = env.create_guild()
        text, lounge = guild.create_text_channel("general"), guild.create_voice_channel("Lounge")
        ada = guild.add_member(env.create_user("Ada"))
        at = datetime.now(UTC)
        lines = [Message("user", ada.id, "Ada", f"Line {number} " + "x" * 150, at) for number in range(30)]
        await env.bot.services.store.remember(guild.id, lounge.id, lines)  # pyright: ignore[reportAttributeAccessIssue]
        result = await ada.slash(text, "memory show", channel=lounge)
        page = next(note for note in (*result.followups, result.response) if note is not None and note.components)
        first = page.content
        await ada.click(page, label="▶")
        assert first != page.content
        await ada.click(page, label="◀")
        assert first == page.content


async def test_one_person_is_slowed_and_others_are_not(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        ada, ben = (env.guild.add_member(env.create_user(name)) for name in ("Ada", "Ben"))
        answers = [(await ada.slash(channel, "stop")).response for _ in range(6)]
        assert answers[4] is not None
        assert NOT_IN_CALL in answers[4].content
        assert answers[5] is not None
        assert "a bit fast" in answers[5].content
        other = (await ben.slash(channel, "stop")).response
        assert other is not None
        assert NOT_IN_CALL in other.content


async def test_the_panels_buttons_outlive_a_restart(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        ada = guild.add_member(env.create_user("Ada"))
        bot: Any = env.bot
        words = Catalogues.load().of("en")
        message = await bot.get_channel(channel.id).send(view=PanelView(words, "### Listening").once())
        second = client_for(SETTINGS, bot.calls, bot.services, bot.preferences)
        await env.restart_bot(second)
        result = await ada.click(message, custom_id="kikite:stop")
        assert result.response is not None
        assert NOT_IN_CALL in result.response.content
        assert isinstance(message, discord.Message)
