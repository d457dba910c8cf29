"""The discord.py client: intents, login, command sync, and events routed to whoever handles them."""

import asyncio
import ssl
import weakref
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.billing.budget import Caps
from bot.call.call import Call
from bot.call.manager import CallManager
from bot.call.preferences import Preferences
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.chat import rights
from bot.chat.auto_join import AutoJoin, people
from bot.chat.command_sync import CONTEXTS, INSTALLS, sync
from bot.chat.commands import Command
from bot.chat.cooldown import UNLIMITED_COMMANDS, Cooldowns
from bot.chat.error_messages import send_error
from bot.chat.event_guard import guard_events
from bot.chat.host import Host
from bot.chat.i18n import Catalogues, Translator
from bot.chat.job_progress import CancelButton
from bot.chat.leftovers import Leftovers
from bot.chat.mentions import answer_mention
from bot.chat.minutes.end import MinutesButton, call_over
from bot.chat.minutes.repost import repost
from bot.chat.panel import PanelView
from bot.chat.permissions import VocalChannel
from bot.chat.requests import UnreadableAnswer, limit_requests
from bot.chat.rights import Action
from bot.chat.role_caps import RoleCaps
from bot.chat.transcript.line_buttons import LineButton
from bot.chat.venue import Connect, DiscordVenue
from bot.chat.whispers import Whispers
from bot.config import Settings
from bot.errors import BotError, LoginError, StartError
from bot.jobs.job_folder import folder_beside
from bot.jobs.minutes.posted import KeptMinutes
from bot.tools.registry import ToolRegistry

log = structlog.get_logger(__name__)

KEPT_IDLE_SECONDS = 60.0
"""Of a connection; aiohttp has 15. A call's panel changes with each answer, and connecting costs more than that."""
FLUSH_TIMEOUT_SECONDS = 5.0
"""Time for the last lines to reach Discord when the client closes."""


def intents(settings: Settings) -> discord.Intents:
    """Return the gateway intents; only READ_TEXT needs a privileged one."""
    return discord.Intents(guilds=True, voice_states=True, guild_messages=True, message_content=settings.read_text)


BeforeIdentify = Callable[[int, int], Awaitable[None]]
"""Waits until a shard may IDENTIFY; takes its number and the count of rate limit buckets (max_concurrency)."""


class Tree(app_commands.CommandTree["Client"]):
    """The commands, with one error handler for all of them."""

    async def interaction_check(self, interaction: discord.Interaction["Client"], /) -> bool:
        completing = interaction.type is not discord.InteractionType.application_command
        if not completing and getattr(interaction.command, "qualified_name", "") not in UNLIMITED_COMMANDS:
            interaction.client.cooldowns.take(interaction.user.id, interaction.created_at.timestamp())
        try:
            interaction.client.admit(interaction)
            name = str((interaction.data or {}).get("name"))
            rights.check(interaction.user, rights.COMMAND_ACTIONS.get(name, Action.USE))
            interaction.client.check_access(interaction, *rights.COMMAND_USES.get(name, ()))
        except BotError as error:
            if completing:  # who may not use a command is not shown what could be chosen, either
                await interaction.response.autocomplete([])
            else:
                await send_error(interaction, interaction.client.words_to(interaction), error)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction["Client"], error: app_commands.AppCommandError, /
    ) -> None:
        await send_error(interaction, interaction.client.words_to(interaction), error)


class Client(Host):
    """The bot on Discord. `start(token)` runs it until `close()`."""

    def __init__(
        self,
        settings: Settings,
        calls: CallManager,
        services: Services,
        catalogues: Catalogues,
        connect: Connect,
        commands: Sequence[Command],
        tls: ssl.SSLContext | None = None,
        preferences: Preferences | None = None,
        shards: Sequence[int] = (),
        before_identify: BeforeIdentify | None = None,
    ) -> None:
        """`connect` joins a voice channel; `tls` is for REST and gateways; `shards` are this process's (empty: all)."""
        super().__init__(
            intents=intents(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            shard_count=settings.shard_count,
            shard_ids=list(shards) or None,  # pyright: ignore[reportArgumentType] (None: all)
        )
        Route.BASE = settings.discord_api_base  # discord.py has only this class attribute for it
        self.settings = settings
        self.calls = calls
        self.tools = services.tools if isinstance(services.tools, ToolRegistry) else ToolRegistry()
        self.services = services
        self.preferences = preferences or Preferences(services.store, CallSettings(), Caps(), discord.utils.utcnow)
        self.role_caps = RoleCaps(self)
        services.budget.person_cap = self.role_caps.of
        self.catalogues = catalogues
        self.cooldowns = Cooldowns()
        self.whispers = Whispers(self.words_to)
        self.leftovers = Leftovers(self)
        self.kept_minutes = KeptMinutes(folder_beside(settings), partial(repost, self))
        calls.erasure.register(self.kept_minutes, self.preferences.own_voices)
        calls.on_end = partial(call_over, self)
        self.tree = Tree(self, allowed_contexts=CONTEXTS, allowed_installs=INSTALLS)
        self._connect_voice = connect
        self._before_identify = before_identify
        self._max_concurrency = 1
        self._commands = commands
        self._tls = tls
        self.views = weakref.WeakSet()
        self._auto_join = AutoJoin(self)
        self._venues: weakref.WeakSet[DiscordVenue] = weakref.WeakSet()

    def is_in(self, guild_id: int) -> bool | None:
        """Whether the bot is in a server; None while that is not known, or when the server is another process's."""
        if self.get_guild(guild_id) is not None:
            return True
        ours = bool(self.shard_count) and (guild_id >> 22) % (self.shard_count or 1) in self.shards
        return False if ours and self.is_ready() else None

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Log in and run until `close()`.

        Raises LoginError when the token is refused, StartError when Discord cannot be reached.
        """
        if self._tls is not None:
            self.http.connector = aiohttp.TCPConnector(limit=0, ssl=self._tls, keepalive_timeout=KEPT_IDLE_SECONDS)
        limit_requests(self, starting=lambda: not self.shards)
        guard_events(self, self.services.counters.gateway)
        try:
            await self.login(token)
            await self._find_gateway()  # not in setup_hook: test clients without a gateway run that too
            await self.connect(reconnect=reconnect)
        except discord.LoginFailure as error:
            raise LoginError("the login was refused (401)") from error
        except discord.PrivilegedIntentsRequired as error:
            hint = "READ_TEXT needs the message content intent: switch it on in the developer portal."
            raise StartError(hint=hint) from error
        except (UnreadableAnswer, KeyError, TypeError) as error:
            if self.user is not None and not isinstance(error, UnreadableAnswer):
                raise
            # It may be a web page when the base lacks its /api/v10.
            raise StartError(f"it is not Discord that answers at {self.settings.discord_api_base}") from error
        except (OSError, aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound) as error:
            raise StartError(f"{type(error).__name__} from {self.settings.discord_api_base}") from error

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if self._before_identify is None:
            await super().before_identify_hook(shard_id, initial=initial)
        else:
            await self._before_identify(shard_id or 0, self._max_concurrency)

    async def _find_gateway(self) -> None:
        """Ask for the gateway's address: with a given shard count, discord.py would use a fixed one."""
        _, url, limit = await self.http.get_bot_gateway()
        self._max_concurrency = limit["max_concurrency"]
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)

    async def setup_hook(self) -> None:
        for command in self._commands:
            self.tree.add_command(command)
        await self.tree.set_translator(Translator(self.catalogues))
        self.add_dynamic_items(LineButton, CancelButton, MinutesButton)
        self.add_view(PanelView(self.catalogues.of(None), "-"))
        try:
            written = await sync(self.tree, self.settings.dev_guild_id)
        except (discord.HTTPException, app_commands.AppCommandError) as error:
            hint = "Discord did not take the commands. Was the bot invited with the scope applications.commands?"
            raise StartError(f"commands: {error}", hint=hint) from error
        log.info("commands_synced", guild_id=self.settings.dev_guild_id, written=written)
        self.synced = True

    async def close(self) -> None:
        """Write the last lines, then disconnect."""
        venues = list(self._venues)
        if venues and not self.is_closed():
            try:
                async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
                    await asyncio.gather(*(venue.idle() for venue in venues))
            except TimeoutError:
                log.warning("lines_not_written")
        for venue in venues:
            venue.cancel()
        for view in list(self.views):
            view.stop()
        await self.leftovers.close()
        await super().close()

    def venue(self, channel: VocalChannel, asked_in: object = None) -> DiscordVenue:
        venue = DiscordVenue(self, channel, self._connect_voice, asked_in)
        self._venues.add(venue)
        return venue

    async def leave(self, call: Call) -> None:
        guild_id, channel_id = call.venue.guild_id, call.venue.channel_id
        block = self.calls.auto_join_blocks.block(guild_id, channel_id)
        blocking = asyncio.create_task(block, name=f"block:{guild_id}")
        try:
            if isinstance(call.venue, DiscordVenue):
                await call.venue.take_down()
            await self.calls.leave(guild_id)
        finally:
            await blocking

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        if before.channel is not None and not people(before.channel):
            await self._auto_join.emptied(before.channel)
        guild_id = member.guild.id
        if member.id == member.guild.me.id:
            await self._own_state_changed(guild_id, before.channel, after.channel)
        call = self.calls.get(guild_id)
        if call is None and not member.bot and after.channel is not None and after.channel != before.channel:
            await self._auto_join.entered(after.channel)
        venue = self._call_venue(guild_id)
        if venue and venue.channel_id in (one.id for one in (before.channel, after.channel) if one is not None):
            venue.people_changed()
            self.calls.people_changed(guild_id)

    async def _own_state_changed(self, guild_id: int, before: VocalChannel | None, after: VocalChannel | None) -> None:
        """The bot entered a channel, was moved to another, or left."""
        if after is None or after == before:
            return
        venue = self._call_venue(guild_id)
        if before is not None:
            await self.calls.moved(guild_id, self.venue(after, venue.entrance.asked_in if venue else None))
        elif venue is not None and venue.channel_id == after.id:  # its link has left and entered again
            await venue.entered()

    def _call_venue(self, guild_id: int) -> DiscordVenue | None:
        call = self.calls.get(guild_id)
        return call.venue if call is not None and isinstance(call.venue, DiscordVenue) else None

    async def on_guild_channel_update(self, _: object, after: discord.abc.GuildChannel | discord.Role) -> None:
        await self.on_guild_available(after.guild)

    on_guild_role_update = on_guild_channel_update

    async def on_guild_available(self, guild: discord.Guild) -> None:
        if (venue := self._call_venue(guild.id)) is not None:  # after an outage nothing else tells what changed
            await venue.readers_changed()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.whispers.note(interaction)
        self.role_caps.note(interaction.user)
        self.leftovers.watch(interaction)

    async def on_message(self, message: discord.Message) -> None:
        self.role_caps.note(message.author)
        await answer_mention(self, message)

    async def on_shard_ready(self, shard_id: int) -> None:
        self.services.counters.gateway["identified"] += 1

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.services.counters.gateway["resumed"] += 1

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self.services.counters.gateway["disconnected"] += 1

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("event_failed", event_method=event_method)  # without the arguments: they contain people's words
