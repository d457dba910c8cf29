"""The bot's place in a voice channel, by way of the main gateway. Public names of discord.py only."""

import discord

from bot.voice.link.gateway_events import GatewayEvents

Channel = discord.VoiceChannel | discord.StageChannel


class ChannelMembership:
    """Asks for the channel that `events` names, and says who is in it."""

    def __init__(self, voice: discord.VoiceClient, events: GatewayEvents) -> None:
        self._voice = voice
        self._events = events

    @property
    def channel(self) -> Channel | None:
        """The bot's channel; None if it does not exist any more."""
        channel = self._voice.client.get_channel(self._events.channel_id)
        return channel if isinstance(channel, Channel) else None

    @property
    def confirmed(self) -> bool:
        """Whether the main gateway counts the bot as in a voice channel."""
        return self._voice.guild.me is not None and self._voice.guild.me.voice is not None

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the humans and the bots in the channel."""
        members = getattr(self.channel, "members", ())
        bots = frozenset(member.id for member in members if member.bot)
        return frozenset(member.id for member in members) - bots, bots | {self._voice.user.id}

    async def ask_to_enter(self, channel: Channel) -> None:
        """Ask the main gateway for the channel; its answer comes as events."""
        self._voice.channel = channel
        await channel.guild.change_voice_state(channel=channel, self_deaf=False, self_mute=False)

    async def ask_to_leave(self) -> None:
        """Ask the main gateway to take the bot out; its answer comes as an event."""
        await self._voice.guild.change_voice_state(channel=None)
