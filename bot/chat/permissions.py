"""What the bot and the people may do: named before it is tried."""

import discord

from bot.chat.error_messages import Refusal
from bot.errors import ChannelFull, MissingPermissions

VocalChannel = discord.VoiceChannel | discord.StageChannel

NAMES = {
    "view_channel": "View Channel",
    "connect": "Connect",
    "speak": "Speak",
    "use_voice_activation": "Use Voice Activity",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "manage_guild": "Manage Server",
}
"""Permissions by discord.py's name, as Discord's settings call them."""
_TO_JOIN = ("view_channel", "connect", "speak", "use_voice_activation")
_TO_JOIN_STAGE = ("view_channel", "connect")


def check_bot(channel: VocalChannel) -> None:
    """Raise MissingPermissions or ChannelFull when the bot could not take part in `channel`."""
    me = channel.guild.me
    # Not the voice channel's own method: it takes Speak for missing where Connect is, and people would mend too much.
    granted = discord.abc.GuildChannel.permissions_for(channel, me)
    needed = _TO_JOIN_STAGE if isinstance(channel, discord.StageChannel) else _TO_JOIN
    missing = [NAMES[name] for name in needed if not getattr(granted, name)]
    if me.is_timed_out():
        raise Refusal("refusal timed_out")
    if missing:
        raise MissingPermissions(missing)
    there = channel.voice_states
    if channel.user_limit and len(there) >= channel.user_limit and me.id not in there and not granted.move_members:
        raise ChannelFull


def check_caller(member: discord.Member, channel: VocalChannel) -> None:
    """Raise Refusal when `member` may not enter `channel`: nobody sends the bot where they cannot listen themselves."""
    granted = channel.permissions_for(member)
    if not (granted.view_channel and granted.connect):
        raise Refusal("refusal channel_closed", channel=channel.mention)


def can_write(channel: VocalChannel) -> bool:
    """Whether the bot may write into the channel's own text chat."""
    granted = channel.permissions_for(channel.guild.me)
    return granted.view_channel and granted.connect and granted.send_messages


def check_manager(granted: discord.Permissions) -> None:
    """Raise Refusal unless that includes managing the server."""
    if not granted.manage_guild:
        raise Refusal("refusal manager")


def may_moderate(granted: discord.Permissions) -> bool:
    """Whether somebody outside a call may stop the bot or send it away."""
    return granted.manage_guild or granted.move_members
