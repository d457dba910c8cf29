"""A voice channel of Discord as the place of a call (ports.Venue), with its text chat as the audience."""

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

FAREWELL = 2.0
"""Seconds the bot stays for the last touches."""
PANEL_FIRST = 3.0
"""Seconds the first notice waits for the panel."""
PEOPLE_FRESH = 1.0
"""Seconds the list of people present is good for."""

Connect: TypeAlias = Callable[[VocalChannel], Awaitable[VoiceLink]]
"""Enters a channel; voice/link/join.py's connect with what app.py gives it. Raises JoinError."""


class DiscordVenue:
    """One voice channel for one call: a new call there gets a new venue, and with it a new panel."""

    def __init__(self, host: Host, channel: VocalChannel, connect: Connect, asked_in: object = None) -> None:
        """`asked_in` is where somebody asked for the call: there goes its thread, where threads are wanted."""
        self.channel = channel
        self._asked_in = asked_in
        self._host = host
        self._connect = connect
        self._greeted: set[int] = set()
        "people told how to be heard"
        self._state = CallState.JOINING
        self._open = False
        "the panel and the first notice are up"
        self._threadless = ""
        "why there is no thread, though one is wanted"
        self._troubled: str | None = None
        "what kept the bot from hearing or speaking when people were last told"
        self._people: dict[int, str] = {}
        self._people_until = float("-inf")
        self.scroll = LineWriter(channel, host.services.tally.transcript)
        self.panel = Panel(channel, self.words, self._status, self.people, self.impaired)
        self.sign = ChannelStatus(channel, self.words)
        self.audience = Transcript(
            self.scroll,
            lambda: self.bot_name,
            self.words,
            self._changed,
            lambda spoken: line_buttons.button_row(channel.id, spoken, self.words()),
            lambda: self.settings().transcript != "off",
        )

    def settings(self) -> CallSettings:
        """How the server wants calls in this channel now."""
        return self._host.preferences.of(self.guild_id, self.channel_id)

    def words(self) -> Words:
        """The sentences of the language the server reads now."""
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
        """Where it is written along: the channel's own chat, and the call's thread if it has one."""
        return {self.channel_id, self.scroll.channel.id}

    def people(self) -> Mapping[int, str]:
        """Asked on every tick, so remembered for a second, or until somebody comes or goes."""
        now = self._host.loop.time()
        if now >= self._people_until:
            self._people = {member.id: member.display_name for member in self.channel.members if not member.bot}
            self._people_until = now + PEOPLE_FRESH
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
        """Someone came, went, or changed their voice state: the panel follows, newcomers learn how to be heard."""
        self._people_until = float("-inf")
        if self._open:
            self._greet_newcomers()
            self._tell_impaired()
            self._show()

    async def idle(self) -> None:
        """Return when everything is written."""
        for part in (self.scroll, self.panel, self.sign):
            await part.idle()

    def cancel(self) -> None:
        """Drop what is not written yet."""
        for part in (self.scroll, self.panel, self.sign):
            part.cancel()

    async def farewell(self) -> None:
        """Take down what can only be taken down from inside. Idempotent; never longer than a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self.sign.clear()

    async def _changed(self, state: CallState) -> None:
        if state is CallState.LEAVING:
            await self.farewell()
        if not self._open and state not in (CallState.JOINING, CallState.LEAVING):
            self._greeted |= self.people().keys()
            await self._put_up_panel(state)
            self.scroll.post(self.words()(notice_code(self.settings().consent)))
            if self._threadless:
                self.scroll.post(self._threadless)
            self._open = True
            self._greet_newcomers()  # who came meanwhile
            self._tell_impaired()
        self._show(state)

    async def _put_up_panel(self, state: CallState) -> None:
        """Post the panel before anything else: the first notice speaks of the buttons above it."""
        self._show(state)
        with suppress(TimeoutError):
            async with asyncio.timeout(PANEL_FIRST):
                await self.panel.idle()

    def _show(self, state: CallState | None = None) -> None:
        self._state = state or self._state
        self.panel.changed(self._state)
        if self._open and self._state is not CallState.LEAVING:
            self.sign.changed(self._state, self.impaired())

    def _greet_newcomers(self) -> None:
        people = self.people()
        call = self._host.calls.get(self.guild_id)
        agreed = call.agreed() if call else frozenset()
        for user_id in people.keys() - self._greeted:
            self._greeted.add(user_id)
            code = newcomer_code(self.settings().consent, heard=user_id in agreed)
            self.scroll.post(self.words()(code, name=escape.name(people[user_id])))

    def _tell_impaired(self) -> None:
        """Say once when the server keeps the bot from hearing or speaking."""
        impaired, before = self.impaired(), self._troubled
        self._troubled = impaired
        if impaired and impaired != before:
            self.scroll.post(self.words()(f"panel {impaired}"))

    async def _ask_to_speak(self) -> None:
        """On a stage one is in the audience first; a moderator may just speak, others raise their hand."""
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
        """Write along in a thread of the channel the call was asked for in; voice channels have none of their own."""
        if not isinstance(self._asked_in, discord.TextChannel) or self.scroll.channel is not self.channel:
            return
        began = discord.utils.utcnow()
        try:
            self.scroll.channel = await self._asked_in.create_thread(
                name=f"{self.channel.name} {began:%Y-%m-%d %H:%M}", type=discord.ChannelType.public_thread
            )
        except discord.HTTPException as error:
            log.info("thread_refused", channel_id=self._asked_in.id, status=error.status, code=error.code)
            self._threadless = self.words()("thread refused", channel=self._asked_in.mention)

    def _status(self) -> CallStatus | None:
        call = self._host.calls.get(self.guild_id)
        return call.status() if call is not None and call.venue is self else None

    def impaired(self) -> str | None:
        """What keeps the bot from hearing or speaking: deafened, muted or suppressed; None when all is well."""
        state = self.channel.guild.me.voice
        if state is None:
            return None
        if state.deaf:
            return "deafened"
        if state.mute:
            return "muted"
        return "suppressed" if state.suppress else None
