"""What people write to the bot: a mention or a reply in the call's chat is answered aloud like /ask.

With READ_TEXT every message in the call's chat is. Elsewhere a mention is told where it would be heard.
"""

import discord
import structlog
from discord import app_commands

from bot.chat.errors import Refusal, explain
from bot.chat.host import Host
from bot.errors import BotError

log = structlog.get_logger(__name__)

_ORDINARY = (discord.MessageType.default, discord.MessageType.reply)


async def written(host: Host, message: discord.Message) -> None:
    """Answer a message, if it is meant for the bot."""
    if message.author.bot or message.guild is None or message.type not in _ORDINARY:
        return
    call = host.calls.get(message.guild.id)
    here = call is not None and call.venue.channel_id == message.channel.id
    if not _addressed(host, message) and not (here and host.settings.read_text):
        return
    words = host.words_in(message.guild)
    text = _words(host, message)
    try:
        host.cooldowns.take(message.author.id, message.created_at.timestamp())
        if call is None:
            raise Refusal("refusal written_no_call")
        if not here:
            raise Refusal("refusal written_elsewhere", channel=f"<#{call.venue.channel_id}>")
        if text:
            call.ask(message.author.id, text)
    except (BotError, app_commands.CommandOnCooldown) as error:
        try:
            await message.reply(explain(words, error), silent=True, mention_author=False)
        except discord.HTTPException as failed:
            log.info("reply_failed", status=failed.status, code=failed.code)


def _addressed(host: Host, message: discord.Message) -> bool:
    """Whether it mentions the bot by itself (not by a role or @everyone), or replies to it."""
    if host.user is None:
        return False
    reference = message.reference.resolved if message.reference else None
    replies = isinstance(reference, discord.Message) and reference.author.id == host.user.id
    return replies or any(user.id == host.user.id for user in message.mentions)


def _words(host: Host, message: discord.Message) -> str:
    """The message as people read it, without the bot's own mention."""
    me = message.guild.me if message.guild else host.user
    text = message.clean_content
    for name in {me.display_name, me.name} if me else ():
        text = text.removeprefix(f"@{name}")
    return text.strip()
