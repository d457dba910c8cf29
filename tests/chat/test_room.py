"""What happens in the channel around a call: moves, mutes, stages, crashes, and what people write."""

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import discord
import pytest

from bot.call import idle_timer
from bot.chat import permissions
from bot.chat.cooldown import Cooldowns
from bot.errors import OutOfCredit
from bot.types import Heard, Spoken
from sandbox.guild.components import text_of
from sandbox.guild.knobs import Failure
from sandbox.server import Sandbox
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


def mention(quiet: QuietBot) -> str:
    return f"<@{quiet.sandbox.bot.id}>"


async def test_a_mention_in_the_calls_chat_is_answered_aloud(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, f"{mention(quiet)} why?")
    await until(lambda: quiet.engine.requests)
    assert quiet.engine.requests[0].turn.typed[0].text == "why?"
    await until(lambda: "An answer" in quiet.shown()[-1].content)


async def test_a_reply_to_the_bot_is_answered_aloud(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    await until(quiet.shown)
    await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, "and you?", reply_to=quiet.shown()[0])
    await until(lambda: quiet.engine.requests)
    assert quiet.engine.requests[0].turn.typed[0].text == "and you?"


async def test_other_messages_are_nobodys_business(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    bot = quiet.sandbox.add_user("Robo", bot=True)
    await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, "@everyone hello")
    await quiet.sandbox.write(bot, quiet.sandbox.lounge.id, f"{mention(quiet)} hello")
    await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, f"{mention(quiet)} last")
    await until(lambda: quiet.engine.requests)
    assert [request.turn.typed[0].text for request in quiet.engine.requests] == ["last"]


@pytest.mark.parametrize("in_call", [True, False])
async def test_a_mention_elsewhere_is_told_where_to_go(quiet: QuietBot, in_call: bool) -> None:
    ada = await quiet.joined() if in_call else quiet.sandbox.add_user("Ada")
    await quiet.sandbox.write(ada, quiet.sandbox.general.id, f"{mention(quiet)} why?")
    await until(lambda: len(quiet.sandbox.messages(quiet.sandbox.general.id)) > 1)
    told = quiet.sandbox.messages(quiet.sandbox.general.id)[-1]
    assert (f"<#{quiet.sandbox.lounge.id}>" if in_call else "/join") in told.content
    assert not told.pings
    assert not quiet.engine.requests


async def test_read_text_reads_everything_in_the_calls_chat() -> None:
    async with Sandbox.open(http=True) as sandbox:
        sandbox.knobs.privileged = discord.Intents(message_content=True).value
        async with quiet_bot(sandbox=sandbox, read_text=True) as quiet:
            ada = await quiet.joined()
            await sandbox.write(ada, sandbox.lounge.id, "no mention at all")
            await until(lambda: quiet.engine.requests)
            assert quiet.engine.requests[0].turn.typed[0].text == "no mention at all"
            await sandbox.write(ada, sandbox.general.id, "elsewhere")
            assert len(quiet.engine.requests) == 1


async def test_when_moved_it_ends_here_and_goes_on_there(quiet: QuietBot) -> None:
    await quiet.joined()
    ben = quiet.sandbox.add_user("Ben")
    await quiet.sandbox.enter_voice(ben, quiet.sandbox.den)
    await quiet.sandbox.moderator.move(quiet.sandbox.bot, quiet.sandbox.den)
    await until(lambda: any(message.is_v2 for message in quiet.sandbox.messages(quiet.sandbox.den.id)))
    await until(lambda: "Call ended" in text_of(quiet.panels()[0].components))
    panel = next(message for message in quiet.sandbox.messages(quiet.sandbox.den.id) if message.is_v2)
    assert "🔇 Ben" in text_of(panel.components)


async def test_it_says_that_it_was_deafened(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    quiet.sandbox.moderator.mute(quiet.sandbox.guild, quiet.sandbox.bot, deaf=True)
    await until(lambda: "server deafened" in quiet.shown()[-1].content)
    await until(lambda: "server deafened" in text_of(quiet.panels()[0].components))
    assert "server deafened" in (await quiet.sandbox.command(ada, "call status")).content
    quiet.sandbox.moderator.mute(quiet.sandbox.guild, quiet.sandbox.bot)
    await until(lambda: "Listening" in text_of(quiet.panels()[0].components))


@pytest.mark.usefixtures("hurried")
async def test_the_line_under_the_channels_name_is_cleared_on_every_way_out(
    quiet: QuietBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    lounge = quiet.sandbox.lounge
    ada = await quiet.enter("Ada")

    async def take(way_out: str) -> None:
        match way_out:
            case "leave":
                await quiet.sandbox.click(ada, quiet.panels()[-1], "kikite:leave")
            case "idle":
                monkeypatch.setattr(idle_timer, "IDLE_TIMEOUT_SECONDS", 0.1)
            case "drain":
                await quiet.calls.drain()
            case "empty":
                monkeypatch.setattr(idle_timer, "EMPTY_TIMEOUT_SECONDS", 0.1)
                await quiet.sandbox.leave_voice(ada)

    for way_out in "leave", "idle", "drain", "empty":
        quiet.client.cooldowns = Cooldowns()
        await (await quiet.sandbox.command(ada, "join")).settled()
        await until(lambda: "Listening" in (lounge.status or ""))
        await take(way_out)
        await until(lambda: not quiet.calls.all())
        monkeypatch.setattr(idle_timer, "IDLE_TIMEOUT_SECONDS", 900.0)
        assert not lounge.status, way_out
        await until(lambda: quiet.sandbox.bot.id not in quiet.sandbox.guild.voice_states)


async def test_once_put_out_it_tries_to_clear_its_line_where_it_may(quiet: QuietBot) -> None:
    await quiet.joined()
    lounge = quiet.sandbox.lounge
    await until(lambda: "Listening" in (lounge.status or ""))
    quiet.sandbox.moderator.overwrite(lounge, quiet.sandbox.bot, allow=discord.Permissions(manage_channels=True).value)
    await quiet.sandbox.moderator.disconnect(quiet.sandbox.bot)
    call: Any = quiet.calls.all()[0]
    call.link.kicked()
    await until(lambda: not quiet.calls.all())
    assert not lounge.status


async def test_on_a_stage_it_asks_to_speak(quiet: QuietBot) -> None:
    ada = quiet.sandbox.add_user("Ada")
    await quiet.sandbox.enter_voice(ada, quiet.sandbox.stage)
    channel: Any = quiet.client.get_channel(quiet.sandbox.stage.id)
    await until(lambda: ada.id in channel.voice_states)
    outcome = await (await quiet.sandbox.command(ada, "join")).settled()
    assert "not end-to-end encrypted" in outcome.content
    state = quiet.sandbox.guild.voice_states[quiet.sandbox.bot.id]
    await until(lambda: state.request_to_speak is not None)
    await until(lambda: any("audience" in m.content for m in quiet.sandbox.messages(quiet.sandbox.stage.id)))


async def test_a_panel_that_a_crash_left_behind_is_ended() -> None:
    async with Sandbox.open(http=True) as sandbox:
        async with quiet_bot(sandbox=sandbox) as quiet:
            await quiet.joined()
            sandbox.knobs.failures.append(Failure("PATCH .*/messages/", 403, times=100))  # it can end no panel
        sandbox.knobs.failures.clear()
        async with quiet_bot(sandbox=sandbox) as quiet:
            await quiet.joined("Ben")
            await until(lambda: len(quiet.panels()) == 2)
            await until(lambda: "Call ended" in text_of(quiet.panels()[0].components))
            assert "kikite:" in str(quiet.panels()[1].components)


async def test_a_held_down_button_is_slowed(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    told = [(await quiet.sandbox.click(ada, quiet.panels()[0], "kikite:stop")).content for _ in range(10)]
    assert "a bit fast" in told[-1]


async def test_hostile_names_and_words_are_inert_for_discord(quiet: QuietBot) -> None:
    names = ["@everyone", "**x", "<@1>", "[a](http://b.example)", "\u202eevil", "`", "# big", "\u3164"]
    await quiet.joined()
    call = quiet.calls.get(quiet.sandbox.guild.id)
    assert call is not None
    for number in range(200):
        name = names[number % len(names)]
        await call.venue.audience.heard(Heard(number, 1, f"{number} {name} @here <@&2> ```", 1.0), name)
    venue: Any = call.venue
    await venue.writer.idle()
    lines = "\n".join(message.content for message in quiet.shown()).split("\n")
    numbers = [int(line.split("** ")[1].split()[0]) for line in lines if "```" in line.replace("\\", "")]
    assert numbers == list(range(200))
    assert not any(message.pings or message.embeds for message in quiet.shown())


async def test_without_its_chat_it_says_so_and_goes_on(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    denied = discord.Permissions(send_messages=True).value
    quiet.sandbox.moderator.overwrite(quiet.sandbox.lounge, quiet.sandbox.bot, deny=denied)
    channel: Any = quiet.client.get_channel(quiet.sandbox.lounge.id)
    await until(lambda: not channel.permissions_for(channel.guild.me).send_messages)
    outcome = await (await quiet.sandbox.command(ada, "join")).settled()
    assert "there will be no transcript" in outcome.content
    await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: quiet.engine.requests)
    assert not quiet.panels()
    assert not quiet.shown()


async def test_it_comes_by_itself_where_a_server_wants_that_and_never_when_sent_away(quiet: QuietBot) -> None:
    guild, lounge = quiet.sandbox.guild.id, quiet.sandbox.lounge.id
    ada = await quiet.enter("Ada")
    await quiet.client.preferences.change(guild, lounge, "join_at", "2", ada.id)
    assert not quiet.calls.all()
    ben = await quiet.enter("Ben")
    await until(lambda: quiet.panels())
    assert quiet.calls.all()[0].agreed() == frozenset()
    await (await quiet.sandbox.command(ada, "leave")).settled()
    cleo = await quiet.enter("Cleo")
    assert not quiet.calls.all()
    channel: Any = quiet.client.get_channel(lounge)
    for user in (ada, ben, cleo):
        await quiet.sandbox.leave_voice(user)
    await until(lambda: not channel.voice_states)
    await quiet.calls.auto_join_blocks.block(guild)
    for user in (ada, ben):
        await quiet.sandbox.enter_voice(user, quiet.sandbox.lounge)
    await until(lambda: ben.id in channel.voice_states)
    assert not quiet.calls.all()
    await quiet.sandbox.leave_voice(ben)
    await quiet.calls.auto_join_blocks.lift_all(guild)
    await quiet.sandbox.enter_voice(ben, quiet.sandbox.lounge)
    await until(lambda: quiet.calls.all())


async def test_what_keeps_it_from_coming_by_itself_is_said_once(quiet: QuietBot) -> None:
    guild, lounge = quiet.sandbox.guild.id, quiet.sandbox.lounge.id
    denied = discord.Permissions(speak=True).value
    quiet.sandbox.moderator.overwrite(quiet.sandbox.lounge, quiet.sandbox.bot, deny=denied)
    await quiet.client.preferences.change(guild, lounge, "join_at", "1", 1)
    people = [await quiet.enter(name) for name in ("Ada", "Ben")]
    await until(quiet.shown)
    assert "Speak" in quiet.shown()[0].content
    channel: Any = quiet.client.get_channel(lounge)
    for user in people:
        await quiet.sandbox.leave_voice(user)
    await until(lambda: not channel.voice_states)
    assert len(quiet.shown()) == 1
    await quiet.enter("Cleo")  # the next company may not have read that
    await until(lambda: len(quiet.shown()) == 2)


async def test_just_the_missing_permissions_are_named_before_it_tries(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    channel: Any = quiet.client.get_channel(quiet.sandbox.lounge.id)
    named = "View Channel", "Connect", "Speak", "Use Voice Activity"
    for missing in ("view_channel",), ("connect",), ("speak",), ("use_voice_activation",), ("connect", "speak"):
        denied = discord.Permissions(**dict.fromkeys(missing, True))
        quiet.sandbox.moderator.overwrite(quiet.sandbox.lounge, quiet.sandbox.bot, deny=denied.value)
        await until(lambda denied=denied: channel.overwrites_for(channel.guild.me).pair()[1] == denied)
        outcome = await quiet.sandbox.command(ada, "join")
        found = tuple(name for name in named if name in outcome.content)
        assert found == tuple(permissions.PERMISSION_NAMES[name] for name in missing)
    assert not quiet.sandbox.guild.voice_states.get(quiet.sandbox.bot.id)


async def test_a_full_channel_is_named(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    quiet.sandbox.moderator.limit(quiet.sandbox.lounge, 1)
    channel: Any = quiet.client.get_channel(quiet.sandbox.lounge.id)
    await until(lambda: channel.user_limit == 1)
    outcome = await (await quiet.sandbox.command(ada, "join")).settled()
    assert "full" in outcome.content


async def test_one_call_per_server(quiet: QuietBot) -> None:
    await quiet.joined()
    ben = quiet.sandbox.add_user("Ben")
    await quiet.sandbox.enter_voice(ben, quiet.sandbox.den)
    channel: Any = quiet.client.get_channel(quiet.sandbox.den.id)
    await until(lambda: ben.id in channel.voice_states)
    outcome = await (await quiet.sandbox.command(ben, "join")).settled()
    assert f"another voice channel on this server, <#{quiet.sandbox.lounge.id}>" in outcome.content


async def test_a_call_may_be_written_into_a_thread_where_it_was_asked_for(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    await quiet.client.preferences.change(quiet.sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await quiet.sandbox.command(ada, "join")).settled()
    await until(quiet.panels)
    await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
    threads = [c for c in quiet.sandbox.guild.channels.values() if c.is_thread]
    assert [(thread.parent_id, thread.name.startswith("Lounge ")) for thread in threads] == [
        (quiet.sandbox.general.id, True)
    ]
    await until(lambda: any("An answer" in m.content for m in quiet.sandbox.messages(threads[0].id)))
    assert not quiet.shown()
    await quiet.sandbox.write(ada, threads[0].id, f"{mention(quiet)} and you?")  # the thread is the call's chat, too
    await until(lambda: len(quiet.engine.requests) == 2)
    assert quiet.engine.requests[1].turn.typed[0].text == "and you?"


async def test_without_its_thread_it_writes_along_in_the_chat_and_says_why(quiet: QuietBot) -> None:
    ada, denied = await quiet.enter("Ada"), discord.Permissions(create_public_threads=True)
    quiet.sandbox.moderator.overwrite(quiet.sandbox.general, quiet.sandbox.bot, deny=denied.value)
    await quiet.client.preferences.change(quiet.sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await quiet.sandbox.command(ada, "join")).settled()
    await until(lambda: any("can't create a thread" in message.content for message in quiet.shown()))
    await quiet.sandbox.command(ada, "ask", {"text": "Why?"}, channel_id=quiet.sandbox.lounge.id)
    await until(lambda: "An answer" in quiet.shown()[-1].content)


async def test_what_is_said_may_be_left_unwritten(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    await quiet.client.preferences.change(quiet.sandbox.guild.id, None, "transcript", "off", ada.id)
    await (await quiet.sandbox.command(ada, "join")).settled()
    await until(lambda: quiet.panels() and quiet.shown())
    await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: quiet.engine.requests)
    quiet.engine.failure = OutOfCredit()
    await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: len(quiet.shown()) > 1)
    assert "out of credit" in quiet.shown()[1].content  # trouble is never left unsaid
    assert not any("An answer" in message.content for message in quiet.shown())


async def test_a_busy_call_loses_no_line_while_discord_refuses_to_be_hurried(quiet: QuietBot) -> None:
    await quiet.joined()
    venue: Any = quiet.calls.all()[0].venue
    limiter, lounge = quiet.sandbox.rest.limiter, str(quiet.sandbox.lounge.id)
    before, said = len(quiet.shown()), []
    await venue.writer.idle()
    for _ in range(6):  # more than is left: the headers the bot has seen say otherwise
        now = asyncio.get_running_loop().time()
        limiter.count("POST /channels/{channel_id}/messages", lounge, now, time.time())
    refused = limiter.refused
    for turn in range(2):
        for person in range(5):
            name, words = f"Person {person}", f"sentence {turn}.{person}"
            said.append(f"**{name}** {words}")
            await venue.audience.heard(Heard(turn * 5 + person, person, words, 1.0), name)
        for word in range(5):
            await venue.audience.saying(turn, f"answer {turn}" + " and on" * word)
            await asyncio.sleep(0.1)
        await venue.audience.said(Spoken(turn, f"answer {turn} whole.", 1.0, Decimal("0.01")))
        said.append(f"**Kikite** answer {turn} whole.")
    await venue.writer.idle()
    shown = [line for message in quiet.shown()[before:] for line in message.content.split("\n")]
    assert [line for line in shown if not line.startswith("-#")] == said
    assert 0 < limiter.refused - refused < 5  # it was told to wait, and did
    assert venue.writer.counts["lines_dropped"] == venue.writer.counts["refused"] == 0
