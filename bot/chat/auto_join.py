"""Joins a voice channel without being asked, if the server wants that and nobody has sent the bot away."""

import discord
import structlog

from bot.chat.error_messages import explain
from bot.chat.host import Host
from bot.chat.permissions import VocalChannel, can_write
from bot.errors import BotError

log = structlog.get_logger(__name__)


class AutoJoin:
    """Reacts to people who enter and leave voice channels."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._told: set[int] = set()
        "channels that have been told why the bot could not join; a channel is removed once it is empty"

    async def entered(self, channel: VocalChannel) -> None:
        """Somebody entered a channel of a server without a call. Join it if the server wants that."""
        blocks, guild_id = self._host.calls.auto_join_blocks, channel.guild.id
        if people(channel) == 1:  # the channel was empty before, perhaps while no process ran
            await blocks.lift(guild_id, channel.id)
        join_at = self._host.preferences.of(guild_id, channel.id).join_at
        if not join_at or people(channel) < join_at or not blocks.allowed(guild_id, channel.id):
            return
        try:
            await self._host.calls.join(self._host.venue(channel), None)
        except BotError as error:
            log.info("auto_join_failed", channel_id=channel.id, reason=error.code)
            await self._tell(channel, error)

    async def emptied(self, channel: VocalChannel) -> None:
        """The last person left the channel."""
        self._told.discard(channel.id)
        await self._host.calls.auto_join_blocks.lift(channel.guild.id, channel.id)

    async def _tell(self, channel: VocalChannel, error: BotError) -> None:
        """Post once in the channel's chat why the bot did not join."""
        if channel.id in self._told or not can_write(channel):
            return
        self._told.add(channel.id)
        words = self._host.words_in(channel.guild)
        text = words("came not", reason=explain(words, error))
        try:
            await channel.send(text, silent=True, suppress_embeds=True)
        except discord.HTTPException as failed:
            log.info("auto_join_failure_not_shown", channel_id=channel.id, status=failed.status, code=failed.code)


def people(channel: VocalChannel) -> int:
    """Return how many humans are in a channel."""
    return sum(not member.bot for member in channel.members)
