"""The same face on simcord, an independent model of Discord: every command is synced, checked and answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.calls import Calls
from bot.chat.i18n import Catalogues
from bot.chat.panel import PanelView
from bot.config import Settings
from bot.preferences import Preferences
from bot.services import CallSettings
from bot.store.repository import SqlStore
from bot.usage import Caps
from tests.chat.stage import client_for, services_for

SETTINGS = Settings(_env_file=None, discord_token="none", openai_api_key="none")  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[simcord.Env]:
    """Our client on simcord, which keeps its clock in a context: so no fixture."""
    store = await SqlStore.open(f"sqlite+aiosqlite:///{folder}/bot.db")
    services = services_for(store)
    preferences = Preferences(store, CallSettings(), Caps(), lambda: datetime.now(UTC))
    async with Calls(services, preferences.of) as calls:
        client = client_for(SETTINGS, calls, services, preferences)
        async with simcord.run(client, shard_count=1, check_errors=False) as env:
            yield env
    await store.aclose()


NOT_IN_CALL = "I am not in a voice channel here"


async def test_each_command_outside_a_call_says_what_to_do(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        ada = env.guild.add_member(env.create_user("Ada"))
        expected = {
            "join": "Join a voice channel first",
            "leave": NOT_IN_CALL,
            "stop": NOT_IN_CALL,
            "replay": NOT_IN_CALL,
            "call status": NOT_IN_CALL,
            "call why": NOT_IN_CALL,
            "privacy about": "What I hear",
            "usage": "$0.000",
            "memory show": "Name a voice channel",
            "memory clear": "Manage Server",
        }
        for command, sentence in expected.items():
            result = await ada.slash(channel, command)
            texts = [message.content for message in (result.response, *result.followups) if message is not None]
            assert any(sentence in text for text in texts), command
            assert result.ephemeral, command
            await env.advance_time(10.0)  # nobody types that fast


async def test_one_person_is_slowed_and_others_are_not(tmp_path: Path) -> None:
    async with simulated(tmp_path) as env:
        channel = env.create_guild().create_text_channel("general")
        ada, ben = (env.guild.add_member(env.create_user(name)) for name in ("Ada", "Ben"))
        answers = [(await ada.slash(channel, "stop")).response for _ in range(6)]
        assert answers[4] is not None
        assert NOT_IN_CALL in answers[4].content
        assert answers[5] is not None
        assert "A little slower" in answers[5].content
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
