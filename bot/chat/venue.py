"""A Discord voice channel as a call's venue (ports.Venue), with its text chat as the audience."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

import discord
import structlog

from bot.call.call import CallStatus
from bot.call.settings import CallSettings
from bot.chat import escape
from bot.chat.channel_status import ChannelStatus
from bot.chat.host import Host
from bot.chat.i18n import Words
from bot.chat.panel import Panel
from bot.chat.permissions import VocalChannel, check_bot
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
PEOPLE_CACHE_SECONDS = 1.0
"""How long the cached list of people in the channel is valid."""

Connect: TypeAlias = Callable[[VocalChannel], Awaitable[VoiceLink]]
"""Joins a channel: connect of voice/link/join.py with the arguments that app.py binds. Raises JoinError."""


class DiscordVenue:
    """One voice channel for one call. A new call in the channel gets a new venue, and so a new panel."""

    def __init__(self, host: Host, channel: VocalChannel, connect: Connect, asked_in: object = None) -> None:
        """`asked_in` is the channel where somebody asked for the call. Its thread, if wanted, goes there."""
        self.channel = channel
        self._asked_in = asked_in
        self._host = host
        self._connect = connect
        self._greeted: set[int] = set()
        "people who have been told how to be heard"
        self._state = CallState.JOINING
        self._open = False
        "whether the panel and the first notice have been posted"
        self._thread_notice = ""
        "the notice why there is no thread, if the settings want one"
        self._told_impaired: str | None = None
        "the impairment that people were last told about"
        self._people: dict[int, str] = {}
        self._people_until = float("-inf")
        self.writer = LineWriter(channel, host.services.counters.transcript)
        self.panel = Panel(channel, self.words, self._status, self.impaired)
        self.channel_status = ChannelStatus(channel, self.words)
        self.audience = Transcript(
            self.writer,
            lambda: self.bot_name,
            self.words,
            self._changed,
            lambda spoken: line_buttons.button_row(channel.id, spoken, self.words()),
            lambda: self.settings().transcript != "off",
        )

    def settings(self) -> CallSettings:
        """The server's current settings for calls in this channel."""
        return self._host.preferences.of(self.guild_id, self.channel_id)

    def words(self) -> Words:
        """The catalogue of the server's current language."""
        return self._host.words_in(self.channel.guild)

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

    @property
    def speechless(self) -> bool:
        state = self.channel.guild.me.voice
        return state is not None and (state.mute or state.suppress)

    def stands(self) -> bool:
        return self.channel.guild.get_channel(self.channel.id) is not None

    async def connect(self) -> VoiceLink:
        check_bot(self.channel)
        link = await self._connect(self.channel)
        if isinstance(self.channel, discord.StageChannel):
            await self._ask_to_speak()
        if self.settings().transcript == "thread":
            await self._open_thread()
        return link

    def people_changed(self) -> None:
        """Somebody joined, left or changed their voice state: update the panel, and tell newcomers how to be heard."""
        self._people_until = float("-inf")
        if self._open:
            self._greet_newcomers()
            self._tell_impaired()
            self._show()

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
            self.writer.post(self.words()(notice_code(self.settings().consent)))
            if self._thread_notice:
                self.writer.post(self._thread_notice)
            self._open = True
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
        call = self._host.calls.get(self.guild_id)
        people = call.record.people() if call else self.people()
        agreed = call.agreed() if call else frozenset()
        for user_id in people.keys() - self._greeted:
            self._greeted.add(user_id)
            code = newcomer_code(self.settings().consent, heard=user_id in agreed)
            self.writer.post(self.words()(code, name=escape.name(people[user_id])))

    def _tell_impaired(self) -> None:
        """Tell people once per impairment that the bot cannot hear or speak."""
        impaired, before = self.impaired(), self._told_impaired
        self._told_impaired = impaired
        if impaired and impaired != before:
            self.writer.post(self.words()(f"panel {impaired}"))

    async def _ask_to_speak(self) -> None:
        """Become a speaker of a stage channel, where the bot starts in the audience.

        With Mute Members the bot may unsuppress itself. Otherwise it asks the moderators.
        """
        me = self.channel.guild.me
        granted = self.channel.permissions_for(me)
        try:
            if granted.mute_members:
                await me.edit(suppress=False)
            elif granted.request_to_speak:
                await me.request_to_speak()
        except discord.DiscordException as error:
            log.info("stage_refused", channel_id=self.channel.id, error=type(error).__name__)

    async def _open_thread(self) -> None:
        """Open a thread for the transcript where the call was asked for. Voice channels cannot have threads."""
        if not isinstance(self._asked_in, discord.TextChannel) or self.writer.channel is not self.channel:
            return
        began = discord.utils.utcnow()
        try:
            self.writer.channel = await self._asked_in.create_thread(
                name=f"{self.channel.name} {began:%Y-%m-%d %H:%M}", type=discord.ChannelType.public_thread
            )
        except discord.HTTPException as error:
            log.info("thread_refused", channel_id=self._asked_in.id, status=error.status, code=error.code)
            self._thread_notice = self.words()("thread refused", channel=self._asked_in.mention)

    def _status(self) -> CallStatus | None:
        call = self._host.calls.get(self.guild_id)
        return call.status() if call is not None and call.venue is self else None

    def impaired(self) -> str | None:
        """What keeps the bot from hearing or speaking: deafened, muted or suppressed; None if nothing does."""
        state = self.channel.guild.me.voice
        if state is None:
            return None
        if state.deaf:
            return "deafened"
        if state.mute:
            return "muted"
        return "suppressed" if state.suppress else None
