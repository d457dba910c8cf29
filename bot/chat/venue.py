"""A Discord voice channel as a call's venue (ports.Venue), with its text chat as the audience."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

import discord
import structlog

from bot.call.settings import CallSettings
from bot.chat import escape
from bot.chat.captions.caption_thread import CaptionThread
from bot.chat.channel_status import ChannelStatus
from bot.chat.destinations import told
from bot.chat.entrance import Entrance
from bot.chat.host import Host
from bot.chat.i18n import Words
from bot.chat.panel import Panel
from bot.chat.permissions import VocalChannel, check_bot, impairment, own_voice
from bot.chat.requests import REQUEST_ERRORS, within
from bot.chat.rights import open_to_readers
from bot.chat.tool_place import call_place
from bot.chat.transcript import line_buttons
from bot.chat.transcript.line_writer import LineWriter
from bot.chat.transcript.transcript import Transcript
from bot.ports import VoiceLink
from bot.privacy.consent import newcomer_code, notice_code
from bot.types import CallState

log = structlog.get_logger(__name__)

MAX_TAKE_DOWN_SECONDS = 2.0
"""Longest wait for the status line to be removed before the bot disconnects."""
PANEL_WAIT_SECONDS = 3.0
"""Longest time the first notice waits for the panel."""
STANDS_REQUEST_SECONDS = 3.0
"""Longest wait for Discord to say whether the channel still exists."""
PEOPLE_CACHE_SECONDS = 1.0
"""How long the cached list of people in the channel is valid."""

Connect: TypeAlias = Callable[[VocalChannel], Awaitable[VoiceLink]]
"""Joins a channel: connect of voice/link/join.py with the arguments that app.py binds. Raises JoinError."""


class DiscordVenue:
    """One voice channel for one call. A new call in the channel gets a new venue, and so a new panel."""

    def __init__(self, host: Host, channel: VocalChannel, connect: Connect, asked_in: object = None) -> None:
        """`asked_in` is the channel where somebody asked for the call. Its thread, if wanted, goes there."""
        self._channel = channel
        self._host = host
        self._connect = connect
        self._greeted: set[int] = set()
        "people who have been told how to be heard"
        self._state = CallState.JOINING
        self._open = False
        "whether the panel and the first notice have been posted"
        self._early_notices: list[str] = []
        "what to tell once the panel is there"
        self._told_impaired: str | None = None
        "the impairment that people were last told about"
        self._people: dict[int, str] = {}
        self._people_until = float("-inf")
        self.writer = LineWriter(channel, host.services.counters.transcript, self.words)
        self.place = call_place(host, channel, self)
        self.panel = Panel(channel, self.words, lambda: (call := host.call_in(self)) and call.status(), self.impaired)
        self.channel_status = ChannelStatus(lambda: self.channel, self.words)
        self.entrance = Entrance(lambda: self.channel, self.writer, self.settings, self.words, self._tell, asked_in)
        self.audience = Transcript(
            self.writer,
            lambda: self.bot_name,
            self.words,
            self._changed,
            lambda spoken: line_buttons.button_row(channel.id, spoken, self.words()),
            lambda: self.settings().transcript != "off",
            lambda user_id, code: host.whispers.tell(self.guild_id, user_id, code),
        )

    @property
    def channel(self) -> VocalChannel:
        """discord.py's object of the channel: another one after each new session of the main gateway."""
        # By way of the server: Client.get_channel searches all servers, and every tick asks.
        guild = self._host.get_guild(self._channel.guild.id)
        current = guild.get_channel(self._channel.id) if guild is not None else None
        return current if isinstance(current, VocalChannel) else self._channel

    def settings(self) -> CallSettings:
        """The server's current settings for calls in this channel."""
        return self._host.preferences.of(self.guild_id, self.channel_id)

    def words(self) -> Words:
        """The catalogue of the server's current language."""
        return self._host.words_in(self.channel.guild)

    @property
    def guild_id(self) -> int:
        return self._channel.guild.id

    @property
    def channel_id(self) -> int:
        return self._channel.id

    @property
    def channel_name(self) -> str:
        return self.channel.name

    @property
    def bot_id(self) -> int:
        return self.channel.guild.me.id

    @property
    def bot_name(self) -> str:
        return self._host.bot_name(self.channel.guild)

    @property
    def chats(self) -> set[int]:
        """The chats with the transcript: the channel's own, and the call's thread if it has one."""
        return {self.channel_id, self.writer.channel.id}

    def people(self) -> Mapping[int, str]:
        """Cached, because every tick asks. A join, a leave or PEOPLE_CACHE_SECONDS refreshes it."""
        now = self._host.loop.time()
        if now >= self._people_until:
            self._people = {member.id: escape.display_name(member) for member in self.channel.members if not member.bot}
            self._people_until = now + PEOPLE_CACHE_SECONDS
        return self._people

    def labels(self) -> Mapping[int, str]:
        """Return what the people in the channel are called: as `people`, but nobody as somebody else."""
        return call.record.people() if (call := self._host.call_in(self)) else self.people()

    @property
    def speechless(self) -> bool:
        state = own_voice(self.channel)
        return state is not None and (state.mute or state.suppress)

    async def stands(self) -> bool:
        guild = self._host.get_guild(self.guild_id)
        if guild is None or not (guild.unavailable or guild.get_channel(self.channel_id)):
            return False
        try:  # the main gateway may be late with its news
            await within(STANDS_REQUEST_SECONDS, self._host.fetch_channel(self.channel_id))
        except discord.NotFound:
            return False
        except REQUEST_ERRORS as error:
            log.info("channel_unknown", channel_id=self.channel_id, error=type(error).__name__)
        return True

    async def connect(self) -> VoiceLink:
        check_bot(self.channel)
        return await self._connect(self.channel)

    async def entered(self) -> None:
        await self.entrance.entered()

    def people_changed(self) -> None:
        """Somebody joined, left or changed their voice state: update the panel, and tell newcomers how to be heard."""
        self._people_until = float("-inf")
        if self._open:
            self._greet_newcomers()
            self._tell_impaired()
            self._show()

    async def readers_changed(self) -> None:
        """Permissions changed: write nothing more where people read who may not read the channel's chat."""
        self.entrance.readers_changed()
        if call := self._host.call_in(self):
            threads = [reader for reader in call.captions.readers if isinstance(reader, CaptionThread)]
            closed = [reader for reader in threads if not open_to_readers(self.channel, reader.channel)]
            for reader in closed:  # before any of them waits for Discord
                call.captions.gone(reader)
                reader.cut()
            await asyncio.gather(*(reader.end() for reader in closed))

    async def idle(self) -> None:
        """Return when everything has been sent."""
        for part in (self.writer, self.panel, self.channel_status):
            await part.idle()

    def cancel(self) -> None:
        """Drop what has not been sent yet."""
        for part in (self.writer, self.panel, self.channel_status):
            part.cancel()

    async def take_down(self) -> None:
        """Remove what the bot may remove only while it is in the channel. Idempotent, and limited in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_TAKE_DOWN_SECONDS):
                await self.channel_status.clear()

    async def _changed(self, state: CallState) -> None:
        if state is CallState.LEAVING:
            await self.take_down()
        if not self._open and state not in (CallState.JOINING, CallState.LEAVING):
            self._greeted |= self.people().keys()
            await self._put_up_panel(state)
            self.writer.post(told(notice_code(self.settings().consent), self._host.settings, self.words()), kept=True)
            self._open = True
            while self._early_notices:
                self.writer.post(self._early_notices.pop(0))
            self._greet_newcomers()  # for people who joined during the awaits above
            self._tell_impaired()
        self._show(state)

    async def _put_up_panel(self, state: CallState) -> None:
        """Post the panel first, because the first notice refers to the buttons above it."""
        self._show(state)
        with suppress(TimeoutError):
            async with asyncio.timeout(PANEL_WAIT_SECONDS):
                await self.panel.idle()

    def _show(self, state: CallState | None = None) -> None:
        self._state = state or self._state
        self.panel.changed(self._state)
        if self._open and self._state is not CallState.LEAVING:
            self.channel_status.changed(self._state, self.impaired())

    def _greet_newcomers(self) -> None:
        call, people = self._host.call_in(self), self.labels()
        for user_id in people.keys() - self._greeted - (call.barred if call else frozenset()):
            self._greeted.add(user_id)
            decided, name = call.consents.decided(user_id) if call else None, escape.name(people[user_id])
            code = newcomer_code(self.settings().consent, decided)
            self.writer.post(told(code, self._host.settings, self.words(), name=name), speaker=user_id, kept=True)

    def _tell(self, text: str) -> None:
        """Post a notice, but not above the panel."""
        if self._open:
            self.writer.post(text)
        else:
            self._early_notices.append(text)

    def _tell_impaired(self) -> None:
        """Tell people once per impairment that the bot cannot hear or speak."""
        impaired, before = self.impaired(), self._told_impaired
        self._told_impaired = impaired
        if impaired and impaired != before:
            self.writer.post(self.words()(f"panel {impaired}"))

    def impaired(self) -> str | None:
        """What keeps the bot from hearing or speaking; see permissions.impairment."""
        return impairment(self.channel)
