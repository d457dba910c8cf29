"""/stop and /replay."""

from discord import app_commands

from bot.chat import actions
from bot.chat.host import Interaction


@app_commands.command(description="Stop talking now and drop waiting questions")
@app_commands.guild_only()
async def stop(interaction: Interaction) -> None:
    await actions.stop(interaction)


@app_commands.command(description="Play the last answer again")
@app_commands.guild_only()
async def replay(interaction: Interaction) -> None:
    await actions.replay(interaction)
