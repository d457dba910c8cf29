"""/join and /leave."""

import discord
from discord import app_commands

from bot.chat import actions, permissions, rights
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.permissions import VocalChannel
from bot.chat.rights import Action
from bot.errors import AlreadyInCall
from bot.privacy.consent import joined_code


@app_commands.command(description="Call me into a voice channel")
@app_commands.describe(channel="The voice channel; yours when left out")
@app_commands.guild_only()
async def join(interaction: Interaction, channel: discord.VoiceChannel | discord.StageChannel | None = None) -> None:
    host = interaction.client
    member = interaction.user
    assert isinstance(member, discord.Member)
    target = channel or _whereabouts(member)
    rights.check(member, Action.JOIN, target)
    permissions.check_bot(target)
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        await host.calls.join(host.venue(target, interaction.channel), member.id)
    except AlreadyInCall:
        call = host.calls.get(target.guild.id)
        there = host.call_channel(call) if call else None
        if there is None or rights.may(member, Action.LOOK, there):
            raise Refusal("refusal cannot_come") from None
        raise Refusal("refusal other_channel", channel=there.mention) from None
    words = host.words_to(interaction)
    lines = [words(joined_code(host.preferences.of(target.guild.id, target.id).consent), channel=target.mention)]
    if isinstance(target, discord.StageChannel):
        lines.append(words("join stage"))
    if not permissions.can_write(target):
        lines.append(words("join unwritable", channel=target.mention))
    await interaction.followup.send("\n".join(lines), ephemeral=True)


@app_commands.command(description="Send me out of the voice channel")
@app_commands.guild_only()
async def leave(interaction: Interaction) -> None:
    await actions.leave(interaction)


def _whereabouts(member: discord.Member) -> VocalChannel:
    """Return the voice channel a person is in. Raises Refusal."""
    if member.voice is None or member.voice.channel is None:
        raise Refusal("refusal not_in_voice")
    return member.voice.channel
