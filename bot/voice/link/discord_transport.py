"""The transport over discord.py: enters and leaves the channel, and opens, resumes and ends sessions in order.

No discord.py here: connection.py holds its names, this file holds the order of the steps.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from bot.voice.dave import DaveSession
from bot.voice.link import recovery
from bot.voice.link.connection import CONNECTION_ERRORS, VoiceConnection, as_connection_broken
from bot.voice.link.presence import Presence
from bot.voice.link.transport import ConnectionBroken, RemovedFromChannel
from bot.voice.receive.roster import Roster

RESUMABLE_CLOSE_CODE = 4000
"""Our close code when we mean to resume: 1000 would end the session."""
LEAVE_TIMEOUT_SECONDS = 1.0
"""For the main gateway to confirm that the bot left."""


class DiscordTransport:
    """See transport.Transport."""

    def __init__(self, connection: VoiceConnection, roster: Roster) -> None:
        self._connection = connection
        self._membership = connection.membership
        self._roster = roster
        self.stats = connection.stats
        self.events = connection.events
        self.discovery = connection.discovery
        self.left = False
        self._dropped = False

    @property
    def channel_id(self) -> int:
        return self.events.channel_id

    @property
    def connected(self) -> bool:
        return self._connection.is_connected()

    @property
    def in_group(self) -> bool:
        return self._connection.in_group

    @property
    def out_of_step(self) -> bool:
        return self._connection.out_of_step

    @property
    def channel_exists(self) -> bool:
        return self._membership.channel_exists

    @property
    def gateway_lag_seconds(self) -> float:
        return self._membership.gateway_lag_seconds

    async def presence(self) -> Presence:
        return await self._membership.presence()

    @property
    def superseded(self) -> bool:
        return self._membership.superseded

    async def take_over(self) -> None:
        await self._membership.take_over()

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        return self._membership.people()

    def keys(self) -> tuple[Sequence[int] | None, DaveSession | None, int]:
        return self._connection.keys()

    async def enter(self) -> None:
        """Ask the main gateway for the channel and open a session. Raises ConnectionBroken or RemovedFromChannel."""
        events, channel = self.events, self._membership.channel
        if events.removed:
            raise RemovedFromChannel
        if channel is None:
            raise ConnectionBroken(recovery.CONNECTION_BROKEN)
        self._connection.session_id = None
        events.entering()
        with as_connection_broken():
            await self._membership.ask_to_enter(channel)
        while not (events.server_ready and self._connection.session_id):
            if events.removed:
                raise RemovedFromChannel
            await events.wait()
        await self.open()

    async def exit(self) -> None:
        """Leave the channel, as far as the main gateway can be told."""
        self.events.exiting(inside=self._membership.confirmed)
        with contextlib.suppress(*CONNECTION_ERRORS):
            # Even if we never got in: Discord might let the bot in when nobody waits for it any more.
            await self._membership.ask_to_leave()
            async with asyncio.timeout(LEAVE_TIMEOUT_SECONDS + self.gateway_lag_seconds):
                while self.events.leaving:
                    await self.events.wait()

    async def rejoin(self) -> None:
        await self._hang_up()
        await self.exit()
        await self.enter()

    async def open(self) -> None:
        self._roster.clear()
        await self._hang_up()
        self.events.opening(self._connection.token or "", self._connection.endpoint or "")
        self.discovery.begin()
        self._connection.begin_session()
        with as_connection_broken():
            await self._connection.identify()
        self.discovery.start_keep_alive()

    async def resume(self) -> None:
        await self._connection.disconnect_gateway(RESUMABLE_CLOSE_CODE)
        with as_connection_broken():
            await self._connection.resume_session()
        self.discovery.start_keep_alive()

    async def poll(self) -> int:
        code = await self._connection.serve(until=lambda: self.left)
        self._membership.voice_ended(by_discord=code in recovery.EXPLAINED_CODES)
        return code

    async def cut(self, code: int) -> None:
        await self._connection.disconnect_gateway(RESUMABLE_CLOSE_CODE, reason=code)

    async def regroup(self) -> None:
        await self._connection.regroup()

    def keep_alive(self) -> None:
        self.discovery.keep_alive(self._connection.ssrc)

    async def leave(self) -> None:
        self.left = True
        if not self._dropped:
            await self._hang_up()
            await self.exit()
            await self.drop()

    async def drop(self) -> None:
        self.left = True
        # Once only: our place in discord.py's list may soon be another link's.
        if self._dropped:
            return
        self._dropped = True
        await self._hang_up()
        self._connection.release()

    async def _hang_up(self) -> None:
        self.events.closed()
        await self._connection.hang_up()
