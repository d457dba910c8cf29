"""A plain discord.py bot for the tests of the sandbox. It contains nothing of Kikite."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from sandbox.server import Sandbox


class Bot(discord.AutoShardedClient):
    """Keeps every gateway event that it receives."""

    def __init__(self, sandbox: Sandbox, intents: discord.Intents, **options: Any) -> None:
        context = None if sandbox.http else sandbox.authority.client_context
        options.setdefault("guild_ready_timeout", 0.2)
        super().__init__(intents=intents, connector=aiohttp.TCPConnector(ssl=context or True), **options)
        self.tree = app_commands.CommandTree(self)
        self.seen: list[tuple[str, Any]] = []
        self.arrived = asyncio.Event()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.seen.append((event, args))
        self.arrived.set()
        super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait 5 s: the sandbox's identify_spacing is off."""

    async def until(self, event: str, matches: Callable[..., bool] = lambda *_: True) -> tuple[Any, ...]:
        """Return the arguments of the first `event` that matches, also one that came before."""
        async with asyncio.timeout(60):
            while True:
                for name, args in self.seen:
                    if name == event and matches(*args):
                        return args
                self.arrived.clear()
                await self.arrived.wait()

    def heard(self, event: str) -> list[tuple[Any, ...]]:
        return [args for name, args in self.seen if name == event]


def intents() -> discord.Intents:
    chosen = discord.Intents.none()
    chosen.guilds = chosen.voice_states = chosen.guild_messages = chosen.dm_messages = True
    return chosen


@asynccontextmanager
async def running(
    sandbox: Sandbox,
    wanted: discord.Intents | None = None,
    prepare: Callable[[Bot], None] = lambda _: None,
    **options: Any,
) -> AsyncIterator[Bot]:
    """Log a bot in to the sandbox. Inside the block it is ready, and its commands are synced."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sandbox.api_base, URL(sandbox.gateway.url)
    bot = Bot(sandbox, wanted or intents(), **options)
    prepare(bot)
    task = asyncio.create_task(bot.start(sandbox.token))
    try:
        ready = asyncio.create_task(bot.until("ready"))
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            ready.cancel()
            task.result()
        await ready
        if bot.tree.get_commands():
            await bot.tree.sync()
        yield bot
    finally:
        await bot.close()
        with suppress(Exception):
            await task
        for thread in threading.enumerate():
            if thread.name.startswith("keep-alive-handler"):  # told to end, but discord.py does not wait for it
                await asyncio.to_thread(thread.join, 5)
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
