"""What people can have the bot do by a command or a button alike. Each answers the caller, and only them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import discord

from bot.chat.error_messages import send_error
from bot.chat.host import Host, Interaction

PATIENCE = 1.5
"""Seconds after which an answer is promised."""


async def pressed(interaction: discord.Interaction, act: Callable[[Interaction], Awaitable[None]]) -> None:
    """Do what a button stands for, if it is not held down; what fails is told like everywhere."""
    assert isinstance(interaction.client, Host)
    try:
        interaction.client.cooldowns.take(interaction.user.id, interaction.created_at.timestamp())
        await act(interaction)  # pyright: ignore[reportArgumentType] # client checked above
    except Exception as error:
        await send_error(interaction, interaction.client.words_to(interaction), error)


async def stop(interaction: Interaction) -> None:
    """Be quiet now, and drop what waits to be answered."""
    stopped = interaction.client.call_of(interaction).stop()
    await tell(interaction, "stop done" if stopped else "stop nothing")


async def replay(interaction: Interaction) -> None:
    """Say the last answer again."""
    replayed = interaction.client.call_of(interaction).replay()
    await tell(interaction, "replay done" if replayed else "replay nothing")


async def leave(interaction: Interaction) -> None:
    host = interaction.client
    call = host.call_of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await host.leave(call)
    await tell(interaction, "leave done")


async def agree(interaction: Interaction) -> None:
    """Let the caller be heard in this server from now on."""
    assert interaction.guild_id is not None
    async with patiently(interaction):
        await interaction.client.calls.consent(interaction.guild_id, interaction.user.id, agreed=True)
    await tell(interaction, "consent given")


async def withdraw(interaction: Interaction) -> None:
    """No longer hear the caller in this server."""
    assert interaction.guild_id is not None
    async with patiently(interaction):
        await interaction.client.calls.consent(interaction.guild_id, interaction.user.id, agreed=False)
    await tell(interaction, "consent withdrawn")


@asynccontextmanager
async def patiently(interaction: Interaction) -> AsyncIterator[None]:
    """Promise an answer that only the caller sees, should the block take long: Discord waits 3 s for a first one."""
    done = asyncio.Event()

    async def promise() -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await done.wait()
        except TimeoutError:
            await interaction.response.defer(ephemeral=True, thinking=True)

    promising = asyncio.create_task(promise(), name="promise")
    try:
        yield
    finally:
        done.set()
        await promising


async def tell(interaction: Interaction, code: str, **values: object) -> None:
    """Answer with a sentence that only the caller sees."""
    await say(interaction, interaction.client.words_to(interaction)(code, **values))


async def say(interaction: Interaction, text: str) -> None:
    """Answer with text that only the caller sees."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)
