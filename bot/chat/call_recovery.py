"""Rejoins calls after a restart, or after another process died, where people are still in the channel."""

import asyncio
from collections.abc import Mapping

import discord
import structlog

from bot.call.manager import CallManager
from bot.call.shown import Notice
from bot.chat.auto_join import post_refusal
from bot.chat.client import Client
from bot.chat.permissions import VocalChannel
from bot.errors import BotError, JoinError
from bot.ports import Store

log = structlog.get_logger(__name__)

GUILD_POLL_SECONDS = 0.1
"""Time between two checks for servers that have become available."""
CONCURRENT_REJOINS = 8
"""Calls joined at the same time."""
CALL_REJOIN_DELAYS_SECONDS = (0.0, 1.0, 4.0)
"""Wait before each attempt to join one call."""


class CallRecovery:
    """Rejoins each call as soon as its server is available. Other shards may still be waiting to identify."""

    def __init__(self, client: Client, calls: CallManager, store: Store) -> None:
        self._client = client
        self._calls = calls
        self._store = store
        self._rejoin_slots = asyncio.Semaphore(CONCURRENT_REJOINS)

    async def run(self) -> None:
        """Rejoin the calls of this process's servers. Raises StoreError when the list of calls cannot be read."""
        while not self._client.synced:  # noqa: ASYNC110 (discord.py's wait_until_ready refuses before the login)
            await asyncio.sleep(GUILD_POLL_SECONDS)
        remaining = dict(await self._store.calls())
        async with asyncio.TaskGroup() as group:
            while remaining:
                # Read before the check: a server that is not available once all shards are ready is another process's.
                all_ready = self._client.serving
                for guild_id, channel_id in self._available(remaining).items():
                    del remaining[guild_id]
                    group.create_task(self._rejoin(guild_id, channel_id), name=f"rejoin:{guild_id}")
                if all_ready:
                    break
                await asyncio.sleep(GUILD_POLL_SECONDS)

    def _available(self, calls: Mapping[int, int]) -> dict[int, int]:
        found = {guild_id: self._client.get_guild(guild_id) for guild_id in calls}
        return {guild_id: calls[guild_id] for guild_id, guild in found.items() if guild and not guild.unavailable}

    async def _rejoin(self, guild_id: int, channel_id: int) -> None:
        async with self._rejoin_slots:
            try:
                await self._attempt(guild_id, channel_id)
            except BotError as error:
                log.warning("rejoin_failed", guild=guild_id, reason=error.code)
                channel = self._client.get_channel(channel_id)
                if isinstance(channel, VocalChannel):
                    await post_refusal(self._client, channel, "returned not", error)
            except Exception:
                # An unexpected error in one server must not stop the others.
                log.exception("rejoin_crashed", guild=guild_id)

    async def _attempt(self, guild_id: int, channel_id: int) -> None:
        for delay in CALL_REJOIN_DELAYS_SECONDS:
            await asyncio.sleep(delay)
            channel = self._client.get_channel(channel_id)
            if not isinstance(channel, VocalChannel) or self._calls.get(guild_id):
                return
            venue = self._client.venue(channel, _last_thread(channel))
            if not venue.people():
                await self._store.call_ended(guild_id)
                return
            try:
                call = await self._calls.join(venue, by=None)
            except JoinError:
                if delay == CALL_REJOIN_DELAYS_SECONDS[-1]:
                    raise
            else:
                call.display.show(Notice("returned"))
                return


def _last_thread(channel: VocalChannel) -> discord.Thread | None:
    """Return the thread in which the bot wrote along with the channel's last call, while it is open."""
    me, name = channel.guild.me.id, f"{channel.name} "
    own = [thread for thread in channel.guild.threads if thread.owner_id == me and thread.name.startswith(name)]
    return max(own, key=lambda thread: thread.id, default=None)
