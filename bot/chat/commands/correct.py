"""The message menu "That's not what I said": people put their own lines of the transcript right."""

import discord
from discord import app_commands

from bot.chat.corrections import open_form
from bot.chat.host import Interaction


@app_commands.context_menu(name="That's not what I said")
@app_commands.guild_only()
async def correct_menu(interaction: Interaction, message: discord.Message) -> None:
    await open_form(interaction, message)
