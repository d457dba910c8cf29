"""A removal is a removal, however late the main gateway tells of it and whatever breaks then; all else is followed.

tests/voice/test_reconnector.py has the whole table in virtual time.
"""

import asyncio

import pytest

from bot.errors import Unwanted
from bot.types import LinkEnd
from bot.voice.link.join import Link
from sandbox.guild.components import text_of
from sandbox.guild.knobs import Failure
from sandbox.people.person import Person
from sandbox.voice.gateway import VoiceGateway
from tests.e2e.conftest import Harness, until
from tests.e2e.link_bot import LinkBot

pytestmark = pytest.mark.e2e
LONG = pytest.mark.long


@pytest.fixture
async def link(bot: LinkBot, anna: Person) -> Link:
    link = await bot.enter()
    await bot.until(lambda: bot.in_group)
    return link


async def stays_out(bot: LinkBot, link: Link, end: LinkEnd = LinkEnd.KICKED, seconds: float = 45.0) -> None:
    """Assert how the link ends, and that the bot entered no channel on the way or afterwards."""
    identified = bot.voice.counts["identified"]
    async with asyncio.timeout(3 * seconds):
        assert await link.ended() is end
    await asyncio.sleep(1)
    assert bot.bot_id not in bot.sandbox.guild.voice_states
    assert bot.voice.counts["identified"] == identified


@pytest.mark.parametrize("delay", [0.0, pytest.param(1.5, marks=LONG), 5.0, pytest.param(10.0, marks=LONG)])
async def test_a_kick_whose_news_is_late(bot: LinkBot, link: Link, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await stays_out(bot, link)


@pytest.mark.long
async def test_a_kick_while_rest_is_down_and_the_news_is_late(bot: LinkBot, link: Link) -> None:
    bot.sandbox.knobs.gateway_delay = 4.0
    bot.sandbox.knobs.failures.append(Failure("voice-states", status=503, times=100))
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await stays_out(bot, link)


@pytest.mark.parametrize("seconds", [0.0, pytest.param(1.0, marks=LONG)])
async def test_a_kick_and_then_the_main_gateway_is_resumed(bot: LinkBot, link: Link, seconds: float) -> None:
    bot.sandbox.knobs.gateway_delay = 3.0
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await asyncio.sleep(seconds)
    bot.sandbox.gateway.drop_all()
    bot.sandbox.knobs.gateway_delay = 0.0
    await stays_out(bot, link)


@pytest.mark.parametrize("seconds", [0.15, pytest.param(1.0, marks=LONG)])
async def test_a_kick_and_then_the_main_gateway_starts_a_new_session(bot: LinkBot, link: Link, seconds: float) -> None:
    bot.sandbox.knobs.gateway_delay = 3.0
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await bot.until(lambda: not link.connected)
    await asyncio.sleep(seconds)  # from here on: what breaks in the same moment breaks for the same reason
    await bot.sandbox.gateway.end_sessions()
    bot.sandbox.gateway.drop_all()
    bot.sandbox.knobs.gateway_delay = 0.0
    await stays_out(bot, link)


@pytest.mark.long
@pytest.mark.parametrize("code", [4014, 4022])
async def test_a_kick_and_then_a_main_gateway_that_starts_anew_slowly(bot: LinkBot, link: Link, code: int) -> None:
    """Its refusal to resume is as late as the rest: whatever is asked before a session stands closes the connection."""
    bot.sandbox.knobs.gateway_delay = 5.0
    bot.voice.close(bot.bot_id, code)
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await asyncio.sleep(1)
    await bot.sandbox.gateway.end_sessions()
    bot.sandbox.gateway.drop_all()
    await stays_out(bot, link)
    assert bot.sandbox.gateway.identified == 2


@pytest.mark.parametrize("seconds", [0.05, *(pytest.param(seconds, marks=LONG) for seconds in (0.0, 0.3, 1.2))])
@pytest.mark.parametrize("delay", [pytest.param(0.0, marks=LONG), 3.0])
async def test_a_kick_during_another_recovery(bot: LinkBot, link: Link, seconds: float, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    bot.voice.sever(bot.bot_id)
    await asyncio.sleep(seconds)
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    async with asyncio.timeout(45):
        assert await link.ended() is LinkEnd.KICKED
    await asyncio.sleep(1)
    assert bot.bot_id not in bot.sandbox.guild.voice_states


@pytest.mark.parametrize("delay", [pytest.param(0.0, marks=LONG), 1.0])
async def test_a_kick_on_the_way_in(bot: LinkBot, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    bot.voice.conditions[bot.bot_id].gateway_lag = 0.5  # between each two steps of the voice gateway
    entering = asyncio.create_task(bot.enter(timeout=60))
    await bot.until(lambda: bot.voice.counts["identified"] == 1)
    await bot.sandbox.moderator.disconnect(bot.sandbox.bot)
    with pytest.raises(Unwanted):
        await entering
    assert bot.voice.counts["identified"] == 1
    assert bot.bot_id not in bot.sandbox.guild.voice_states


@pytest.mark.parametrize("delay", [pytest.param(0.0, marks=LONG), 5.0])
async def test_a_channel_that_is_deleted(bot: LinkBot, link: Link, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    await bot.sandbox.moderator.delete_channel(bot.sandbox.lounge)
    await stays_out(bot, link)


@pytest.mark.parametrize("delay", [1.5, pytest.param(5.0, marks=LONG)])
async def test_a_server_that_is_left(bot: LinkBot, link: Link, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    await bot.sandbox.moderator.expel(bot.sandbox.guild)
    await stays_out(bot, link)


@pytest.mark.parametrize("delay", [pytest.param(1.5, marks=LONG), 5.0, pytest.param(10.0, marks=LONG)])
@pytest.mark.parametrize("outage", [pytest.param(None, marks=LONG), 0.5], ids=["at once", "after a null endpoint"])
async def test_a_region_change_whose_news_is_late(
    bot: LinkBot, anna: Person, link: Link, outage: float | None, delay: float
) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    bot.voice.region = 1
    await bot.sandbox.moderator.new_voice_server(bot.sandbox.guild, outage=outage)
    await bot.until(lambda: link.stats.reopened > 0, 60)
    bot.sandbox.knobs.gateway_delay = 0.0
    await bot.both_ways(anna)


@pytest.mark.parametrize("delay", [1.5, pytest.param(5.0, marks=LONG)])
async def test_a_move_whose_news_is_late(bot: LinkBot, anna: Person, link: Link, delay: float) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    await bot.sandbox.moderator.move(bot.sandbox.bot, bot.sandbox.den)
    await anna.join(bot.sandbox.den.id)
    await bot.until(lambda: link.channel_id == bot.sandbox.den.id and link.stats.reopened + link.stats.rejoined > 0, 60)
    bot.sandbox.knobs.gateway_delay = 0.0
    await bot.until(lambda: anna.id in link.transport.people()[0])
    await bot.both_ways(anna)


@pytest.mark.parametrize("delay", [0.0, pytest.param(5.0, marks=LONG)])
async def test_a_voice_gateway_that_lets_go_while_the_bot_is_still_in(
    bot: LinkBot, anna: Person, link: Link, delay: float
) -> None:
    bot.sandbox.knobs.gateway_delay = delay
    bot.voice.close(bot.bot_id, 4014)
    await bot.until(lambda: link.stats.rejoined > 0, 60)
    bot.sandbox.knobs.gateway_delay = 0.0
    await bot.both_ways(anna)


@pytest.mark.long
async def test_a_kick_while_the_main_gateway_is_silently_dead(bot: LinkBot, link: Link) -> None:
    """Nothing is heard of it for a minute; then discord.py resumes the session."""
    bot.sandbox.gateway.mute_all()
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    await stays_out(bot, link, seconds=150)


@pytest.mark.long
async def test_a_network_that_is_away_for_long_is_no_kick(bot: LinkBot, anna: Person, link: Link) -> None:
    """Both gateways fall silent, and the main gateway's session is over by the time the network is back."""
    bot.sandbox.knobs.resume_window = 1.0
    bot.voice.resume_window = 1.0
    bot.sandbox.gateway.mute_all()
    bot.voice.conditions[bot.bot_id].frozen = True
    await asyncio.sleep(20)
    bot.voice.sever(bot.bot_id)
    for session in bot.sandbox.parts.hub.sessions.values():
        session.connection = None
    await bot.sandbox.gateway.end_sessions()
    bot.voice.conditions[bot.bot_id].frozen = False
    await bot.until(lambda: link.stats.rejoined > 0, 170)
    await bot.until(lambda: bot.in_group)
    await bot.both_ways(anna)


@pytest.mark.parametrize("way", ["kicked", pytest.param("deleted", marks=LONG)])
async def test_only_a_kick_keeps_it_from_coming_by_itself(harness: Harness, way: str) -> None:
    sandbox = harness.sandbox
    anna = await sandbox.person("Anna")
    async with harness.bot() as running:
        await harness.join(anna)
        sandbox.knobs.gateway_delay = 2.0
        if way == "kicked":
            await sandbox.moderator.disconnect(sandbox.bot)
        else:
            await sandbox.moderator.delete_channel(harness.lounge)
        await until(lambda: not running.calls.all(), 40)
        await asyncio.sleep(0.5)
        assert running.calls.auto_join_blocks.allowed(sandbox.guild.id, sandbox.den.id) is (way == "deleted")
        panels = lambda: [text_of(m.components) for m in sandbox.messages(harness.lounge.id) if m.is_v2]  # noqa: E731
        await until(lambda: all("Call ended" in panel for panel in panels()))
        sandbox.knobs.gateway_delay = 0.0


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(4012, "no longer support my protocol"), (4016, "no longer support my protocol"), (4021, "limits how often")],
)
async def test_a_refusal_is_told_with_its_cause(harness: Harness, code: int, sentence: str) -> None:
    anna = await harness.sandbox.person("Anna")
    voice = harness.sandbox.voice
    assert isinstance(voice, VoiceGateway)
    async with harness.bot() as running:
        await harness.join(anna)
        identified = voice.counts["identified"]
        voice.close(harness.sandbox.bot.id, code)
        await until(lambda: not running.calls.all())
        await asyncio.sleep(1)
        assert voice.counts["identified"] == identified
        assert running.calls.auto_join_blocks.allowed(harness.sandbox.guild.id, harness.lounge.id)
    assert any(sentence in line for line in harness.lines())


async def test_a_main_gateway_session_that_is_lost_is_no_kick(bot: LinkBot, anna: Person, link: Link) -> None:
    """Its own doing: the voice connection ends in the same moment, and a new session begins."""
    bot.sandbox.gateway.send_all(9, False)
    await bot.until(lambda: link.stats.rejoined == 1, 60)
    await bot.both_ways(anna)


async def test_a_server_that_takes_a_while_after_a_new_session_is_no_deleted_channel(
    bot: LinkBot, anna: Person, link: Link
) -> None:
    """READY names each server as unavailable, without its channels, and the voice connection ends meanwhile."""
    bot.sandbox.knobs.guild_delay = 3.0
    bot.sandbox.gateway.send_all(9, False)
    await bot.until(lambda: getattr(bot.client.get_guild(bot.sandbox.guild.id), "unavailable", False), 30)
    assert bot.client.get_channel(link.channel_id) is None
    bot.voice.close(bot.bot_id, 4014)
    await bot.until(lambda: link.stats.rejoined > 0, 60)
    await bot.until(lambda: anna.id in link.transport.people()[0])
    await bot.both_ways(anna)


async def test_the_old_session_of_the_main_gateway_may_expire(bot: LinkBot, anna: Person, link: Link) -> None:
    """Its voice state goes with it, which looks like a kick; by then the new session has taken it over."""
    bot.sandbox.knobs.resume_window = 12.0
    for session in bot.sandbox.parts.hub.sessions.values():
        session.sequence += 1  # an event that was never kept: the session cannot be resumed
    identified = bot.sandbox.gateway.identified
    bot.sandbox.gateway.drop_all()
    await bot.until(lambda: bot.sandbox.gateway.identified > identified)
    await bot.until(lambda: link.stats.reopened == 1)
    await bot.until(lambda: len(bot.sandbox.parts.hub.sessions) == 1)
    await asyncio.sleep(0.5)
    await bot.both_ways(anna)
    assert link.stats.rejoined == 0
    assert bot.sandbox.guild.voice_states[bot.bot_id].session_id in bot.sandbox.parts.hub.sessions
