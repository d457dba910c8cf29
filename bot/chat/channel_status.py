"""The status line under the voice channel's name, which shows people outside the call what the bot is doing.

Discord requires Set Voice Channel Status to change it, and from outside the channel Manage Channels as well.
"""

from collections.abc import Callable

import discord

from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel
from bot.chat.throttle import Throttle
from bot.types import CallState

STATUS_EDIT_GAP_SECONDS = 2.0
"""Least time between two changes. People only glance at this line, so it need not be faster."""


class ChannelStatus:
    """The status line of one channel, if the bot may set it."""

    def __init__(self, channel: Callable[[], VocalChannel], words: Callable[[], Words]) -> None:
        self._channel = channel
        self._words = words
        self._wanted: str | None = None
        self._shown: str | None = None
        self._cleared = False
        self._edits = Throttle(self._draw, STATUS_EDIT_GAP_SECONDS, f"channel_status:{channel().id}")

    def changed(self, state: CallState, impaired: str | None) -> None:
        """Schedule a change to the current state. Does nothing after `clear`."""
        if self._cleared:
            return
        self._wanted = self._words()(f"panel {impaired or state}")
        channel = self._channel()
        granted = channel.permissions_for(channel.guild.me)
        if self._wanted != self._shown and granted.set_voice_channel_status:
            self._edits.poke()

    async def clear(self) -> None:
        """Remove the line for good, at once, because the bot may not do so after it has left. Idempotent."""
        self._cleared, self._wanted = True, None
        self._edits.hurry()
        await self._edits.idle()

    async def idle(self) -> None:
        await self._edits.idle()

    def cancel(self) -> None:
        self._edits.cancel()

    async def _draw(self) -> None:
        wanted, channel = self._wanted, self._channel()
        if wanted == self._shown or not isinstance(channel, discord.VoiceChannel):
            return  # stage channels have a topic instead
        await channel.edit(status=wanted)
        self._shown = wanted
