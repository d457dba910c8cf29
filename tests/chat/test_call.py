"""A call as people see it, through Discord's own machinery: commands, buttons, panel, transcript."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.chat.permissions import VocalChannel
from bot.chat.venue import DiscordVenue
from bot.ports import VoiceLink
from bot.types import Heard
from sandbox.guild.components import text_of
from sandbox.guild.permissions import P
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_join_tells_the_caller_and_shows_the_panel(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    outcome = await (await quiet.sandbox.command(ada, "join")).settled()
    assert outcome.ephemeral
    assert f"I'm in <#{quiet.sandbox.lounge.id}>" in outcome.content
    assert "you agreed" in outcome.content
    await until(lambda: quiet.panels() and quiet.shown())
    assert len(quiet.panels()) == 1
    assert "Listening" in text_of(quiet.panels()[0].components)
    assert "🎙️ Ada" in text_of(quiet.panels()[0].components)
    assert quiet.panels()[0].id < quiet.shown()[0].id  # "press Let the bot hear me above"
    assert "Let the bot hear me" in quiet.shown()[0].content
    assert await quiet.store.consents(quiet.sandbox.guild.id) == {ada.id: True}


async def test_who_comes_while_it_unpacks_is_greeted_after_the_first_notice(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    quiet.sandbox.knobs.rest_delay = 0.3  # the panel takes its time
    joining = asyncio.create_task(quiet.sandbox.command(ada, "join"))
    # It unpacks once it knows whom the first notice is for; who came before is one of them.
    venues = lambda: [call.venue for call in quiet.calls.all()]  # noqa: E731
    await until(lambda: any(isinstance(venue, DiscordVenue) and venue._greeted for venue in venues()))
    await quiet.enter("Ben")
    await until(lambda: "Ben" in "".join(message.content for message in quiet.shown()))
    lines = "\n".join(message.content for message in quiet.shown())
    assert lines.index("I'm here") < lines.index("Ben")
    await joining


async def test_what_everyone_sees_is_in_the_servers_language() -> None:
    async with quiet_bot(language="ja") as quiet:
        ada = await quiet.enter("Ada")
        outcome = await (await quiet.sandbox.command(ada, "join")).settled()
        assert "you agreed" in outcome.content  # she reads English
        await until(lambda: quiet.panels() and quiet.shown())
        assert "聞いています" in text_of(quiet.panels()[0].components)
        assert "声を聞くことを許可" in quiet.shown()[0].content


async def test_ask_is_answered_in_the_call_and_written_down(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    lounge = quiet.sandbox.lounge.id
    outcome = await quiet.sandbox.command(ada, "ask", {"text": "Why *this*?"}, channel_id=lounge)
    assert (outcome.content, outcome.ephemeral) == (r"**Ada** Why \*this\*?", False)
    await until(lambda: "-#" in quiet.shown()[-1].content)
    answer = quiet.shown()[-1]
    assert answer.content.startswith("**Kikite** An answer with \\*\\*stars\\*\\*.\n-# 0.0 s · 20 tokens · $0.004")
    assert answer.silent
    assert not answer.pings
    assert quiet.engine.requests[0].turn.typed[0].text == "Why *this*?"
    outcome = await quiet.sandbox.command(ada, "ask", {"text": "*" * 1990 + " the end"}, channel_id=lounge)
    await until(lambda: outcome.followups and outcome.followups[-1].content.endswith("the end"))


async def test_ask_from_elsewhere_says_where_the_answer_is(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    outcome = await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
    assert outcome.ephemeral
    assert f"<#{quiet.sandbox.lounge.id}>" in outcome.content
    await until(lambda: len(quiet.engine.requests) == 1)


async def test_a_text_file_goes_along(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    file = quiet.sandbox.file("a.txt", "text from ä file".encode())
    outcome = await quiet.sandbox.command(ada, "ask", {"text": "What?", "file": file})
    assert "out loud" in (await outcome.settled()).content
    await until(lambda: quiet.engine.requests)
    assert quiet.engine.requests[0].turn.typed[0].words == "What?\n\ntext from ä file"


async def test_leave_ends_the_panel_as_a_summary(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    outcome = await (await quiet.sandbox.command(ada, "leave")).settled()
    assert "left" in outcome.content
    await until(lambda: "Call ended" in text_of(quiet.panels()[0].components))
    assert "kikite:" not in str(quiet.panels()[0].components)
    assert len(quiet.panels()) == 1
    assert quiet.calls.get(quiet.sandbox.guild.id) is None


async def test_a_panel_that_was_deleted_comes_back(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    for panel in quiet.panels():
        quiet.sandbox.parts.board.delete(panel)
    await quiet.enter("Ben")
    await until(quiet.panels)
    assert "🔇 Ben" in text_of(quiet.panels()[0].components)
    await (await quiet.sandbox.command(ada, "leave")).settled()
    await until(lambda: "Call ended" in text_of(quiet.panels()[0].components))
    assert len(quiet.panels()) == 1


async def test_the_buttons_work(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    ben = await quiet.enter("Ben")
    panel = quiet.panels()[0]
    assert "You" not in quiet.shown()[0].content
    outcome = await quiet.sandbox.click(ben, panel, "kikite:talk")
    assert "I can hear you now" in outcome.text
    assert outcome.ephemeral
    assert await quiet.store.consents(quiet.sandbox.guild.id) == {ada.id: True, ben.id: True}
    await until(lambda: "🎙️ Ben" in text_of(quiet.panels()[0].components))
    assert "wasn't saying anything" in (await quiet.sandbox.click(ben, panel, "kikite:stop")).text
    assert "no answer to replay" in (await quiet.sandbox.click(ben, panel, "kikite:replay")).text
    assert "left" in (await (await quiet.sandbox.click(ben, panel, "kikite:leave")).settled()).text


async def test_a_newcomer_learns_at_once_how_to_be_heard(quiet: QuietBot) -> None:
    await quiet.joined()
    before = len(quiet.shown())
    await quiet.enter("*Ben*")
    await until(lambda: len(quiet.shown()) > before)
    assert quiet.shown()[-1].content.startswith(r"👋 **\*Ben\***, I'm a bot")
    assert not quiet.shown()[-1].pings
    await until(lambda: r"🔇 \*Ben\*" in text_of(quiet.panels()[0].components))


async def test_a_newcomer_is_told_what_holds_for_them() -> None:
    async with quiet_bot(consent="notice") as quiet:
        guild_id, ada = quiet.sandbox.guild.id, await quiet.joined()
        for name, decided, told in (
            ("Ben", None, "I'm a bot and I hear what you say here."),
            ("Eve", True, "I can hear you, as you agreed earlier."),
            ("Zoe", False, "I hear you only after you press"),
        ):
            before = len(quiet.shown())
            user = quiet.sandbox.add_user(name)
            if decided is not None:
                await quiet.calls.consent(guild_id, user.id, decided)
            await quiet.sandbox.enter_voice(user, quiet.sandbox.lounge)
            await until(lambda: len(quiet.shown()) > before)  # noqa: B023
            assert told in quiet.shown()[-1].content
            (call,) = quiet.calls.all()
            assert call.agreed() >= {ada.id} | ({user.id} if decided is not False else set())


async def test_transcript_lines_appear_with_names(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    call = quiet.calls.get(quiet.sandbox.guild.id)
    assert call is not None
    await call.venue.audience.heard(Heard(1, ada.id, "hello @everyone", 1.0), "Ada")
    await until(lambda: quiet.shown()[-1].content == "**Ada** hello @\u200beveryone")
    assert quiet.shown()[-1].flags & (1 << 2)  # no embeds


async def test_what_cannot_be_is_said_in_one_sentence(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve")
    refusals = {
        "join": "Join a voice channel first",
        "leave": "not in a voice channel",
        "stop": "not in a voice channel",
        "replay": "not in a voice channel",
        "call status": "not in a voice channel",
    }
    for name, sentence in refusals.items():
        outcome = await quiet.sandbox.command(eve, name)
        assert sentence in outcome.content, name
        assert outcome.ephemeral


async def test_whoever_sends_it_away_on_its_way_in_is_obeyed(quiet: QuietBot) -> None:
    enter, opened = quiet.client._connect_voice, asyncio.Event()

    async def slow(channel: VocalChannel) -> VoiceLink:
        await opened.wait()
        return await enter(channel)

    quiet.client._connect_voice = slow
    ada = await quiet.enter("Ada")
    await quiet.sandbox.command(ada, "join")
    leaving = asyncio.create_task(quiet.sandbox.command(ada, "leave"))
    await asyncio.sleep(0.3)
    opened.set()
    outcome = await (await leaving).settled()
    assert outcome.text == "I left the voice channel."
    assert not quiet.calls.all()


@pytest.mark.parametrize("hidden", [False, True])
async def test_join_names_the_channel_that_a_moderator_moved_it_to(quiet: QuietBot, hidden: bool) -> None:
    """Before the call began; a channel that the caller must not see is not named."""
    sandbox, connect = quiet.sandbox, quiet.client._connect_voice
    ada = await quiet.enter("Ada")
    den: Any = quiet.client.get_channel(sandbox.den.id)

    async def moved_at_once(channel: VocalChannel) -> VoiceLink:
        link = await connect(channel)
        if hidden:
            sandbox.moderator.overwrite(sandbox.den, ada, deny=int(P.VIEW_CHANNEL))
        await sandbox.moderator.move(sandbox.bot, sandbox.den)
        await until(lambda: sandbox.bot.id in den.voice_states)
        return link

    quiet.client._connect_voice = moved_at_once
    outcome = await (await sandbox.command(ada, "join")).settled()
    assert f"<#{sandbox.lounge.id}>" not in outcome.text
    assert (f"<#{sandbox.den.id}>" in outcome.text) is not hidden
    [call] = quiet.calls.all()
    assert call.venue.channel_id == sandbox.den.id


async def test_who_is_not_there_may_not_steer(quiet: QuietBot) -> None:
    await quiet.joined()
    eve = quiet.sandbox.add_user("Eve")
    outcome = await quiet.sandbox.command(eve, "stop")
    assert "Only people in" in outcome.content


async def test_errors_come_in_the_callers_language(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve", locale="ja")
    assert "ボイスチャンネルには参加していません" in (await quiet.sandbox.command(eve, "stop")).content


async def test_missing_permissions_are_named_before_it_is_tried(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    denied = discord.Permissions(speak=True, use_voice_activation=True)
    quiet.sandbox.moderator.overwrite(quiet.sandbox.lounge, quiet.sandbox.bot, deny=denied.value)
    channel: Any = quiet.client.get_channel(quiet.sandbox.lounge.id)
    await until(lambda: not channel.permissions_for(channel.guild.me).speak)
    outcome = await (await quiet.sandbox.command(ada, "join")).settled()
    assert "Speak, Use Voice Activity" in outcome.content
