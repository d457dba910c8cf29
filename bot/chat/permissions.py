"""Checks what the bot itself may do, before it is tried, and names what is missing. People: rights.py."""

import discord

from bot.chat.error_messages import Refusal
from bot.errors import ChannelFull, MissingPermissions

VocalChannel = discord.VoiceChannel | discord.StageChannel

PERMISSION_NAMES = {
    "view_channel": "View Channel",
    "connect": "Connect",
    "speak": "Speak",
    "use_voice_activation": "Use Voice Activity",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "manage_guild": "Manage Server",
    "read_message_history": "Read Message History",
}
"""discord.py's name -> the name in Discord's settings."""
_JOIN_PERMISSIONS = ("view_channel", "connect", "speak", "use_voice_activation")
_JOIN_STAGE_PERMISSIONS = ("view_channel", "connect")


def check_bot(channel: VocalChannel) -> None:
    """Raise MissingPermissions, ChannelFull or Refusal when the bot could not take part in `channel`."""
    me = channel.guild.me
    # Not VoiceChannel.permissions_for: without Connect it also denies Speak, and people would be told too much.
    granted = discord.abc.GuildChannel.permissions_for(channel, me)
    needed = _JOIN_STAGE_PERMISSIONS if isinstance(channel, discord.StageChannel) else _JOIN_PERMISSIONS
    missing = [PERMISSION_NAMES[name] for name in needed if not getattr(granted, name)]
    if me.is_timed_out():
        raise Refusal("refusal timed_out")
    if missing:
        raise MissingPermissions(missing)
    present = channel.voice_states
    if channel.user_limit and len(present) >= channel.user_limit and me.id not in present and not granted.move_members:
        raise ChannelFull


def public_thread_kind(channel: discord.TextChannel) -> discord.ChannelType:
    """Return the kind of a channel's public threads: an announcement channel has one of its own, and takes no other."""
    return discord.ChannelType.news_thread if channel.is_news() else discord.ChannelType.public_thread


def can_write(channel: VocalChannel) -> bool:
    """Whether the bot may write in the channel's own text chat."""
    granted = channel.permissions_for(channel.guild.me)
    return granted.view_channel and granted.connect and granted.send_messages


def own_voice(channel: VocalChannel) -> discord.VoiceState | None:
    """Return the bot's voice state in `channel`; None while it is not in it."""
    state = channel.guild.me.voice
    return state if state is not None and state.channel is not None and state.channel.id == channel.id else None


def impairment(channel: VocalChannel) -> str | None:
    """Return what keeps the bot from hearing or speaking in `channel`; None if nothing does.

    deafened, muted, suppressed (in the audience of a stage) or unpermitted (elsewhere, without Speak).
    """
    state = own_voice(channel)
    if state is None:
        return None
    if state.deaf:
        return "deafened"
    if state.mute:
        return "muted"
    if state.suppress:
        return "suppressed" if isinstance(channel, discord.StageChannel) else "unpermitted"
    return None
