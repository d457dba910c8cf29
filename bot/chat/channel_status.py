"""The line under the voice channel's name: what the bot is doing, for those who look from outside.

Discord lets those inside change it with Set Voice Channel Status, those outside only with Manage Channels besides.
"""

from collections.abc import Callable

import discord

from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel
from bot.chat.throttle import Throttle
from bot.types import CallState

GAP = 2.0
"""Seconds between two changes: it is read from outside, and by people who scroll past."""


class ChannelStatus:
    """The status line of one channel, where it may be set."""

    def __init__(self, channel: VocalChannel, words: Callable[[], Words]) -> None:
        self._channel = channel
        self._words = words
        self._wanted: str | None = None
        self._shown: str | None = None
        self._down = False
        self._paced = Throttle(self._draw, GAP, f"sign:{channel.id}")

    def changed(self, state: CallState, impaired: str | None) -> None:
        """Show how things stand, soon; nothing any more once it was taken away."""
        if self._down:
            return
        self._wanted = self._words()(f"panel {impaired or state}")
        granted = self._channel.permissions_for(self._channel.guild.me)
        if self._wanted != self._shown and granted.set_voice_channel_status:
            self._paced.poke()

    async def clear(self) -> None:
        """Take it away now, for good: once the bot is outside, it may not any more. Idempotent."""
        self._down, self._wanted = True, None
        self._paced.cancel()
        self._paced = Throttle(self._draw, 0.0, self._paced.name)
        self._paced.poke()
        await self._paced.idle()

    async def idle(self) -> None:
        await self._paced.idle()

    def cancel(self) -> None:
        self._paced.cancel()

    async def _draw(self) -> None:
        wanted = self._wanted
        if wanted == self._shown or not isinstance(self._channel, discord.VoiceChannel):
            return  # a stage has a topic of its own
        self._shown = wanted
        await self._channel.edit(status=wanted)
