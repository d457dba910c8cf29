"""The harness: the sandbox Discord, the sandbox model, and the App that `run` starts between them.

The tests of the voice link use a smaller one: the sandbox Discord and a bot that is only a voice link.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.audio import HEAR_RATE
from bot.chat import job_progress
from bot.config import Settings
from bot.engine import transport
from sandbox import clips
from sandbox.guild.entities import GuildChannel
from sandbox.model.behaviour import Speak
from sandbox.model.recognition import recognise
from sandbox.model.server import ModelServer
from sandbox.people.person import Person
from sandbox.server import Sandbox
from tests.asked_once import NAMES, PATIENCE_SECONDS
from tests.e2e.link_bot import LinkBot, link_bot
from tests.made_database import made_database

COMMANDS = "CommandTree-invoker"
"""How the names of discord.py's tasks begin that answer commands."""


@dataclass(slots=True)
class Harness:
    """The servers of a test; `bot()` runs the bot while its block lasts."""

    sandbox: Sandbox
    model: ModelServer
    folder: Path
    engine: str = "audio"

    @property
    def lounge(self) -> GuildChannel:
        return self.sandbox.lounge

    def settings(self, **more: Any) -> Settings:
        values: dict[str, Any] = {
            "discord_token": self.sandbox.token,
            "discord_api_base": self.sandbox.api_base,
            "openai_api_key": self.model.key,
            "openai_base_url": self.model.base_url,
            "database_url": f"sqlite+aiosqlite:///{self.folder}/bot.db",
            "consent": "notice",
            "cue": "off",
            "engine": self.engine,
        }
        return Settings(**(values | more))

    @asynccontextmanager
    async def bot(self, **more: Any) -> AsyncIterator[app.App]:
        """Run the bot with these settings, and drain it at the end as SIGTERM does."""
        stop = asyncio.Event()
        made_database(self.folder)
        async with app.build(self.settings(**more), self.sandbox.authority.client_context) as running:
            serving = asyncio.create_task(running.run(stop))
            try:
                async with asyncio.timeout(60):
                    while not running.client.serving:
                        assert not serving.done(), serving.exception()
                        await asyncio.sleep(0.02)
                yield running
            finally:
                stop.set()
                await serving
                # discord.py's tasks that answered a command end a moment after their last word.
                await until(lambda: not any(task.get_name().startswith(COMMANDS) for task in asyncio.all_tasks()))

    async def join(self, person: Person, channel: GuildChannel | None = None) -> Any:
        """Let a person enter the voice channel and type /join there."""
        channel = channel or self.lounge
        await person.join(channel.id)
        outcome = await self.sandbox.command(person.user, "join", {}, channel_id=channel.id)
        await outcome.settled()
        return outcome

    async def leave(self, person: Person) -> None:
        """Let a person type /leave in the voice channel, and wait until nothing of the call is left."""
        outcome = await self.sandbox.command(person.user, "leave", {}, channel_id=self.lounge.id)
        await outcome.settled()

    def lines(self, channel: GuildChannel | None = None) -> list[str]:
        """Return the content of a channel's messages, oldest first."""
        messages = self.sandbox.messages((channel or self.lounge).id)
        return [message.content for message in messages if message.content]


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Harness]:
    for name in NAMES:
        monkeypatch.setattr(transport, name, PATIENCE_SECONDS)
    # On a busy machine quick work would show its progress, and what is seen first would not be what came of it.
    monkeypatch.setattr(job_progress, "PROGRESS_DELAY_SECONDS", PATIENCE_SECONDS)
    # The first recognition loads the shipped clips, which would block the event loop in the middle of a call.
    recognise(clips.load("anna-stop", HEAR_RATE))
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox.open())
        model = await stack.enter_async_context(ModelServer.open(first_audio=0.1))
        model.default = Speak.clip("bot-heard")  # the shortest
        yield Harness(sandbox, model, tmp_path)


@pytest.fixture
async def bot() -> AsyncIterator[LinkBot]:
    async with link_bot() as made:
        yield made


@pytest.fixture
async def anna(bot: LinkBot) -> Person:
    """In the bot's voice channel."""
    anna = await bot.sandbox.person("Anna")
    await anna.join(bot.sandbox.lounge.id)
    return anna


async def until(condition: Any, seconds: float = 15.0) -> None:
    """Wait until `condition()` holds, three times as long as it usually takes at most. Raises TimeoutError."""
    async with asyncio.timeout(3 * seconds):
        while not condition():
            await asyncio.sleep(0.02)
