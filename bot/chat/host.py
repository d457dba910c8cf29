"""What commands and buttons need from the Discord client."""

import asyncio
import weakref
from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

import discord

from bot.call.access import Use
from bot.call.call import Call
from bot.call.manager import CallManager
from bot.call.preferences import Preferences
from bot.call.services import Services
from bot.chat import rights
from bot.chat.cooldown import Cooldowns
from bot.chat.error_messages import Refusal
from bot.chat.i18n import Catalogues, Words
from bot.chat.permissions import VocalChannel
from bot.chat.rights import Action
from bot.chat.whispers import Whispers
from bot.config import Settings
from bot.errors import NotInCall
from bot.files.box import Box
from bot.jobs.analysis_notes import AnalysisNotes, TalkNotes
from bot.jobs.context import JobContext
from bot.jobs.job_folder import folder_beside
from bot.jobs.memory import MemoryGauge
from bot.jobs.minutes.posted import KeptMinutes
from bot.jobs.queue import JobQueue
from bot.jobs.services import JobServices
from bot.jobs.untold import UntoldWork
from bot.ports import Venue
from bot.tools.registry import ToolRegistry
from bot.types import CallState

_ANSWERED_STATES = (CallState.THINKING, CallState.SPEAKING)


class Host(discord.AutoShardedClient):
    """A Discord client with the bot's services. chat/client.py handles the events."""

    settings: Settings
    calls: CallManager
    services: Services
    preferences: Preferences
    catalogues: Catalogues
    cooldowns: Cooldowns
    whispers: Whispers
    kept_minutes: KeptMinutes
    tools: ToolRegistry
    "what the model may look up or do"
    views: weakref.WeakSet[discord.ui.View | discord.ui.Modal]
    "views whose buttons still work, and open forms"
    synced = False
    "Discord has the current commands"

    @property
    def serving(self) -> bool:
        """Whether people can use the bot: the gateway is ready and the commands are in sync."""
        return self.synced and self.is_ready()

    @cached_property
    def rewriting(self) -> weakref.WeakValueDictionary[int, asyncio.Lock]:
        """Message -> held while lines in it are rewritten."""
        return weakref.WeakValueDictionary()

    @cached_property
    def asking(self) -> JobQueue:
        """The queue of questions outside a call, apart from the jobs: they must not wait behind long work."""
        counts = self.services.counters.calls
        queue = JobQueue(at_once=20, server_at_once=4, counts=counts, is_short_of_memory=self.memory.is_short)
        self.calls.erasure.register(queue)
        return queue

    @cached_property
    def memory(self) -> MemoryGauge:
        """Tells when there is no memory left for new jobs."""
        return MemoryGauge(self.settings.memory_limit_mb)

    @cached_property
    def box(self) -> Box:
        """Opens the files that people send."""
        return Box(answering=lambda: any(call.state in _ANSWERED_STATES for call in self.calls.all()))

    @cached_property
    def untold(self) -> UntoldWork:
        """What was paid and could not be told."""
        untold = UntoldWork()
        self.calls.erasure.register(untold)
        return untold

    @cached_property
    def jobs(self) -> JobContext:
        """What jobs outside a call need."""
        assert self.services.studio is not None
        queue = JobQueue(counts=self.services.counters.calls, is_short_of_memory=self.memory.is_short)
        services = JobServices.of(self.services)
        folder = folder_beside(self.settings)
        notes, parts = AnalysisNotes(), TalkNotes()
        jobs = JobContext(services, self.services.studio, folder, queue, notes, parts, self.box)
        self.calls.erasure.register(notes, parts, queue)
        return jobs

    async def close(self) -> None:
        if "jobs" in self.__dict__:
            await self.jobs.aclose()
        await self.box.aclose()
        await super().close()

    def venue(self, channel: VocalChannel, asked_in: object = None) -> Venue:
        """Return `channel` as a venue for a call; `asked_in` is the channel where somebody asked for the call."""
        raise NotImplementedError

    async def leave(self, call: Call) -> None:
        """Clear the status line, and leave the call."""
        raise NotImplementedError

    def words_to(self, interaction: discord.Interaction) -> Words:
        """Return the catalogue of the caller's language, for what only they see."""
        return self.catalogues.of(interaction.locale)

    def bot_name(self, guild: discord.Guild) -> str:
        """Return what the bot is called in a server."""
        return self.settings.bot_name or guild.me.display_name

    def labels_in(self, channel: VocalChannel) -> tuple[str, Mapping[int, str]]:
        """Return what the bot is called in a channel, and the people of the call there, if there is one: by id."""
        call = self.calls.get(channel.guild.id)
        here = call is not None and call.venue.channel_id == channel.id
        return self.bot_name(channel.guild), call.record.people() if call is not None and here else {}

    def words_in(self, guild: discord.Guild) -> Words:
        """Return the catalogue of the server's language, for what everyone sees."""
        return self.catalogues.of(self.preferences.of(guild.id, None).language or guild.preferred_locale)

    def admit(self, interaction: discord.Interaction) -> None:
        """Raise Refusal unless the interaction comes from a server that has the bot.

        Not so in a direct message, and where a person brought the bot along as an app of their own.
        """
        if interaction.guild_id is None or self.get_guild(interaction.guild_id) is None:
            raise Refusal("refusal server_only")

    def check_access(self, interaction: discord.Interaction, *uses: Use) -> None:
        """Raise Refusal unless the server's `/settings access` lets the caller do all of these."""
        rights.check_access(interaction.user, self.preferences.of(interaction.guild_id or 0, None).access, *uses)

    async def check_told(self, telling: rights.Telling, user_id: int) -> None:
        """Raise Refusal unless somebody may still be told what they asked for; Discord says who they are now."""
        guild = self.get_guild(telling.channel.guild.id)
        channel = guild.get_channel(telling.channel.id) if guild else None
        if guild is None or not isinstance(channel, VocalChannel):
            raise Refusal("refusal channel_unseen")
        try:
            member = await guild.fetch_member(user_id)
        except discord.NotFound:
            raise Refusal("refusal asker_gone") from None
        place = guild.get_channel_or_thread(getattr(telling.place, "id", 0)) or telling.place
        rights.Telling(channel, place, telling.private).check(member)

    def call_in(self, venue: Venue) -> Call | None:
        """Return the call that is held in a venue."""
        call = self.calls.get(venue.guild_id)
        return call if call is not None and call.venue is venue else None

    def call_channel(self, call: Call) -> VocalChannel | None:
        """Return the channel of a call; None when it was deleted."""
        guild = self.get_guild(call.venue.guild_id)
        channel = guild.get_channel(call.venue.channel_id) if guild else None
        return channel if isinstance(channel, VocalChannel) else None

    def call_for(self, interaction: discord.Interaction, action: Action) -> Call:
        """Return the server's call, with which the caller may do `action`.

        Raises Refusal, and NotInCall: both say the same to somebody who cannot see the call's channel.
        """
        call = self.calls.get(interaction.guild_id) if interaction.guild_id is not None else None
        channel = self.call_channel(call) if call is not None else None
        if call is None or channel is None:
            raise NotInCall
        rights.check(interaction.user, action, channel)
        return call

    def channel_for(self, interaction: discord.Interaction, named: VocalChannel | None, action: Action) -> VocalChannel:
        """Return the voice channel a command is about: the one named, else the call's, else the caller's own.

        Raises Refusal when there is none, or the caller may not do `action` there.
        """
        member = interaction.user
        assert isinstance(member, discord.Member)
        call = self.calls.get(member.guild.id)
        current = self.call_channel(call) if call else None
        if current is None or rights.may(member, Action.LOOK, current):
            current = member.voice and member.voice.channel
        channel = named or current
        if not isinstance(channel, VocalChannel):
            rights.check(member, action)
            raise Refusal("refusal no_channel")
        rights.check(member, action, channel)
        return channel


Interaction: TypeAlias = discord.Interaction[Host]
