"""A voice channel of Discord as the place of a call (ports.Venue), with its text chat as the audience."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from bot.chat import escape
from bot.chat.host import Host
from bot.chat.panel import Panel
from bot.chat.permissions import VocalChannel, check_bot
from bot.chat.scroll import Scroll
from bot.chat.transcript import Transcript
from bot.ports import VoiceLink
from bot.types import CallState

Connect: TypeAlias = Callable[[VocalChannel], Awaitable[VoiceLink]]
"""Enters a channel; voice/link.py's connect with what app.py gives it. Raises JoinError."""


class DiscordVenue:
    """One voice channel for one call: a new call there gets a new venue, and with it a new panel."""

    def __init__(self, host: Host, channel: VocalChannel, connect: Connect) -> None:
        self.channel = channel
        self._host = host
        self._connect = connect
        self._words = host.words_in(channel.guild)
        self._greeted: set[int] = set()
        "people told how to be heard"
        self._open = False
        self.scroll = Scroll(channel)
        self.panel = Panel(channel, self._words, self._status, self.people, self._impaired)
        self.audience = Transcript(self.scroll, self.bot_name, self._words, self._changed)

    @property
    def guild_id(self) -> int:
        return self.channel.guild.id

    @property
    def channel_id(self) -> int:
        return self.channel.id

    @property
    def channel_name(self) -> str:
        return self.channel.name

    @property
    def bot_id(self) -> int:
        return self.channel.guild.me.id

    @property
    def bot_name(self) -> str:
        return self._host.settings.bot_name or self.channel.guild.me.display_name

    def people(self) -> dict[int, str]:
        return {member.id: member.display_name for member in self.channel.members if not member.bot}

    async def connect(self) -> VoiceLink:
        check_bot(self.channel)
        return await self._connect(self.channel)

    def people_changed(self) -> None:
        """Someone came, went, or changed their voice state: the panel follows, newcomers learn how to be heard."""
        if self._open:
            self._greet_newcomers()
            self.panel.changed()

    async def idle(self) -> None:
        """Return when everything is written."""
        await self.scroll.idle()
        await self.panel.idle()

    def cancel(self) -> None:
        """Drop what is not written yet."""
        self.scroll.cancel()
        self.panel.cancel()

    def _changed(self, state: CallState) -> None:
        if not self._open and state not in (CallState.JOINING, CallState.LEAVING):
            self._open = True
            self._greeted |= self.people().keys()
            self.scroll.post(self._words(f"consent {self._host.settings.consent}"))
        self.panel.changed(state)

    def _greet_newcomers(self) -> None:
        people = self.people()
        call = self._host.calls.get(self.guild_id)
        agreed = call.agreed() if call else frozenset()
        for user_id in people.keys() - self._greeted:
            self._greeted.add(user_id)
            code = "agreed" if user_id in agreed else self._host.settings.consent
            self.scroll.post(self._words(f"newcomer {code}", name=escape.name(people[user_id])))

    def _status(self):
        call = self._host.calls.get(self.guild_id)
        return call.status() if call is not None and call.venue is self else None

    def _impaired(self) -> str | None:
        """What keeps the bot from hearing or speaking: deafened, muted or suppressed; None when all is well."""
        state = self.channel.guild.me.voice
        if state is None:
            return None
        if state.deaf:
            return "deafened"
        if state.mute:
            return "muted"
        return "suppressed" if state.suppress else None
