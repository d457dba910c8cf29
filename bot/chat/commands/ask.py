"""/ask: a question in writing, answered aloud."""

import discord
from discord import app_commands

from bot.chat import acts, lines
from bot.chat.errors import Refusal
from bot.chat.host import Interaction

TEXT_LIMIT = 2_000
"""Characters of a question, as in any message."""
FILE_LIMIT = 100_000
"""Bytes of a text file that goes along."""


@app_commands.command(description="Ask me something in writing; I answer aloud")
@app_commands.describe(text="Your question", file="A text file to go with it")
@app_commands.guild_only()
async def ask(
    interaction: Interaction,
    text: app_commands.Range[str, 1, TEXT_LIMIT],
    file: discord.Attachment | None = None,
) -> None:
    call = interaction.client.call_of(interaction)
    question = f"{text}\n\n{await read_text(file)}" if file is not None else text
    here = interaction.channel_id == call.venue.channel_id
    call.ask(interaction.user.id, question)
    if here:  # the question stands in the transcript like a spoken one
        line = lines.split(lines.heard(interaction.user.display_name, text))[0]
        await interaction.response.send_message(line, silent=True, suppress_embeds=True)
    else:
        await acts.tell(interaction, "ask elsewhere", channel=f"<#{call.venue.channel_id}>")


async def read_text(file: discord.Attachment) -> str:
    """Return the words of a text file. Raises Refusal when it is too long, or no text."""
    if file.size > FILE_LIMIT:
        raise Refusal("refusal file_size", limit=f"{FILE_LIMIT // 1000} kB")
    try:
        return (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("refusal file_kind") from None
