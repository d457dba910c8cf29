"""Joins a voice channel without being asked, if the server wants that and nobody has sent the bot away."""

import structlog

from bot.chat.error_messages import explain
from bot.chat.host import Host
from bot.chat.permissions import VocalChannel, can_write
from bot.chat.requests import REQUEST_ERRORS
from bot.chat.rights import standing_of
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
        settings = self._host.preferences.of(guild_id, channel.id)
        join_at, access = settings.join_at, settings.access
        callers = [one for one in channel.members if not one.bot and access.permits(one.id, standing_of(one), "call")]
        if not join_at or len(callers) < join_at or not blocks.allowed(guild_id, channel.id):
            return
        try:
            await self._host.calls.join(self._host.venue(channel), None)
        except BotError as error:
            log.info("auto_join_failed", channel_id=channel.id, reason=error.code)
            if channel.id not in self._told:
                self._told.add(channel.id)
                await post_refusal(self._host, channel, "came not", error)

    async def emptied(self, channel: VocalChannel) -> None:
        """The last person left the channel."""
        self._told.discard(channel.id)
        await self._host.calls.auto_join_blocks.lift(channel.guild.id, channel.id)


async def post_refusal(host: Host, channel: VocalChannel, code: str, error: BotError) -> None:
    """Post in the channel's chat, if that is possible, why the bot did not come of itself: the catalogue's `code`."""
    if not can_write(channel):
        return
    words = host.words_in(channel.guild)
    try:
        await channel.send(words(code, reason=explain(words, error)), silent=True, suppress_embeds=True)
    except REQUEST_ERRORS as failed:
        log.info("refusal_not_shown", channel_id=channel.id, error=type(failed).__name__)


def people(channel: VocalChannel) -> int:
    """Return how many humans are in a channel."""
    return sum(not member.bot for member in channel.members)
