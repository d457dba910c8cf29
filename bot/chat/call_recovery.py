"""After a restart, or when another process died: back to the calls that were on, where people still are."""

import asyncio
from collections.abc import Mapping

import structlog

from bot.call.manager import CallManager
from bot.call.shown import Notice
from bot.chat.client import Client
from bot.chat.permissions import VocalChannel
from bot.errors import BotError, JoinError
from bot.ports import Store

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.1
"""Seconds between two looks for servers that have come."""
AT_ONCE = 8
"""Calls entered at the same time."""
PAUSES = (0.0, 1.0, 4.0)
"""Seconds before each attempt to enter one."""


class CallRecovery:
    """Enters each call as soon as Discord has told of its server: other shards may still wait for their turn."""

    def __init__(self, client: Client, calls: CallManager, store: Store) -> None:
        self._client = client
        self._calls = calls
        self._store = store
        self._limit = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Enter the calls of this process's servers. Raises StoreError when it is not known which these are."""
        while not self._client.synced:  # noqa: ASYNC110 (discord.py's wait_until_ready refuses before the login)
            await asyncio.sleep(LOOK_EVERY)
        left = dict(await self._store.calls())
        async with asyncio.TaskGroup() as group:
            while left:
                last = self._client.serving  # asked first: what has not come by then is another process's
                for guild_id, channel_id in self._come(left).items():
                    del left[guild_id]
                    group.create_task(self._enter(guild_id, channel_id), name=f"return:{guild_id}")
                if last:
                    break
                await asyncio.sleep(LOOK_EVERY)

    def _come(self, calls: Mapping[int, int]) -> dict[int, int]:
        found = {guild_id: self._client.get_guild(guild_id) for guild_id in calls}
        return {guild_id: calls[guild_id] for guild_id, guild in found.items() if guild and not guild.unavailable}

    async def _enter(self, guild_id: int, channel_id: int) -> None:
        async with self._limit:
            try:
                await self._try(guild_id, channel_id)
            except BotError as error:
                log.warning("return_failed", guild=guild_id, reason=error.code)
            except Exception:
                # One server's bug is not another's.
                log.exception("return_crashed", guild=guild_id)

    async def _try(self, guild_id: int, channel_id: int) -> None:
        for pause in PAUSES:
            await asyncio.sleep(pause)
            channel = self._client.get_channel(channel_id)
            if not isinstance(channel, VocalChannel) or self._calls.get(guild_id):
                return
            venue = self._client.venue(channel)
            if not venue.people():
                await self._store.call_ended(guild_id)
                return
            try:
                call = await self._calls.join(venue, by=None)
            except JoinError:
                if pause == PAUSES[-1]:
                    raise
            else:
                call.display.show(Notice("returned"))
                return
