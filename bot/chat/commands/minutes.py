"""/minutes: decisions, actions and open questions of a meeting, each with the lines that it rests on."""

import discord
from discord import app_commands

from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.minutes.session import answer_with_minutes
from bot.chat.rights import Action, Telling
from bot.jobs.minutes.since import local_time, read_since, zone_name


@app_commands.command(description="Decisions, actions and open questions of a call, each citing what was said")
@app_commands.describe(
    since="1h, 30 minutes, 14:00, yesterday… (default: the whole meeting)",
    private="Show the minutes only to you",
    channel="Voice channel (default: the current call, or yours)",
)
@app_commands.guild_only()
async def minutes(
    interaction: Interaction,
    since: app_commands.Range[str, 1, 60] | None = None,
    private: bool = False,
    channel: discord.VoiceChannel | discord.StageChannel | None = None,
) -> None:
    host = interaction.client
    target = host.channel_for(interaction, channel, Action.READ)
    now = host.services.wall()
    try:
        moment = read_since(since, now, local_time) if since else None
    except (ValueError, OverflowError):
        raise Refusal("refusal since", now=f"{now:%H:%M}", zone=zone_name(now)) from None
    await answer_with_minutes(interaction, Telling.of(target, interaction.channel, private=private), moment)
