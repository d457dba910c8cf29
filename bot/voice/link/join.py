"""Enters a voice channel: first finds and names what would keep the bot out, then puts a link together."""

import asyncio
import functools
import itertools
import time
from collections.abc import Callable
from typing import Any

import discord

from bot.errors import (
    AlreadyInCall,
    ChannelFull,
    EncryptionRefused,
    JoinError,
    MissingPermissions,
    Unwanted,
    VoiceLimited,
    VoiceOutdated,
)
from bot.types import LinkEnd
from bot.voice import opus
from bot.voice.link import recovery
from bot.voice.link.connection import CONNECTION_ERRORS, VoiceConnection
from bot.voice.link.discord_transport import DiscordTransport
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.link import Link
from bot.voice.link.membership import Channel, ChannelMembership
from bot.voice.link.presence import Presence
from bot.voice.link.transport import ConnectionBroken, RemovedFromChannel
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.roster import Roster
from bot.voice.receive.stall_guard import StallGuard
from bot.voice.receive.udp import UdpReader
from bot.voice.send.pacer import Pacer
from bot.voice.send.sender import Sender

__all__ = ["Channel", "Link", "connect"]

JOIN_TIMEOUT_SECONDS = 8.0
"""Until the person who asked learns that it failed: people wait ten, and leaving again takes its time."""

_REFUSALS: dict[LinkEnd | None, type[JoinError]] = {
    LinkEnd.REFUSED: EncryptionRefused,
    LinkEnd.OUTDATED: VoiceOutdated,
    LinkEnd.LIMITED: VoiceLimited,
}


class _JoiningClient(discord.VoiceClient):
    """discord.py's voice client around our transport."""

    connection: VoiceConnection
    transport: DiscordTransport

    def __init__(
        self,
        client: discord.Client,
        channel: Any,
        *,
        reader: UdpReader,
        roster: Roster,
        sessions: GatewaySessions,
        clock: Callable[[], float],
    ) -> None:
        self._roster = roster
        self._new_membership = functools.partial(ChannelMembership, self, GatewayEvents(channel.id, clock), sessions)
        self._new_connection = functools.partial(VoiceConnection, reader=reader, roster=roster, clock=clock)
        super().__init__(client, channel)

    def create_connection_state(self) -> VoiceConnection:
        self.connection = self._new_connection(self._new_membership())
        self.transport = DiscordTransport(self.connection, self._roster)
        return self.connection

    async def connect(
        self, *, reconnect: bool, timeout: float, self_deaf: bool = False, self_mute: bool = False
    ) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._enter()
        except BaseException:
            await self.transport.leave()
            raise

    async def _enter(self) -> None:
        for seconds in itertools.count(0.5):
            try:
                await self.transport.enter()
            except ConnectionBroken as broken:
                if broken.code in recovery.FATAL_CODES:
                    raise
                if broken.code in recovery.EXPLAINED_CODES and await self.transport.presence() is Presence.GONE:
                    raise RemovedFromChannel from broken
            else:
                return
            await self.transport.exit()
            await asyncio.sleep(seconds)

    async def disconnect(self, *, force: bool = False) -> None:
        await self.transport.leave()


async def connect(
    channel: Channel,
    *,
    library: opus.OpusLibrary,
    pacer: Pacer,
    guard: StallGuard,
    sessions: GatewaySessions,
    timeout: float = JOIN_TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Link:
    """Enter the channel.

    Raises MissingPermissions, ChannelFull, AlreadyInCall, EncryptionRefused, VoiceOutdated, VoiceLimited, Unwanted when
    somebody removed the bot meanwhile, or JoinError for anything else.
    """
    _check(channel)
    receiver = Receiver(library)
    roster = Roster(receiver)
    reader = UdpReader(Inbox(), guard, clock)
    new_client = functools.partial(_JoiningClient, reader=reader, roster=roster, sessions=sessions, clock=clock)
    try:
        voice = await channel.connect(cls=new_client, timeout=timeout, reconnect=True)
    except TimeoutError as error:
        # Discord does not refuse: it is silent, for a full channel as when it is busy.
        raise (ChannelFull("no answer") if channel.user_limit else JoinError("no answer")) from error
    except ConnectionBroken as broken:
        refusal = _REFUSALS.get(recovery.FATAL_CODES.get(broken.code))
        if refusal is not None:
            raise refusal(f"close code {broken.code}") from broken
        raise JoinError(f"the voice connection broke ({broken.code})") from broken
    except RemovedFromChannel as error:
        raise Unwanted from error
    except CONNECTION_ERRORS as error:
        raise JoinError(type(error).__name__) from error
    connection, transport = voice.connection, voice.transport
    if not transport.connected:
        await transport.leave()
        raise JoinError("not connected after connecting")
    sender = Sender(
        pacer,
        functools.partial(opus.OpusEncoder, library),
        send=connection.send,
        speak=connection.speak,
        connected=connection.is_connected,
        sealable=lambda: connection.in_group or roster.alone,
        clock=clock,
    )
    return Link(transport, receiver, roster, reader, sender, clock)


def _check(channel: Channel) -> None:
    """Find in advance what Discord would answer only with silence."""
    guild = channel.guild
    if guild.voice_client is not None:
        raise AlreadyInCall
    may = channel.permissions_for(guild.me)
    needed = {"View Channel": may.view_channel, "Connect": may.connect}
    if isinstance(channel, discord.VoiceChannel):
        needed["Speak"] = may.speak
    missing = [name for name, granted in needed.items() if not granted]
    if missing:
        raise MissingPermissions(missing)
    full = channel.user_limit and len(channel.voice_states) >= channel.user_limit
    if full and not may.move_members and guild.me.id not in channel.voice_states:
        raise ChannelFull
