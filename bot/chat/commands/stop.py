"""/stop and /replay."""

from discord import app_commands

from bot.chat import actions
from bot.chat.host import Interaction


@app_commands.command(description="Be quiet now, and drop what waits to be answered")
@app_commands.guild_only()
async def stop(interaction: Interaction) -> None:
    await actions.stop(interaction)


@app_commands.command(description="Say the last answer again")
@app_commands.guild_only()
async def replay(interaction: Interaction) -> None:
    await actions.replay(interaction)
