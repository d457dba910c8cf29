"""Whether shards of the main gateway take commands: between HELLO and READY or RESUMED they would close for one."""

import asyncio
from unittest.mock import Mock

import discord
import pytest

from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.membership import ChannelMembership
from bot.voice.link.presence import Presence

pytestmark = pytest.mark.looptime
SHARD = 3


class Client(discord.AutoShardedClient):
    """Its shards' WebSockets are open, whatever the gateway says on them."""

    def get_shard(self, shard_id: int, /) -> discord.ShardInfo | None:
        return Mock(is_closed=lambda: False)


@pytest.mark.parametrize(
    ("events", "stands"),
    [
        ([], True),
        ([("shard_disconnect", SHARD)], False),
        ([("shard_disconnect", SHARD), ("shard_connect", SHARD)], True),
        ([("shard_disconnect", SHARD), ("shard_resumed", SHARD)], True),
        ([("shard_disconnect", SHARD), ("shard_resumed", SHARD), ("shard_disconnect", SHARD)], False),
        ([("shard_disconnect", SHARD), ("shard_connect", SHARD + 1)], False),
        ([("shard_disconnect", SHARD + 1)], True),
    ],
)
async def test_a_session_stands_from_its_beginning_to_its_end(events: list[tuple[str, int]], stands: bool) -> None:
    async with Client(intents=discord.Intents.none()) as client:
        with GatewaySessions() as sessions:
            for _ in range(3):  # as each call does
                sessions.follow(client)
            assert {len(waiting) for waiting in client._listeners.values()} == {1}
            for name, shard_id in events:
                client.dispatch(name, shard_id)
            assert sessions.stands(SHARD) is stands


async def test_nothing_is_asked_of_it_before_its_session_stands() -> None:
    asked: list[str] = []

    async def query_members(**_: object) -> None:
        asked.append("members")

    async def change_voice_state(**_: object) -> None:
        asked.append("entrance")

    async def fetch_voice() -> None:
        pass

    guild = Mock(unavailable=False, id=5, shard_id=SHARD)
    guild.query_members, guild.change_voice_state, guild.me.fetch_voice = query_members, change_voice_state, fetch_voice
    async with Client(intents=discord.Intents.none()) as client:
        client.get_guild = lambda guild_id, /: guild
        with GatewaySessions() as sessions:
            voice = Mock(guild=guild, client=client)
            membership = ChannelMembership(voice, GatewayEvents(7, lambda: 0.0), sessions)
            client.dispatch("shard_disconnect", SHARD)
            assert await membership.presence() is Presence.UNKNOWN
            with pytest.raises(ConnectionError):
                await membership.ask_to_enter(Mock(guild=guild))
            assert asked == []
            client.dispatch("shard_connect", SHARD)
            assert await membership.presence() is Presence.HERE
            await membership.ask_to_enter(Mock(guild=guild))
            assert asked == ["members", "entrance"]


@pytest.mark.parametrize(
    ("seconds", "presence"),
    [(0.0, Presence.FREE), (0.3, Presence.FREE), (0.8, Presence.GONE), (20.0, Presence.GONE), (60.0, Presence.FREE)],
)
async def test_a_removal_after_the_main_gateway_broke_is_no_lost_session(seconds: float, presence: Presence) -> None:
    """Either way the bot is out of the channel, and its next session does not say why."""

    async def nothing(**_: object) -> None:
        pass

    before, after = (Mock(unavailable=False, id=5, shard_id=SHARD, query_members=nothing) for _ in range(2))
    after.me.voice, after.me.fetch_voice = None, nothing
    guilds = [before]
    async with Client(intents=discord.Intents.none()) as client:
        client.get_guild = lambda guild_id, /: guilds[-1]
        with GatewaySessions() as sessions:
            events = GatewayEvents(7, lambda: 0.0)
            membership = ChannelMembership(Mock(guild=before, client=client), events, sessions)
            events.voice_state(7)
            client.dispatch("shard_disconnect", SHARD)
            await asyncio.sleep(seconds)
            membership.voice_ended(by_discord=True)
            await asyncio.sleep(1.0)
            client.dispatch("shard_connect", SHARD)
            guilds.append(after)
            assert await membership.presence() is presence
