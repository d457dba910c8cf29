"""Changes minutes that were posted, when somebody in them is forgotten."""

import discord
import structlog

from bot.chat.host import Host
from bot.chat.minutes import post, work
from bot.chat.requests import REQUEST_ERRORS, within
from bot.jobs.minutes.posted import PostedMinutes

log = structlog.get_logger(__name__)

REPOST_SECONDS = 8.0
"""The longest that forgetting waits for Discord to take a changed post; it is tried again later."""


async def repost(host: Host, posted: PostedMinutes) -> bool:
    """Make a post say no more than is left of it; delete one of which nothing is. Return whether that is done."""
    guild = host.get_guild(posted.guild_id)
    if guild is None:
        return False  # another process's server, or one that is away
    chat = guild.get_channel_or_thread(posted.chat_id)
    if not isinstance(chat, discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel):
        return True  # deleted, and the post with it
    message = chat.get_partial_message(posted.message_id)
    words = host.catalogues.of(posted.language)
    channel = guild.get_channel(posted.channel_id)
    try:
        if posted.minutes.empty:
            await within(REPOST_SECONDS, message.delete())
        else:
            text = work.shown(posted.minutes, posted.channel_id, words, posted.small_print)
            files = await post.files(posted.minutes, channel.name if channel else "", words, guild.filesize_limit)
            await within(REPOST_SECONDS, message.edit(content=text, attachments=files))
    except discord.NotFound:
        return True
    except (*REQUEST_ERRORS, TimeoutError) as error:
        log.warning("minutes_not_changed", guild=posted.guild_id, error=type(error).__name__)
        return False
    return True
