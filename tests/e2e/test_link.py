"""The link's ordinary day, against the sandbox."""

import asyncio

import discord
import pytest

from bot.errors import AlreadyInCall, ChannelFull, JoinError, MissingPermissions
from bot.types import LinkEnd
from sandbox import clips
from sandbox.guild.entities import Kind
from tests.e2e.link_bot import LinkBot

pytestmark = pytest.mark.e2e


async def test_hears_and_is_heard_and_leaves(bot: LinkBot) -> None:
    anna = await bot.sandbox.person("Anna")
    await anna.join(bot.sandbox.lounge.id)
    link = await bot.enter()
    await bot.both_ways(anna)
    assert link.channel_id == bot.sandbox.lounge.id
    await link.close()
    assert await link.ended() is LinkEnd.LEFT
    assert bot.bot_id not in bot.sandbox.guild.voice_states


async def test_a_person_who_comes_later_is_heard(bot: LinkBot) -> None:
    await bot.enter()
    ben = await bot.sandbox.person("Ben", "libdave")
    await ben.join(bot.sandbox.lounge.id)
    await bot.both_ways(ben)


async def test_a_stage_without_encryption(bot: LinkBot) -> None:
    anna = await bot.sandbox.person("Anna", None)
    await anna.join(bot.sandbox.stage.id)
    await bot.enter(bot.sandbox.stage.id)
    bot.sandbox.moderator.let_speak(bot.sandbox.guild, anna.user)
    bot.sandbox.moderator.let_speak(bot.sandbox.guild, bot.sandbox.bot)
    await bot.both_ways(anna)


async def test_being_disconnected_ends_the_link(bot: LinkBot) -> None:
    link = await bot.enter()
    await bot.sandbox.leave_voice(bot.sandbox.bot)
    async with asyncio.timeout(60):
        assert await link.ended() is LinkEnd.KICKED
    await asyncio.sleep(0.5)
    assert bot.bot_id not in bot.sandbox.guild.voice_states


async def test_a_deleted_channel_ends_the_link(bot: LinkBot) -> None:
    link = await bot.enter()
    await bot.sandbox.moderator.delete_channel(bot.sandbox.lounge)
    async with asyncio.timeout(60):
        assert await link.ended() is LinkEnd.KICKED


async def test_a_client_that_closes_takes_the_link_with_it(bot: LinkBot) -> None:
    link = await bot.enter()
    await bot.client.close()
    async with asyncio.timeout(60):
        assert await link.ended() is LinkEnd.LEFT


async def test_being_moved_it_follows_and_goes_on(bot: LinkBot) -> None:
    anna = await bot.sandbox.person("Anna")
    await anna.join(bot.sandbox.lounge.id)
    link = await bot.enter()
    await bot.both_ways(anna)
    await bot.sandbox.moderator.move(bot.sandbox.bot, bot.sandbox.den)
    await bot.until(lambda: link.channel_id == bot.sandbox.den.id)
    await anna.join(bot.sandbox.den.id)
    await bot.until(lambda: link.stats.reopened == 1)
    await bot.both_ways(anna)


async def test_it_can_come_back_after_leaving(bot: LinkBot) -> None:
    anna = await bot.sandbox.person("Anna")
    await anna.join(bot.sandbox.lounge.id)
    await bot.enter()
    await bot.leave()
    await bot.enter()
    await bot.both_ways(anna)


async def test_the_speaking_flag_surrounds_the_sound(bot: LinkBot) -> None:
    anna = await bot.sandbox.person("Anna")
    await anna.join(bot.sandbox.lounge.id)
    link = await bot.enter()
    [seat] = bot.voice.seats(bot.bot_id)
    playback = link.play()
    playback.feed(clips.load("bot-rice", 24_000))
    await bot.until(lambda: seat.speaking == 1)
    playback.cut()
    await bot.until(lambda: seat.speaking == 0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("full", ChannelFull), ("silent", JoinError), ("forbidden", MissingPermissions), ("busy", AlreadyInCall)],
)
async def test_what_keeps_it_out_is_named(bot: LinkBot, fault: str, error: type[JoinError]) -> None:
    sandbox = bot.sandbox
    channel = sandbox.add_channel("Room", Kind.VOICE, user_limit=1 if fault == "full" else 0)
    if fault == "full":
        anna = await sandbox.person("Anna")
        await anna.join(channel.id)
    elif fault == "silent":
        sandbox.knobs.swallow_voice = True
    elif fault == "forbidden":
        sandbox.moderator.overwrite(channel, sandbox.bot, deny=1 << 20)
    else:
        await bot.enter()

    def known() -> bool:
        seen = bot.client.get_channel(channel.id)
        if not isinstance(seen, discord.VoiceChannel):
            return False
        barred = not seen.permissions_for(seen.guild.me).connect
        return bool(seen.voice_states) == (fault == "full") and barred == (fault == "forbidden")

    await bot.until(known)
    link = bot.link if fault == "busy" else None
    with pytest.raises(error) as caught:
        await bot.enter(channel.id, timeout=1.0)
    assert caught.type is error
    if link is not None:
        assert link.channel_id == sandbox.lounge.id
