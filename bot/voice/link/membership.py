"""The bot's place in a voice channel, by way of the main gateway. Public names of discord.py only.

Servers are looked up anew each time: after a new session of the main gateway (READY) discord.py has made other objects,
and the old ones never change again.
"""

import asyncio
import contextlib
import time
from typing import Final

import aiohttp
import discord

from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.presence import Presence

Channel = discord.VoiceChannel | discord.StageChannel

PRESENCE_TIMEOUT_SECONDS = 15.0
"""For the main gateway to answer whether the bot is in the channel."""
PRESENCE_REST_SECONDS = 3.0
"""The same for REST, which is only asked for a second opinion."""
SAME_MOMENT_SECONDS = 0.05
"""The main gateway's connection and the voice gateway's that break within this time break for the same reason: Discord
ends both at once. More time would take a removal for it, when a network breaks just after that."""
SAME_CAUSE_SECONDS = 0.5
"""The same for a main gateway that breaks first: it takes Discord a moment to end the voice connection after it."""
SESSION_LIFE_SECONDS = 30.0
"""A main gateway's session without a connection lives at least so long. When it expires, the voice state goes, too."""
_UNKNOWN_VOICE_STATE: Final = 10065
"""Discord's JSON error code: not in a voice channel."""
_PRESENCE_ERRORS = (discord.DiscordException, OSError, aiohttp.ClientError, RuntimeError)


class ChannelMembership:
    """Asks for the channel that `events` names, and says who is in it."""

    def __init__(self, voice: discord.VoiceClient, events: GatewayEvents, sessions: GatewaySessions) -> None:
        self.voice = voice
        self.events = events
        self._sessions = sessions
        self._guild_id = voice.guild.id
        sessions.follow(voice.client)
        self._session: discord.Guild | None = voice.guild
        "the server's object in the main gateway's session of our last entrance: each session makes its own"
        self._session_may_be_lost = False
        "the voice connection may have ended because the main gateway's session did"
        self._asking: asyncio.Task[bool] | None = None
        self.gateway_lag_seconds = 0.0

    @property
    def guild(self) -> discord.Guild | None:
        """The bot's server; None if the bot is not in it any more."""
        return self.voice.client.get_guild(self._guild_id)

    @property
    def channel(self) -> Channel | None:
        """The bot's channel; None if it does not exist any more."""
        channel = self.guild.get_channel(self.events.channel_id) if self.guild is not None else None
        return channel if isinstance(channel, Channel) else None

    @property
    def channel_exists(self) -> bool:
        """Whether the bot's channel exists, as far as is known: after READY each server takes a while to come back."""
        return self.channel is not None or (self.guild is not None and self.guild.unavailable)

    @property
    def confirmed(self) -> bool:
        """Whether the main gateway counts the bot as in a voice channel."""
        return self.guild is not None and self.guild.me is not None and self.guild.me.voice is not None

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the humans and the bots in the channel."""
        members = getattr(self.channel, "members", ())
        bots = frozenset(member.id for member in members if member.bot)
        return frozenset(member.id for member in members) - bots, bots | {self.voice.user.id}

    async def ask_to_enter(self, channel: Channel) -> None:
        """Ask the main gateway for the channel; its answer comes as events.

        Raises ConnectionError while the main gateway has no session.
        """
        if not self._takes_commands():
            raise ConnectionError
        self.voice.channel = channel
        self._session, self._session_may_be_lost = self.guild, False
        await channel.guild.change_voice_state(channel=channel, self_deaf=False, self_mute=False)

    async def ask_to_leave(self) -> None:
        """Ask the main gateway to take the bot out; its answer comes as an event."""
        if self.guild is not None:
            await self.guild.change_voice_state(channel=None)

    @property
    def superseded(self) -> bool:
        """Whether the main gateway has a new session, while the bot's voice state belongs to the old one."""
        return self.guild is not self._session and self.confirmed

    async def take_over(self) -> None:
        """Enter the channel in place: when the old session expires, its voice state goes, which looks like a kick."""
        channel = self.channel
        if channel is None:
            return
        if await self.presence() is Presence.HERE and self.events.inside:
            with contextlib.suppress(*_PRESENCE_ERRORS):
                await self.ask_to_enter(channel)

    # Whether somebody removed it

    def voice_ended(self, *, by_discord: bool) -> None:
        """Note how the main gateway fares as the voice connection ends.

        `by_discord`: with a close code that only the main gateway explains. It came over a network that works, so it
        is the main gateway's own doing only if that breaks in the same moment, or its session has expired.
        """
        if by_discord and self._takes_commands():
            self._session_may_be_lost = False
            asyncio.get_running_loop().call_later(SAME_MOMENT_SECONDS, self._look_again)
            return
        away = self._sessions.away_seconds(self.voice.guild.shard_id)
        self._session_may_be_lost = not (by_discord and SAME_CAUSE_SECONDS < away < SESSION_LIFE_SECONDS)

    async def presence(self) -> Presence:
        """Ask Discord whether the bot is in the channel; see transport.Presence.

        The main gateway answers in order, so once it has answered it has also told of a removal before the question.
        REST is asked then: it knows without delay what happened while that answer was on its way.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(PRESENCE_TIMEOUT_SECONDS):
                if self.guild is None or self.guild.unavailable or not self._takes_commands():
                    return Presence.UNKNOWN
                await self.guild.query_members(user_ids=[self.voice.user.id], cache=False)
        except _PRESENCE_ERRORS:
            return Presence.UNKNOWN
        self.gateway_lag_seconds = time.monotonic() - began
        rest_says_gone = await self._gone_by_rest()
        if self.confirmed and not rest_says_gone:
            return Presence.HERE
        if not self.events.inside or (self._session_may_be_lost and self.guild is not self._session):
            return Presence.FREE
        return Presence.GONE

    async def _gone_by_rest(self) -> bool:
        """Whether REST says that the bot is in no voice channel of the server."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_rest(), name=f"voice state:{self._guild_id}")
        # Left to itself when it is late: discord.py never sends anything again after a request that is cancelled while
        # it waits for the global rate limit.
        done, _ = await asyncio.wait({self._asking}, timeout=PRESENCE_REST_SECONDS)
        return bool(done) and self._asking.result()

    async def _ask_rest(self) -> bool:
        with contextlib.suppress(*_PRESENCE_ERRORS, ValueError):
            try:
                if self.guild is not None and self.guild.me is not None:
                    await self.guild.me.fetch_voice()
            except discord.NotFound as error:
                return error.code == _UNKNOWN_VOICE_STATE
        return False

    def _look_again(self) -> None:
        broken = self._disconnected() or self.guild is not self._session
        self._session_may_be_lost = self._session_may_be_lost or broken

    def _disconnected(self) -> bool:
        """Whether the connection to the main gateway is broken."""
        client = self.voice.client
        guild = self.guild
        if not isinstance(client, discord.AutoShardedClient) or guild is None:
            return client.is_closed()
        shard = client.get_shard(guild.shard_id)
        return shard is None or shard.is_closed()

    def _takes_commands(self) -> bool:
        return not self._disconnected() and self._sessions.stands(self.voice.guild.shard_id)
