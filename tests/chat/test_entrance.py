"""Entering is one thing: whichever way the bot comes into whichever channel, people see what they need to see."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.chat.call_recovery import CallRecovery
from bot.chat.cooldown import Cooldowns
from sandbox.guild.components import text_of
from sandbox.guild.entities import GuildChannel, User
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e
WAYS = ("join", "auto_join", "move", "return")
KINDS = ("voice", "stage", "full", "no speak", "no view", "no chat")
DENIED = {"no speak": "speak", "no view": "view_channel", "no chat": "send_messages"}
REFUSED = {"full": "full", "no speak": "Speak", "no view": "View Channel"}
"What keeps the bot out, unless a moderator moves it in, and the word that names it."


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


def chat(quiet: QuietBot, channel: GuildChannel) -> list[str]:
    """Return what is written in a channel, the panel's text included."""
    return [text_of(m.components) if m.is_v2 else m.content for m in quiet.sandbox.messages(channel.id)]


def live_panels(quiet: QuietBot, channel: GuildChannel) -> int:
    return sum("kikite:leave" in str(message.components) for message in quiet.sandbox.messages(channel.id))


def panel_text(quiet: QuietBot, channel: GuildChannel) -> str:
    """Return the newest panel's text."""
    return [text_of(message.components) for message in quiet.sandbox.messages(channel.id) if message.is_v2][-1]


def state(quiet: QuietBot) -> Any:
    return quiet.sandbox.guild.voice_states.get(quiet.sandbox.bot.id)


async def prepare(quiet: QuietBot, kind: str) -> tuple[User, GuildChannel]:
    """Return somebody in a channel of that kind."""
    sandbox = quiet.sandbox
    channel = sandbox.stage if kind == "stage" else sandbox.den
    ada = sandbox.add_user("Ada")
    await sandbox.enter_voice(ada, channel)
    if kind == "full":
        sandbox.moderator.limit(channel, 1)
    elif kind in DENIED:
        denied = discord.Permissions(**{DENIED[kind]: True}).value
        sandbox.moderator.overwrite(channel, sandbox.bot, deny=denied)
    seen: Any = quiet.client.get_channel(channel.id)
    await until(lambda: ada.id in seen.voice_states)
    await until(lambda: kind != "full" or seen.user_limit == 1)
    await until(lambda: kind not in DENIED or not getattr(seen.permissions_for(seen.guild.me), DENIED[kind]))
    return ada, channel


async def come(quiet: QuietBot, way: str, ada: User, channel: GuildChannel) -> str:
    """Let the bot come; return what only the caller was told."""
    sandbox, guild_id = quiet.sandbox, quiet.sandbox.guild.id
    match way:
        case "join":
            return (await (await sandbox.command(ada, "join")).settled()).content
        case "auto_join":
            await quiet.client.preferences.change(guild_id, channel.id, "join_at", "2", ada.id)
            ben = sandbox.add_user("Ben", [sandbox.world.add_role(sandbox.guild, "Mover", 1 << 24)])
            await sandbox.enter_voice(ben, channel)
        case "move":
            await quiet.joined("Zoe")
            await sandbox.moderator.move(sandbox.bot, channel)
        case _:
            await quiet.store.call_started(guild_id, channel.id)
            await CallRecovery(quiet.client, quiet.calls, quiet.store).run()
    return ""


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
async def test_whichever_way_it_comes(quiet: QuietBot, way: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.call_recovery.CALL_REJOIN_DELAYS_SECONDS", (0.0,))
    ada, channel = await prepare(quiet, kind)
    told = await come(quiet, way, ada, channel)
    readable = kind != "no view"
    if kind in REFUSED and way != "move":
        if way != "join" and readable:
            await until(lambda: chat(quiet, channel))
            told = chat(quiet, channel)[0]
        assert REFUSED[kind] in told or (way != "join" and not readable)
        assert state(quiet) is None
        assert not quiet.calls.all()
        return
    await until(lambda: [call.venue.channel_id for call in quiet.calls.all()] == [channel.id])
    if kind == "no chat":
        assert ("no transcript" in told) == (way == "join")
        assert not chat(quiet, channel)
        return
    if readable:
        await until(lambda: live_panels(quiet, channel) == 1)
        await until(lambda: any("hear everyone" in line or "only hear people" in line for line in chat(quiet, channel)))
    if kind == "stage":
        await until(lambda: state(quiet).request_to_speak is not None)
        await until(lambda: any("Invite me to speak" in line for line in chat(quiet, channel)))
        quiet.sandbox.moderator.let_speak(quiet.sandbox.guild, quiet.sandbox.bot)
        await until(lambda: "Listening" in panel_text(quiet, channel))
    elif kind == "no speak":
        await until(lambda: any("needs the “Speak” permission" in line for line in chat(quiet, channel)[1:]))
    elif kind == "voice":
        await until(lambda: "Listening" in (channel.status or ""))
    if way == "move":
        await until(lambda: not live_panels(quiet, quiet.sandbox.lounge))


async def test_moved_back_from_a_stage_it_goes_on_at_once(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    ada = await quiet.joined()
    for channel, line in (sandbox.stage, "audience"), (sandbox.lounge, "Listening"), (sandbox.stage, "audience"):
        await sandbox.enter_voice(ada, channel)
        await sandbox.moderator.move(sandbox.bot, channel)
        await until(lambda channel=channel: [call.venue.channel_id for call in quiet.calls.all()] == [channel.id])
        await until(lambda channel=channel: live_panels(quiet, channel) == 1)
        await until(lambda channel=channel, line=line: line in panel_text(quiet, channel))
        assert (state(quiet).request_to_speak is not None) == (channel is sandbox.stage)
    await until(lambda: not live_panels(quiet, sandbox.lounge))


async def test_when_its_link_enters_a_stage_again_it_asks_again(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    ada = sandbox.add_user("Ada")
    await sandbox.enter_voice(ada, sandbox.stage)
    await (await sandbox.command(ada, "join")).settled()
    await until(lambda: state(quiet).request_to_speak is not None)
    guild: Any = quiet.client.get_guild(sandbox.guild.id)
    await guild.change_voice_state(channel=None)
    await until(lambda: state(quiet) is None)
    await guild.change_voice_state(channel=guild.get_channel(sandbox.stage.id))
    await until(lambda: state(quiet) is not None and state(quiet).request_to_speak is not None)


async def test_after_a_new_session_of_the_main_gateway_people_who_come_are_seen(quiet: QuietBot) -> None:
    await quiet.joined()
    identified = quiet.sandbox.gateway.identified
    quiet.sandbox.gateway.drop_all()
    quiet.sandbox.parts.hub.sessions.clear()
    await until(lambda: quiet.sandbox.gateway.identified > identified, 20)
    await until(lambda: quiet.client.is_ready())
    ben = quiet.sandbox.add_user("Ben")
    await quiet.sandbox.enter_voice(ben, quiet.sandbox.lounge)
    await until(lambda: any("Ben" in message.content for message in quiet.shown()))
    await until(lambda: ben.id in quiet.calls.all()[0].venue.people())


@pytest.mark.usefixtures("hurried")
async def test_in_a_running_call_the_transcript_moves_at_once(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    mia = await quiet.joined("Mia", roles=[sandbox.world.add_role(sandbox.guild, "Manager", 1 << 5)])

    async def answered(place: GuildChannel) -> None:
        quiet.client.cooldowns = Cooldowns()
        await quiet.sandbox.command(mia, "ask", {"text": "Why?"})
        await until(lambda: any("An answer" in line for line in chat(quiet, place)))
        await asyncio.sleep(0.5)  # for what may be written elsewhere

    thread = {"place": "thread"}
    await (await sandbox.command(mia, "settings transcript", thread, channel_id=sandbox.lounge.id)).settled()
    await until(lambda: any("Voice channels can't have threads" in message.content for message in quiet.shown()))
    await (await sandbox.command(mia, "settings transcript", thread)).settled()
    threads = [channel for channel in sandbox.guild.channels.values() if channel.is_thread]
    assert [item.parent_id for item in threads] == [sandbox.general.id]
    await answered(threads[0])
    assert not any("An answer" in message.content for message in quiet.shown())
    await (await sandbox.command(mia, "settings transcript", {"place": "chat"})).settled()
    await answered(sandbox.lounge)


async def test_a_move_takes_the_thread_along_and_a_return_goes_on_in_it(quiet: QuietBot) -> None:
    sandbox = quiet.sandbox
    ada = await quiet.enter("Ada")
    await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await sandbox.command(ada, "join")).settled()
    await sandbox.enter_voice(ada, sandbox.den)
    await sandbox.moderator.move(sandbox.bot, sandbox.den)
    threads = lambda: [c for c in sandbox.guild.channels.values() if c.is_thread]  # noqa: E731
    await until(lambda: len(threads()) == 2)
    assert {item.parent_id for item in threads()} == {sandbox.general.id}
    await until(
        lambda: any("hear everyone" in line or "only hear people" in line for line in chat(quiet, threads()[1]))
    )
    await quiet.calls.drain()
    assert not quiet.calls.all()
    await CallRecovery(quiet.client, quiet.calls, quiet.store).run()
    await until(lambda: any("I'm back" in line for line in chat(quiet, threads()[1])))
    assert len(threads()) == 2
