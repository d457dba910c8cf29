"""/join and /leave."""

import discord
from discord import app_commands

from bot.chat import actions, permissions, rights
from bot.chat.destinations import told
from bot.chat.error_messages import Refusal
from bot.chat.host import Host, Interaction
from bot.chat.permissions import VocalChannel
from bot.chat.rights import Action
from bot.errors import AlreadyInCall, StoreError

MANY_MEMBERS = 200
"""In a server with more, the first to bring the bot in reads who may use it."""


@app_commands.command(description="Bring the bot into a voice channel")
@app_commands.describe(channel="Voice channel (default: yours)")
@app_commands.guild_only()
async def join(interaction: Interaction, channel: discord.VoiceChannel | discord.StageChannel | None = None) -> None:
    host = interaction.client
    member = interaction.user
    assert isinstance(member, discord.Member)
    target = channel or _whereabouts(member)
    rights.check(member, Action.JOIN, target)
    permissions.check_bot(target)
    await interaction.response.defer(ephemeral=True, thinking=True)
    first = await _first_in_a_large_server(host, target.guild)
    try:
        await host.calls.join(host.venue(target, interaction.channel), member.id)
    except AlreadyInCall:
        raise Refusal("refusal other_channel", channel=_present_channel(host, member).mention) from None
    await host.calls.settled(target.guild.id)  # somebody may have moved it already
    target = _present_channel(host, member)
    words = host.words_to(interaction)
    lines = [told("join done", host.settings, words, channel=target.mention)]
    if isinstance(target, discord.StageChannel):
        lines.append(words("join stage"))
    if not permissions.can_write(target):
        lines.append(words("join unwritable", channel=target.mention))
    if first:
        lines.append(words("join open"))
    await interaction.followup.send("\n".join(lines), ephemeral=True)


@app_commands.command(description="Make the bot leave the voice channel")
@app_commands.guild_only()
async def leave(interaction: Interaction) -> None:
    await actions.leave(interaction)


def _present_channel(host: Host, member: discord.Member) -> VocalChannel:
    """Return where the bot is. Raises Refusal when that is nowhere, or the member must not know it."""
    call = host.calls.get(member.guild.id)
    there = host.call_channel(call) if call else None
    if there is None or rights.may(member, Action.LOOK, there):
        raise Refusal("refusal cannot_come")
    return there


async def _first_in_a_large_server(host: Host, guild: discord.Guild) -> bool:
    """Return whether nobody has brought it into this server yet: whoever does agrees to be heard there."""
    if (guild.member_count or 0) <= MANY_MEMBERS:
        return False
    try:
        return not await host.services.store.consents(guild.id)
    except StoreError:
        return False


def _whereabouts(member: discord.Member) -> VocalChannel:
    """Return the voice channel a person is in. Raises Refusal."""
    if member.voice is None or member.voice.channel is None:
        raise Refusal("refusal not_in_voice")
    return member.voice.channel
