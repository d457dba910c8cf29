"""/memory: show, export or delete what the bot remembers of a voice channel."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict

import discord
from discord import app_commands

from bot.chat import escape, lines, rights
from bot.chat.file_export import exported_file
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.pagination import Confirm, PagedMessage, paginate
from bot.chat.rights import Action
from bot.talk.labels import labelled
from bot.types import Message

MAX_SHOWN_LINES = 500
"""Lines that /memory show reads, newest last."""
MAX_EXPORTED_LINES = 100_000
"""Lines in an export, about a year of daily talk."""

Channel = discord.VoiceChannel | discord.StageChannel


class MemoryCommands(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(
            name="memory", description="See or delete what the bot remembers of a voice channel", guild_only=True
        )

    @app_commands.command(description="Show a channel's history")
    @app_commands.describe(channel="Voice channel (default: the current call, or yours)")
    async def show(self, interaction: Interaction, channel: Channel | None = None) -> None:
        host = interaction.client
        target = host.channel_for(interaction, channel, Action.READ)
        await interaction.response.defer(ephemeral=True, thinking=True)
        words = host.words_to(interaction)
        messages = await host.services.store.history(target.id, MAX_SHOWN_LINES)
        # Escaping so many lines on the event loop would make every call's audio stutter.
        labels = host.labels_in(target)
        rows = await asyncio.to_thread(lambda: [_row(message, words) for message in labelled(messages, *labels)])
        pages = paginate(rows) or [words("memory nothing", channel=target.mention)]
        await PagedMessage(host, words, pages, Action.READ, target).send(interaction)

    @app_commands.command(description="Download a channel's history as Markdown and JSON")
    @app_commands.describe(channel="Voice channel (default: the current call, or yours)")
    async def export(self, interaction: Interaction, channel: Channel | None = None) -> None:
        target = interaction.client.channel_for(interaction, channel, Action.READ)
        await interaction.response.defer(ephemeral=True, thinking=True)
        words = interaction.client.words_to(interaction)
        stored = await interaction.client.services.store.history(target.id, MAX_EXPORTED_LINES)
        messages = await asyncio.to_thread(labelled, stored, *interaction.client.labels_in(target))
        limit = interaction.filesize_limit
        files = [
            await asyncio.to_thread(lambda: exported_file("memory.md", _markdown(target.name, messages, words), limit)),
            await asyncio.to_thread(lambda: exported_file("memory.json", _json(messages), limit)),
        ]
        text = words("memory exported", channel=target.mention, lines=len(messages))
        await interaction.followup.send(text, files=files, ephemeral=True)

    @app_commands.command(description="Delete a channel's history (Manage Server)")
    @app_commands.describe(channel="Voice channel (default: the current call, or yours)")
    async def clear(self, interaction: Interaction, channel: Channel | None = None) -> None:
        host = interaction.client
        target = host.channel_for(interaction, channel, Action.CLEAR)
        words = host.words_to(interaction)

        async def forget(pressed: discord.Interaction) -> str:
            rights.check(pressed.user, Action.CLEAR, target)
            gone = await host.calls.erasure.clear_channel(target.id)
            return words("memory cleared", channel=target.mention, lines=gone)

        question = words("memory clear?", channel=target.mention)
        await interaction.response.send_message(question, view=Confirm(host, words, forget), ephemeral=True)


def _row(message: Message, words: Words) -> str:
    return f"{discord.utils.format_dt(message.at, 't')} {_line(message, words)}"


def _line(message: Message, words: Words) -> str:
    mark = " —" if message.interrupted else ""
    if message.edited:
        return lines.edited(message.speaker, message.text, words)
    return f"{lines.heard(message.speaker, message.text)}{mark}"


def _markdown(name: str, messages: Sequence[Message], words: Words) -> str:
    rows = [f"# {escape.name(name)}", ""]
    rows += (f"- {message.at:%Y-%m-%d %H:%M:%S} {_line(message, words)}" for message in messages)
    return "\n".join(rows) + "\n"


def _json(messages: Sequence[Message]) -> str:
    kept = ("role", "speaker_id", "speaker", "text", "at", "interrupted", "edited")
    rows = [{key: value for key, value in asdict(message).items() if key in kept} for message in messages]
    return json.dumps(rows, ensure_ascii=False, indent=1, default=str) + "\n"
