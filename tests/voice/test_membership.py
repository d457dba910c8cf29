"""Whether the bot is in its channel, as the main gateway and REST say (tests/e2e/test_link_removal.py has both)."""

import asyncio
from unittest.mock import Mock

import discord
import pytest

from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.membership import ChannelMembership
from bot.voice.link.presence import Presence

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize(("kicked_after", "presence"), [(None, Presence.HERE), (0.5, Presence.GONE)])
async def test_a_removal_while_the_main_gateway_answers_late_is_known(
    kicked_after: float | None, presence: Presence
) -> None:
    """Its answer was true when it was sent, and the news of the removal comes after it."""
    clock = asyncio.get_running_loop().time
    guild = Mock(unavailable=False, id=5)

    async def query_members(**_: object) -> None:
        await asyncio.sleep(1.7)

    async def fetch_voice() -> None:
        if kicked_after is not None and clock() >= kicked_after:
            response = Mock(status=404, reason="Not Found")
            raise discord.NotFound(response, {"code": 10065, "message": "Unknown Voice State"})

    guild.query_members, guild.me.fetch_voice = query_members, fetch_voice
    voice = Mock(guild=guild)
    voice.client.get_guild.return_value = guild
    voice.client.is_closed.return_value = False
    events = GatewayEvents(7, clock)
    events.voice_state(7)
    assert await ChannelMembership(voice, events, GatewaySessions()).presence() is presence
