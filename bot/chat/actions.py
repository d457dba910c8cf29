"""Actions that exist both as a command and as a button. Each answers the caller, and only them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord

from bot.call.access import IN_A_CALL
from bot.chat.destinations import told
from bot.chat.error_messages import Refusal, send_error
from bot.chat.host import Host, Interaction
from bot.chat.rights import Action

_Result = TypeVar("_Result")

DEFER_AFTER_SECONDS = 1.5
"""How long to wait for the result before deferring the response. Discord allows 3 s."""


async def pressed(interaction: discord.Interaction, act: Callable[[Interaction], Awaitable[None]]) -> None:
    """Run a button's action within the caller's cooldown, and send any error as commands do."""
    assert isinstance(interaction.client, Host)
    try:
        interaction.client.admit(interaction)
        interaction.client.cooldowns.take(interaction.user.id, interaction.created_at.timestamp())
        await act(interaction)  # pyright: ignore[reportArgumentType] # client checked above
    except Exception as error:
        await send_error(interaction, interaction.client.words_to(interaction), error)


async def stop(interaction: Interaction) -> None:
    """Stop speaking now, and drop the waiting turns."""
    stopped = interaction.client.call_for(interaction, Action.STEER).stop()
    await tell(interaction, "stop done" if stopped else "stop nothing")


async def replay(interaction: Interaction) -> None:
    """Play the last answer again."""
    replayed = interaction.client.call_for(interaction, Action.STEER).replay()
    await tell(interaction, "replay done" if replayed else "replay nothing")


async def leave(interaction: Interaction) -> None:
    host = interaction.client
    if interaction.guild_id is not None:
        async with defer_if_slow(interaction):
            await host.calls.settled(interaction.guild_id)  # it may be on its way in
    call = host.call_for(interaction, Action.STEER)
    await surely(interaction, host.leave(call), ephemeral=True, thinking=True)
    await tell(interaction, "leave done")


async def agree(interaction: Interaction) -> None:
    """Record that the caller consents to be heard in this server."""
    assert interaction.guild_id is not None
    async with defer_if_slow(interaction):
        await interaction.client.calls.consent(interaction.guild_id, interaction.user.id, agreed=True)
    try:
        interaction.client.check_access(interaction, *IN_A_CALL)
    except Refusal:
        await tell(interaction, "consent barred")
    else:
        host = interaction.client
        await say(interaction, told("consent given", host.settings, host.words_to(interaction)))


async def withdraw(interaction: Interaction) -> None:
    """Record that the caller withdraws consent in this server."""
    assert interaction.guild_id is not None
    async with defer_if_slow(interaction):
        await interaction.client.calls.consent(interaction.guild_id, interaction.user.id, agreed=False)
    await tell(interaction, "consent withdrawn")


async def surely(
    interaction: discord.Interaction,
    doing: Coroutine[Any, Any, _Result],
    *,
    ephemeral: bool = False,
    thinking: bool = False,
) -> _Result:
    """Defer the response and meanwhile do what was asked, though Discord's edge may keep the answer back."""
    task = asyncio.create_task(doing)
    try:
        if not interaction.response.is_done():
            await interaction.response.defer(ephemeral=ephemeral, thinking=thinking)
    finally:
        result = await task
    return result


@asynccontextmanager
async def defer_if_slow(interaction: Interaction) -> AsyncIterator[None]:
    """Defer the response if the block takes long, because Discord waits only 3 s for it."""
    done = asyncio.Event()

    async def defer_late() -> None:
        try:
            async with asyncio.timeout(DEFER_AFTER_SECONDS):
                await done.wait()
        except TimeoutError:
            await interaction.response.defer(ephemeral=True, thinking=True)

    deferring = asyncio.create_task(defer_late(), name="defer")
    try:
        yield
    finally:
        done.set()
        await deferring


async def tell(interaction: Interaction, code: str, **values: object) -> None:
    """Answer with a sentence of the catalogue that only the caller sees."""
    await say(interaction, interaction.client.words_to(interaction)(code, **values))


async def say(interaction: Interaction, text: str) -> None:
    """Answer with text that only the caller sees."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)
