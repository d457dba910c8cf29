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
from tests.chat.quiet_bot import Stage, stage, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def house() -> AsyncIterator[Stage]:
    async with stage() as opened:
        yield opened


def mention(house: Stage) -> str:
    return f"<@{house.sandbox.bot.id}>"


async def test_a_mention_in_the_calls_chat_is_answered_aloud(house: Stage) -> None:
    ada = await house.joined()
    await house.sandbox.write(ada, house.sandbox.lounge.id, f"{mention(house)} why?")
    await until(lambda: house.engine.requests)
    assert house.engine.requests[0].turn.typed[0].text == "why?"
    await until(lambda: "An answer" in house.shown()[-1].content)


async def test_a_reply_to_the_bot_is_answered_aloud(house: Stage) -> None:
    ada = await house.joined()
    await until(house.shown)
    await house.sandbox.write(ada, house.sandbox.lounge.id, "and you?", reply_to=house.shown()[0])
    await until(lambda: house.engine.requests)
    assert house.engine.requests[0].turn.typed[0].text == "and you?"


async def test_other_messages_are_nobodys_business(house: Stage) -> None:
    ada = await house.joined()
    bot = house.sandbox.add_user("Robo", bot=True)
    await house.sandbox.write(ada, house.sandbox.lounge.id, "@everyone hello")
    await house.sandbox.write(bot, house.sandbox.lounge.id, f"{mention(house)} hello")
    await house.sandbox.write(ada, house.sandbox.lounge.id, f"{mention(house)} last")
    await until(lambda: house.engine.requests)
    assert [request.turn.typed[0].text for request in house.engine.requests] == ["last"]


@pytest.mark.parametrize("in_call", [True, False])
async def test_a_mention_elsewhere_is_told_where_to_go(house: Stage, in_call: bool) -> None:
    ada = await house.joined() if in_call else house.sandbox.add_user("Ada")
    await house.sandbox.write(ada, house.sandbox.general.id, f"{mention(house)} why?")
    await until(lambda: len(house.sandbox.messages(house.sandbox.general.id)) > 1)
    told = house.sandbox.messages(house.sandbox.general.id)[-1]
    assert (f"<#{house.sandbox.lounge.id}>" if in_call else "/join") in told.content
    assert not told.pings
    assert not house.engine.requests


async def test_read_text_reads_everything_in_the_calls_chat() -> None:
    async with Sandbox.open(http=True) as sandbox:
        sandbox.knobs.privileged = discord.Intents(message_content=True).value
        async with stage(sandbox=sandbox, read_text=True) as house:
            ada = await house.joined()
            await sandbox.write(ada, sandbox.lounge.id, "no mention at all")
            await until(lambda: house.engine.requests)
            assert house.engine.requests[0].turn.typed[0].text == "no mention at all"
            await sandbox.write(ada, sandbox.general.id, "elsewhere")
            assert len(house.engine.requests) == 1


async def test_when_moved_it_ends_here_and_goes_on_there(house: Stage) -> None:
    await house.joined()
    ben = house.sandbox.add_user("Ben")
    await house.sandbox.enter_voice(ben, house.sandbox.den)
    await house.sandbox.moderator.move(house.sandbox.bot, house.sandbox.den)
    await until(lambda: any(message.is_v2 for message in house.sandbox.messages(house.sandbox.den.id)))
    await until(lambda: "Call over" in text_of(house.panels()[0].components))
    panel = next(message for message in house.sandbox.messages(house.sandbox.den.id) if message.is_v2)
    assert "🔇 Ben" in text_of(panel.components)


async def test_it_says_that_it_was_deafened(house: Stage) -> None:
    ada = await house.joined()
    house.sandbox.moderator.mute(house.sandbox.guild, house.sandbox.bot, deaf=True)
    await until(lambda: "deafened me" in house.shown()[-1].content)
    await until(lambda: "deafened me" in text_of(house.panels()[0].components))
    assert "deafened me" in (await house.sandbox.command(ada, "call status")).content
    house.sandbox.moderator.mute(house.sandbox.guild, house.sandbox.bot)
    await until(lambda: "Listening" in text_of(house.panels()[0].components))


@pytest.mark.usefixtures("hurried")
async def test_the_line_under_the_channels_name_is_cleared_on_every_way_out(
    house: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lounge = house.sandbox.lounge
    ada = await house.enter("Ada")

    async def take(way_out: str) -> None:
        match way_out:
            case "leave":
                await house.sandbox.click(ada, house.panels()[-1], "kikite:leave")
            case "idle":
                monkeypatch.setattr(idle_timer, "IDLE_FOR", 0.1)
            case "drain":
                await house.calls.drain()
            case "empty":
                monkeypatch.setattr(idle_timer, "EMPTY_FOR", 0.1)
                await house.sandbox.leave_voice(ada)

    for way_out in "leave", "idle", "drain", "empty":
        house.client.cooldowns = Cooldowns()
        await (await house.sandbox.command(ada, "join")).settled()
        await until(lambda: "Listening" in (lounge.status or ""))
        await take(way_out)
        await until(lambda: not house.calls.all())
        monkeypatch.setattr(idle_timer, "IDLE_FOR", 900.0)
        assert not lounge.status, way_out
        assert house.sandbox.bot.id not in house.sandbox.guild.voice_states


async def test_once_put_out_it_tries_to_clear_its_line_where_it_may(house: Stage) -> None:
    await house.joined()
    lounge = house.sandbox.lounge
    await until(lambda: "Listening" in (lounge.status or ""))
    house.sandbox.moderator.overwrite(lounge, house.sandbox.bot, allow=discord.Permissions(manage_channels=True).value)
    await house.sandbox.moderator.disconnect(house.sandbox.bot)
    call: Any = house.calls.all()[0]
    call.link.kicked()
    await until(lambda: not house.calls.all())
    assert not lounge.status


async def test_on_a_stage_it_asks_to_speak(house: Stage) -> None:
    ada = house.sandbox.add_user("Ada")
    await house.sandbox.enter_voice(ada, house.sandbox.stage)
    channel: Any = house.client.get_channel(house.sandbox.stage.id)
    await until(lambda: ada.id in channel.voice_states)
    outcome = await (await house.sandbox.command(ada, "join")).settled()
    assert "not end-to-end encrypted" in outcome.content
    state = house.sandbox.guild.voice_states[house.sandbox.bot.id]
    await until(lambda: state.request_to_speak is not None)
    await until(lambda: any("audience" in m.content for m in house.sandbox.messages(house.sandbox.stage.id)))


async def test_a_panel_that_a_crash_left_behind_is_ended() -> None:
    async with Sandbox.open(http=True) as sandbox:
        async with stage(sandbox=sandbox) as house:
            await house.joined()
            sandbox.knobs.failures.append(Failure("PATCH .*/messages/", 403, times=100))  # it can end no panel
        sandbox.knobs.failures.clear()
        async with stage(sandbox=sandbox) as house:
            await house.joined("Ben")
            await until(lambda: len(house.panels()) == 2)
            await until(lambda: "Call over" in text_of(house.panels()[0].components))
            assert "kikite:" in str(house.panels()[1].components)


async def test_a_held_down_button_is_slowed(house: Stage) -> None:
    ada = await house.joined()
    told = [(await house.sandbox.click(ada, house.panels()[0], "kikite:stop")).content for _ in range(10)]
    assert "A little slower" in told[-1]


async def test_hostile_names_and_words_are_inert_for_discord(house: Stage) -> None:
    names = ["@everyone", "**x", "<@1>", "[a](http://b.example)", "\u202eevil", "`", "# big", "\u3164"]
    await house.joined()
    call = house.calls.get(house.sandbox.guild.id)
    assert call is not None
    for number in range(200):
        name = names[number % len(names)]
        await call.venue.audience.heard(Heard(number, 1, f"{number} {name} @here <@&2> ```", 1.0), name)
    venue: Any = call.venue
    await venue.scroll.idle()
    lines = "\n".join(message.content for message in house.shown()).split("\n")
    numbers = [int(line.split("** ")[1].split()[0]) for line in lines if "```" in line.replace("\\", "")]
    assert numbers == list(range(200))
    assert not any(message.pings or message.embeds for message in house.shown())


async def test_without_its_chat_it_says_so_and_goes_on(house: Stage) -> None:
    ada = await house.enter("Ada")
    denied = discord.Permissions(send_messages=True).value
    house.sandbox.moderator.overwrite(house.sandbox.lounge, house.sandbox.bot, deny=denied)
    channel: Any = house.client.get_channel(house.sandbox.lounge.id)
    await until(lambda: not channel.permissions_for(channel.guild.me).send_messages)
    outcome = await (await house.sandbox.command(ada, "join")).settled()
    assert "there will be no transcript" in outcome.content
    await house.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: house.engine.requests)
    assert not house.panels()
    assert not house.shown()


async def test_it_comes_by_itself_where_a_server_wants_that_and_never_when_sent_away(house: Stage) -> None:
    guild, lounge = house.sandbox.guild.id, house.sandbox.lounge.id
    ada = await house.enter("Ada")
    await house.client.preferences.change(guild, lounge, "join_at", "2", ada.id)
    assert not house.calls.all()
    ben = await house.enter("Ben")
    await until(lambda: house.panels())
    assert house.calls.all()[0].agreed() == frozenset()
    await (await house.sandbox.command(ada, "leave")).settled()
    cleo = await house.enter("Cleo")
    assert not house.calls.all()
    channel: Any = house.client.get_channel(lounge)
    for user in (ada, ben, cleo):
        await house.sandbox.leave_voice(user)
    await until(lambda: not channel.voice_states)
    await house.calls.auto_join_blocks.block(guild)
    for user in (ada, ben):
        await house.sandbox.enter_voice(user, house.sandbox.lounge)
    await until(lambda: ben.id in channel.voice_states)
    assert not house.calls.all()
    await house.sandbox.leave_voice(ben)
    await house.calls.auto_join_blocks.lift_all(guild)
    await house.sandbox.enter_voice(ben, house.sandbox.lounge)
    await until(lambda: house.calls.all())


async def test_what_keeps_it_from_coming_by_itself_is_said_once(house: Stage) -> None:
    guild, lounge = house.sandbox.guild.id, house.sandbox.lounge.id
    denied = discord.Permissions(speak=True).value
    house.sandbox.moderator.overwrite(house.sandbox.lounge, house.sandbox.bot, deny=denied)
    await house.client.preferences.change(guild, lounge, "join_at", "1", 1)
    people = [await house.enter(name) for name in ("Ada", "Ben")]
    await until(house.shown)
    assert "Speak" in house.shown()[0].content
    channel: Any = house.client.get_channel(lounge)
    for user in people:
        await house.sandbox.leave_voice(user)
    await until(lambda: not channel.voice_states)
    assert len(house.shown()) == 1
    await house.enter("Cleo")  # the next company may not have read that
    await until(lambda: len(house.shown()) == 2)


async def test_just_the_missing_permissions_are_named_before_it_tries(house: Stage) -> None:
    ada = await house.enter("Ada")
    channel: Any = house.client.get_channel(house.sandbox.lounge.id)
    named = "View Channel", "Connect", "Speak", "Use Voice Activity"
    for missing in ("view_channel",), ("connect",), ("speak",), ("use_voice_activation",), ("connect", "speak"):
        denied = discord.Permissions(**dict.fromkeys(missing, True))
        house.sandbox.moderator.overwrite(house.sandbox.lounge, house.sandbox.bot, deny=denied.value)
        await until(lambda denied=denied: channel.overwrites_for(channel.guild.me).pair()[1] == denied)
        outcome = await house.sandbox.command(ada, "join")
        found = tuple(name for name in named if name in outcome.content)
        assert found == tuple(permissions.PERMISSION_NAMES[name] for name in missing)
    assert not house.sandbox.guild.voice_states.get(house.sandbox.bot.id)


async def test_a_full_channel_is_named(house: Stage) -> None:
    ada = await house.enter("Ada")
    house.sandbox.moderator.limit(house.sandbox.lounge, 1)
    channel: Any = house.client.get_channel(house.sandbox.lounge.id)
    await until(lambda: channel.user_limit == 1)
    outcome = await (await house.sandbox.command(ada, "join")).settled()
    assert "full" in outcome.content


async def test_one_call_per_server(house: Stage) -> None:
    await house.joined()
    ben = house.sandbox.add_user("Ben")
    await house.sandbox.enter_voice(ben, house.sandbox.den)
    channel: Any = house.client.get_channel(house.sandbox.den.id)
    await until(lambda: ben.id in channel.voice_states)
    outcome = await (await house.sandbox.command(ben, "join")).settled()
    assert f"another voice channel of this server, <#{house.sandbox.lounge.id}>" in outcome.content


async def test_a_call_may_be_written_into_a_thread_where_it_was_asked_for(house: Stage) -> None:
    ada = await house.enter("Ada")
    await house.client.preferences.change(house.sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await house.sandbox.command(ada, "join")).settled()
    await until(house.panels)
    await house.sandbox.command(ada, "ask", {"text": "Why?"})
    threads = [c for c in house.sandbox.guild.channels.values() if c.is_thread]
    assert [(thread.parent_id, thread.name.startswith("Lounge ")) for thread in threads] == [
        (house.sandbox.general.id, True)
    ]
    await until(lambda: any("An answer" in m.content for m in house.sandbox.messages(threads[0].id)))
    assert not house.shown()
    await house.sandbox.write(ada, threads[0].id, f"{mention(house)} and you?")  # the thread is the call's chat, too
    await until(lambda: len(house.engine.requests) == 2)
    assert house.engine.requests[1].turn.typed[0].text == "and you?"


async def test_without_its_thread_it_writes_along_in_the_chat_and_says_why(house: Stage) -> None:
    ada, denied = await house.enter("Ada"), discord.Permissions(create_public_threads=True)
    house.sandbox.moderator.overwrite(house.sandbox.general, house.sandbox.bot, deny=denied.value)
    await house.client.preferences.change(house.sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await house.sandbox.command(ada, "join")).settled()
    await until(lambda: any("may not open a thread" in message.content for message in house.shown()))
    await house.sandbox.command(ada, "ask", {"text": "Why?"}, channel_id=house.sandbox.lounge.id)
    await until(lambda: "An answer" in house.shown()[-1].content)


async def test_what_is_said_may_be_left_unwritten(house: Stage) -> None:
    ada = await house.enter("Ada")
    await house.client.preferences.change(house.sandbox.guild.id, None, "transcript", "off", ada.id)
    await (await house.sandbox.command(ada, "join")).settled()
    await until(lambda: house.panels() and house.shown())
    await house.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: house.engine.requests)
    house.engine.failure = OutOfCredit()
    await house.sandbox.command(ada, "ask", {"text": "Why?"})
    await until(lambda: len(house.shown()) > 1)
    assert "out of credit" in house.shown()[1].content  # trouble is never left unsaid
    assert not any("An answer" in message.content for message in house.shown())


async def test_a_busy_call_loses_no_line_while_discord_refuses_to_be_hurried(house: Stage) -> None:
    await house.joined()
    venue: Any = house.calls.all()[0].venue
    limiter, lounge = house.sandbox.rest.limiter, str(house.sandbox.lounge.id)
    before, said = len(house.shown()), []
    await venue.scroll.idle()
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
    await venue.scroll.idle()
    shown = [line for message in house.shown()[before:] for line in message.content.split("\n")]
    assert [line for line in shown if not line.startswith("-#")] == said
    assert 0 < limiter.refused - refused < 5  # it was told to wait, and did
    assert venue.scroll.counts["lines_dropped"] == venue.scroll.counts["refused"] == 0
