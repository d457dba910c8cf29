"""What follows once the bot is in a voice channel, by whatever way it came: asked, by itself, moved, or back again.

It names the permissions that it lacks there, asks to speak on a stage, and finds the transcript its place. (The panel,
the notice and the status line come with the call's first state, see venue.py.)
"""

from collections.abc import Callable
from functools import partial

import discord
import structlog

from bot.call.settings import CallSettings
from bot.chat.error_messages import error_sentence
from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel, can_write, check_bot, public_thread_kind
from bot.chat.requests import REQUEST_ERRORS, insist, is_forbidden, put_away
from bot.chat.rights import open_to_readers
from bot.chat.transcript.line_writer import LineWriter
from bot.errors import BotError

log = structlog.get_logger(__name__)

ENTRANCE_REQUEST_SECONDS = 3.0
"""Longest wait for each request: the call begins without it."""


class Entrance:
    """The entrances of one call to one voice channel."""

    def __init__(
        self,
        channel: Callable[[], VocalChannel],
        writer: LineWriter,
        settings: Callable[[], CallSettings],
        words: Callable[[], Words],
        tell: Callable[[str], None],
        asked_in: object,
    ) -> None:
        """`tell` shows people a sentence. `asked_in` is the channel where somebody asked for the call, if anybody did:
        its thread goes there.
        """
        self.asked_in = asked_in
        self._channel = channel
        self._writer = writer
        self._settings = settings
        self._words = words
        self._tell = tell
        self._chat = writer.channel
        "the voice channel's own"
        self._told: set[str] = set()

    async def entered(self) -> None:
        """Take up the place in the channel. Does not raise; takes a few seconds at most."""
        try:
            check_bot(self._channel())
        except BotError as error:  # nobody asked first, for a moderator moved the bot
            self._tell_once(f"⚠️ {error_sentence(self._words(), error)}")
        if isinstance(self._channel(), discord.StageChannel):
            await self._raise_hand()
        await self.place_transcript()

    async def place_transcript(self, asked_in: object = None) -> None:
        """Let the transcript go where the settings want it: into a thread, or the channel's own chat.

        `asked_in` is where somebody has just asked for it. Voice channels cannot have threads.
        """
        if asked_in is not None:
            self.asked_in = asked_in
            self._told.clear()
        if self._settings().transcript != "thread":
            self._writer.channel = self._chat
        elif self._writer.channel is self._chat:
            await self._open_thread()

    def readers_changed(self) -> None:
        """Leave the call's thread once people can read it who may not read the voice channel's chat.

        What people must read, and was forbidden, is written once that is not so any more.
        """
        thread = self._writer.channel
        if thread is not self._chat and not open_to_readers(self._channel(), thread):
            self._writer.retreat()
            self._tell_once(self._words()("thread closed"))
        if can_write(self._channel()):
            self._writer.allowed()

    async def _raise_hand(self) -> None:
        """Become a speaker of a stage channel, where the bot starts in the audience.

        With Mute Members the bot may unsuppress itself. Otherwise it asks the moderators.
        """
        channel = self._channel()
        me = channel.guild.me
        granted = channel.permissions_for(me)
        try:
            if granted.mute_members:
                await insist(ENTRANCE_REQUEST_SECONDS, lambda: me.edit(suppress=False), repeatable=True)
            elif granted.request_to_speak:
                await insist(ENTRANCE_REQUEST_SECONDS, me.request_to_speak, repeatable=True)
        except REQUEST_ERRORS as error:
            log.info("stage_refused", channel_id=channel.id, error=type(error).__name__)

    async def _open_thread(self) -> None:
        parent = self.asked_in
        if isinstance(parent, discord.Thread | discord.TextChannel) and not open_to_readers(self._channel(), parent):
            self._tell_once(self._words()("thread closed"))
            return
        if isinstance(parent, discord.Thread):
            if parent.owner_id == parent.guild.me.id:  # the call goes on in it
                self._writer.channel = parent
                return
            parent = parent.parent
        if not isinstance(parent, discord.TextChannel):
            self._tell_once(self._words()("thread nowhere"))
            return
        name = f"{self._channel().name} {discord.utils.utcnow():%Y-%m-%d %H:%M}"
        opening = partial(parent.create_thread, name=name, type=public_thread_kind(parent))
        try:
            thread = self._writer.channel = await insist(ENTRANCE_REQUEST_SECONDS, opening)
            self.readers_changed()  # they may have, meanwhile
            if self._writer.channel is not thread:
                await put_away(thread)
        except REQUEST_ERRORS as error:
            log.info("thread_not_opened", channel_id=parent.id, error=type(error).__name__)
            code = "thread refused" if is_forbidden(error) else "thread failed"
            self._tell_once(self._words()(code, channel=parent.mention))

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
