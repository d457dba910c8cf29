"""What a voice link must live through; each fault is made by the sandbox, and proven by what is heard afterwards."""

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest
from discord.gateway import DiscordVoiceWebSocket

from bot.audio import SPEAK_RATE
from bot.types import LinkEnd
from bot.voice.link import reconnector, recovery, watchdog
from bot.voice.link.join import Link
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from sandbox.voice.conditions import Conditions
from tests.e2e.link_bot import LinkBot
from tests.settling import settled

pytestmark = pytest.mark.e2e


@pytest.fixture
async def link(bot: LinkBot, anna: Person) -> Link:
    link = await bot.enter()
    await bot.until(lambda: bot.in_group)
    return link


def mended(link: Link) -> int:
    return link.stats.resumed + link.stats.reopened + link.stats.rejoined


def conditions(bot: LinkBot) -> Conditions:
    return bot.voice.conditions[bot.bot_id]


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (4006, "rejoined"),
        (4009, "rejoined"),
        (4015, "resumed"),
        (1006, "resumed"),
        (4014, "rejoined"),
        (4020, "rejoined"),
    ],
)
async def test_a_close_code_is_recovered_from(bot: LinkBot, anna: Person, link: Link, code: int, cure: str) -> None:
    await asyncio.sleep(0.3)
    if code == 1006:
        bot.voice.sever(bot.bot_id)
    else:
        bot.voice.close(bot.bot_id, code)
    await bot.until(lambda: mended(link) > 0)
    assert getattr(link.stats, cure) == 1
    await bot.both_ways(anna)


@pytest.mark.parametrize(("code", "end"), [(4017, LinkEnd.REFUSED), (4021, LinkEnd.LIMITED), (4012, LinkEnd.OUTDATED)])
async def test_a_refusal_ends_the_link_without_a_loop(bot: LinkBot, link: Link, code: int, end: LinkEnd) -> None:
    before = bot.voice.counts["identified"]
    bot.voice.close(bot.bot_id, code)
    async with asyncio.timeout(60):
        assert await link.ended() is end
    await asyncio.sleep(1)
    assert bot.voice.counts["identified"] == before
    assert bot.bot_id not in bot.sandbox.guild.voice_states


@pytest.mark.parametrize("outage", [None, 0.5], ids=["at once", "after a null endpoint"])
@pytest.mark.parametrize("region", [0, 1], ids=["the same endpoint", "another endpoint"])
async def test_another_voice_server(bot: LinkBot, anna: Person, link: Link, outage: float | None, region: int) -> None:
    bot.voice.region = region
    await bot.sandbox.moderator.new_voice_server(bot.sandbox.guild, outage=outage)
    await bot.until(lambda: mended(link) > 0)
    assert link.stats.reopened == 1
    await bot.both_ways(anna)


async def test_a_move_whose_server_is_named_first(bot: LinkBot, anna: Person, link: Link) -> None:
    """The main gateway gives no order to VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE."""
    bot.sandbox.parts.rooms.server_first = True
    await bot.sandbox.moderator.move(bot.sandbox.bot, bot.sandbox.den)
    await anna.join(bot.sandbox.den.id)
    await bot.until(lambda: link.channel_id == bot.sandbox.den.id and mended(link) > 0)
    await bot.both_ways(anna)


async def test_the_main_gateway_is_resumed(bot: LinkBot, anna: Person, link: Link) -> None:
    bot.sandbox.gateway.drop_all()
    await bot.both_ways(anna)
    assert mended(link) == 0


async def test_the_main_gateway_session_is_lost(bot: LinkBot, anna: Person, link: Link) -> None:
    """Discord then takes the bot out of the channel: it comes back, for nobody threw it out."""
    await bot.sandbox.gateway.end_sessions()
    bot.sandbox.gateway.drop_all()
    await bot.until(lambda: link.stats.rejoined == 1, 40)
    await bot.both_ways(anna)


async def test_a_kick_whose_word_comes_late_is_a_kick(bot: LinkBot, link: Link) -> None:
    bot.voice.close(bot.bot_id, 4014)
    await asyncio.sleep(0.5)
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    async with asyncio.timeout(60):
        assert await link.ended() is LinkEnd.KICKED


async def test_the_link_is_lost_when_nothing_helps(bot: LinkBot, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "REJOIN_DELAYS_SECONDS", (0.0, 0.1))
    monkeypatch.setattr(reconnector, "RECOVERY_ATTEMPT_SECONDS", 0.5)
    bot.sandbox.knobs.swallow_voice = True
    bot.voice.close(bot.bot_id, 4006)
    async with asyncio.timeout(60):
        assert await link.ended() is LinkEnd.LOST
    assert link.stats.failed == 2


async def test_tcp_dies_without_a_sign(bot: LinkBot, anna: Person, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnector, "RECOVERY_ATTEMPT_SECONDS", 1.0)
    conditions(bot).frozen = True
    await bot.until(lambda: link.stats.failed > 0 or mended(link) > 0, 30)
    conditions(bot).frozen = False
    await bot.until(lambda: mended(link) > 0 and bot.in_group)
    await bot.both_ways(anna)


@pytest.mark.parametrize("way", ["up", "down"])
async def test_udp_dies_without_a_sign(
    bot: LinkBot, anna: Person, link: Link, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "UNANSWERED_SECONDS", 2.0)
    await asyncio.sleep(3)  # the watchdog learns that this server answers
    path = getattr(conditions(bot), way)
    path.dead = True
    await bot.until(lambda: link.stats.receive_broken == 1)
    path.dead = False
    await bot.until(lambda: mended(link) > 0)
    await bot.both_ways(anna)


async def test_nothing_comes_from_people_who_speak(bot: LinkBot, anna: Person, link: Link) -> None:
    """The voice server answers, but forwards nothing; op 5 says that somebody speaks."""
    await asyncio.sleep(1.5)
    conditions(bot).unforwarded = True
    await asyncio.gather(
        anna.say(clips.load("anna-quickest", 48_000)), bot.until(lambda: link.stats.receive_broken == 1)
    )
    conditions(bot).unforwarded = False
    await bot.until(lambda: mended(link) > 0)
    await bot.both_ways(anna)


async def test_a_nat_that_forgets(bot: LinkBot, anna: Person, link: Link) -> None:
    conditions(bot).nat_timeout = 5.0
    await asyncio.sleep(7)
    assert await bot.hears(anna) >= 0.95
    assert mended(link) == 0


@pytest.mark.parametrize("knob", ["bad_proposals", "bad_commits", "bad_welcomes"])
async def test_a_broken_dave_message_costs_a_moment(bot: LinkBot, anna: Person, link: Link, knob: str) -> None:
    setattr(conditions(bot), knob, 1)
    if knob == "bad_welcomes":
        await bot.regroup()
    ben = await bot.sandbox.person("Ben", "libdave")
    speaking = asyncio.create_task(anna.say(clips.load("ben-story", 48_000)))
    bot.heard[anna.id].clear()
    await asyncio.sleep(0.3)
    await ben.join(bot.sandbox.lounge.id)
    await speaking
    await settled(lambda: len(bot.heard[anna.id]))
    heard = [frame for frame in bot.heard[anna.id] if not frame.concealed]
    assert len(heard) >= 50 * (3.47 - 2.0)
    assert getattr(conditions(bot), knob) == 0
    await bot.both_ways(ben)
    assert await bot.hears(anna) >= 0.95


@pytest.mark.parametrize("speaking", [True, False], ids=["heard nothing", "nobody speaks"])
async def test_out_of_the_group_it_asks_to_be_taken_in(bot: LinkBot, anna: Person, link: Link, speaking: bool) -> None:
    """As after a fault nobody thought of."""
    bot.lock_out()
    if speaking:
        await anna.say(clips.load("ben-story", 48_000))
    await bot.until(lambda: link.stats.regrouped == 1 and bot.in_group)
    await bot.both_ways(anna)
    assert mended(link) == 0


@pytest.mark.parametrize("seconds", [0.5, 0.0], ids=["executed in time", "executed after the upgrade"])
async def test_down_to_plain_and_up_again(bot: LinkBot, anna: Person, link: Link, seconds: float) -> None:
    bot.voice.downgrade(bot.sandbox.lounge.id)
    await asyncio.sleep(seconds)
    if seconds:
        await bot.both_ways(anna)
    bot.voice.upgrade(bot.sandbox.lounge.id)
    await asyncio.sleep(1)
    # Anna still takes what comes in the clear; who comes now does not.
    ben = await bot.sandbox.person("Ben", "libdave")
    await ben.join(link.channel_id)
    await bot.both_ways(ben)
    assert mended(link) + link.stats.send_broken + link.stats.receive_broken == 0


async def test_the_external_sender_may_come_first_and_again(bot: LinkBot, anna: Person) -> None:
    """Before the session is described; in the next session, where it is another; and in the middle of the group."""
    conditions(bot).external_sender_early = True
    link = await bot.enter()
    await bot.until(lambda: bot.in_group)
    await bot.sandbox.moderator.move(bot.sandbox.bot, bot.sandbox.den)
    await bot.until(lambda: link.channel_id == bot.sandbox.den.id and link.connected)
    await anna.join(bot.sandbox.den.id)
    await bot.until(lambda: bot.in_group)
    [seat] = bot.voice.seats(bot.bot_id)
    seat.binary(25, bot.voice.room(link.channel_id).delivery.external_sender)
    await bot.both_ways(anna)
    assert link.stats.regrouped + link.stats.rejoined == 0


async def test_a_call_that_began_in_the_clear(bot: LinkBot) -> None:
    anna, ben = await bot.sandbox.person("Anna"), await bot.sandbox.person("Ben", "libdave")
    await anna.join(bot.sandbox.stage.id)
    link = await bot.enter(bot.sandbox.stage.id)
    for user in (anna.user, bot.sandbox.bot):
        bot.sandbox.moderator.let_speak(bot.sandbox.guild, user)
    await bot.both_ways(anna)
    bot.voice.upgrade(link.channel_id)
    await bot.until(lambda: anna.client is not None and anna.client.dave.version == 1 and bot.in_group)
    await ben.join(link.channel_id)
    bot.sandbox.moderator.let_speak(bot.sandbox.guild, ben.user)
    await bot.both_ways(ben)
    assert mended(link) + link.stats.send_broken + link.stats.receive_broken == 0


async def test_a_group_that_went_on_without_it(bot: LinkBot, anna: Person, link: Link) -> None:
    """A commit never comes. Nobody speaks, so nothing is heard that could not be opened: the bot is only dumb."""
    conditions(bot).message_faults[29] = ["lost"]
    before = bot.epoch
    ben = await bot.sandbox.person("Ben", "libdave")
    await ben.join(link.channel_id)
    await bot.until(lambda: link.stats.send_broken == 1 and bot.in_group and bot.epoch != before)
    await bot.both_ways(ben)
    assert (link.stats.regrouped, mended(link)) == (1, 0)


NONSENSE: list[str | bytes] = [
    "no json",
    "[]",
    "{}",
    '{"op": 5}',
    '{"op": 5, "d": {"user_id": "x"}}',
    '{"op": 2, "d": {}}',
    '{"op": 4, "d": null}',
    '{"op": 21, "d": {}}',
    '{"op": "x", "d": []}',
    '{"op": 8, "d": {"heartbeat_interval": "soon"}}',
    b"",
    b"\0",
    b"\0\1\x1d",
    b"\0\1\x1d\0\0garbage",
    b"\0\1\x1e\0\0garbage",
    b"\0\1\x19garbage",
    b"\0\1\x1b\2garbage",
    b"\0\1\xffgarbage",
]


class PanicException(BaseException):
    """As pyo3 raises it when Rust panics."""


async def panics(*_: object) -> None:
    raise PanicException


async def test_nonsense_from_the_voice_gateway(
    bot: LinkBot, anna: Person, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    [seat] = bot.voice.seats(bot.bot_id)
    for message in NONSENSE:
        seat.put(message)
        await asyncio.sleep(0.05)
        assert link.connected
    assert link.stats.unreadable >= 8
    regrouped = link.stats.regrouped
    with monkeypatch.context() as panicking:
        panicking.setattr(DiscordVoiceWebSocket, "received_binary_message", panics)
        seat.put(b"\0\1\x1bwhat davey cannot stand")
        await bot.until(lambda: link.stats.regrouped > regrouped)
    await bot.both_ways(anna)
    assert mended(link) == 0


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("4006", lambda bot: bot.voice.close(bot.bot_id, 4006)),
        ("4015", lambda bot: bot.voice.close(bot.bot_id, 4015)),
        ("1006", lambda bot: bot.voice.sever(bot.bot_id)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_reply_goes_on_where_it_stood(
    bot: LinkBot, anna: Person, link: Link, name: str, fault: Callable[[LinkBot], None]
) -> None:
    sound = clips.load("bot-rice", SPEAK_RATE)
    playback = link.play()
    playback.feed(sound)
    playback.finish()
    await bot.until(lambda: playback.played > 1.0)
    fault(bot)
    playout = await playback.wait()
    assert (playout.played, playout.interrupted) == (playout.total, False)
    assert mended(link) == 1
    await settled(lambda: len(anna.recorder.frames(bot.bot_id)))
    # At most what was on its way when the server let go is lost, and nothing is said twice. The part of the sound
    # that the outage cuts in two counts for less: five lost frames anywhere leave 0.91, a lost second 0.8.
    frames = len(anna.recorder.frames(bot.bot_id))
    assert len(sound) // 960 - 5 <= frames <= len(sound) // 960 + 1
    assert correlation(clips.load("bot-rice", 48_000), anna.recorder.words(bot.bot_id), 48_000) >= 0.88


async def test_a_reply_is_given_up_after_a_long_outage(bot: LinkBot, anna: Person, link: Link) -> None:
    playback = link.play()
    playback.feed(clips.load("bot-moon", SPEAK_RATE))
    playback.finish()
    await bot.until(lambda: playback.played > 0.5)
    bot.sandbox.knobs.swallow_voice = True
    bot.voice.close(bot.bot_id, 4006)
    playout = await playback.wait()
    assert playout.interrupted
    assert playout.played < 2.0
    bot.sandbox.knobs.swallow_voice = False
    await bot.until(lambda: mended(link) > 0, 30)
    await bot.both_ways(anna)


def _own_threads() -> int:
    """Return how many threads there are beside the loop's pool, which keeps as many as were ever wanted at once."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


async def test_many_faults_leave_nothing_behind(bot: LinkBot, anna: Person, link: Link) -> None:
    threads = _own_threads()
    for round_ in range(1, 9):
        bot.voice.close(bot.bot_id, (4006, 4015)[round_ % 2])
        await bot.until(lambda wanted=round_: mended(link) >= wanted, 30)
        await bot.until(lambda: link.connected)
    await bot.until(lambda: _own_threads() <= threads)
    await bot.both_ways(anna)


async def test_hard_frames_are_counted_not_raised(bot: LinkBot, anna: Person, link: Link) -> None:
    """Junk straight from the voice server's address, while somebody speaks."""
    rng = np.random.default_rng(7)
    [seat] = bot.voice.seats(bot.bot_id)
    assert seat.leg is not None
    leg = seat.leg

    async def flood() -> None:
        for _ in range(100):
            for _ in range(10):
                junk = rng.bytes(int(rng.integers(0, 200)))
                bot.voice.sfu.deliver(leg, junk)
                bot.voice.sfu.deliver(leg, b"\x80\x78" + junk)
            await asyncio.sleep(0.02)

    flooding = asyncio.create_task(flood())
    assert await bot.hears(anna) >= 0.95
    await flooding
    assert link.receiver.stats.auth_failed > 0
    assert mended(link) == 0
