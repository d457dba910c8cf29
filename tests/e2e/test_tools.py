"""Tools through the whole bot: asked by voice and in writing, by whom, and what people see of it."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from bot.types import Message
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.tool_rules import ScriptedCall
from tests.e2e.conftest import COMMANDS, Harness, until
from tests.e2e.test_conversation import OUT, said, sentence


def calling(name: str, arguments: str = "{}") -> Any:
    """Answer whatever request comes first with a call, and those after it with words."""
    call, words = Speak.calling(ScriptedCall(name, arguments)), Speak.clip("bot-heard")

    def behave(request: ReceivedRequest) -> Speak:
        return words if request.body["messages"][-1]["role"] == "tool" else call

    return behave


def answered() -> bool:
    """Return whether no command is still at work."""
    return not any(task.get_name().startswith(COMMANDS) for task in asyncio.all_tasks())


def results(harness: Harness) -> list[str]:
    """Return what tools told the model."""
    messages = [message for chat in harness.model.chats for message in chat.body.get("messages", ())]
    return [message["content"] for message in messages if message["role"] == "tool"]


async def test_it_is_asked_looks_and_says_what_it_used(harness: Harness) -> None:
    harness.model.default = calling("who_is_here")
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        assert results(harness)[-1] == '> ["Anna"]'
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert r"with who\_is\_here" in line
        outcome = await harness.sandbox.command(anna.user, "call why", {}, channel_id=harness.lounge.id)
        assert r"who\_is\_here 0." in outcome.content
        assert "(everyone)" in outcome.content
    assert not harness.model.refused


async def test_recall_finds_what_was_said_before(harness: Harness) -> None:
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        await harness.leave(anna)
        word = sentence("anna-cook").split()[-1].strip("?.!")
        harness.model.default = calling("recall", f'{{"words": "{word} Anna"}}')
        await harness.sandbox.command(anna.user, "ask", {"text": "What did I ask?"}, channel_id=harness.lounge.id)
        await until(lambda: results(harness))
        assert sentence("anna-cook") in results(harness)[-1]
        assert '"who": "Anna"' in results(harness)[-1]
        await until(lambda: any("with recall" in line for line in harness.lines()))
    assert not harness.model.refused


@pytest.mark.long
async def test_what_was_said_before_outlasts_a_restart(harness: Harness) -> None:
    """Summaries of lines too old for a request, and names learned from a line."""
    voice, summary, key = Speak.clip("bot-heard"), "Ada wants a canary.", b64encode(bytes(32)).decode()
    harness.model.default = lambda chat: Speak(summary) if chat.body["model"] == "gpt-5-mini" else voice
    ada, place = await harness.sandbox.person("Ada"), (harness.sandbox.guild.id, harness.lounge.id)
    anna, early = ada.user, datetime.now(UTC) - timedelta(hours=8)
    lines = [Message("user", anna.id, "Ada", f"line {number}", early) for number in range(9)]

    async def ask() -> str:
        before = len(harness.model.chats)
        await harness.sandbox.command(anna, "ask", {"text": "Hello?"}, channel_id=harness.lounge.id)
        await until(lambda: len(harness.model.chats) > before and answered())
        return harness.model.chats[before].body["messages"][0]["content"]

    async with harness.bot(text_model="gpt-5-mini", store_key=key) as running:
        await running.store.remember(*place, lines)
        assert summary not in await ask()
        while not (kept := await running.store.gleanings(place[1], 9)):
            await asyncio.sleep(0.02)
        assert [one.text for one in kept] == [summary]
        await running.store.glean(*place, Message("user", anna.id, "", "Koshi", lines[0].at, audio_id=lines[0].id))
    async with harness.bot(text_model="gpt-5-mini", store_key=key) as running:
        asked = await ask()
        assert f": {summary}" in asked
        await harness.join(ada)
        await ada.say(clips.load("anna-cook", OUT))
        await until(lambda: any("Koshi" in one.body.get("keywords[]", ()) for one in harness.model.transcriptions))
        await running.calls.erasure.forget_person(ada.user.id)
        assert await running.store.gleanings(place[1], 9) == []
        assert summary not in await ask()


async def test_managers_switch_them(harness: Harness) -> None:
    permission = discord.Permissions(manage_guild=True).value
    role = harness.sandbox.world.add_role(harness.sandbox.guild, "Managers", permission)
    mia = harness.sandbox.add_user("Mia", [role])
    anna = harness.sandbox.add_user("Anna")
    harness.model.default = Speak.clip("bot-heard")

    async def offered() -> set[str]:
        before = len(harness.model.chats)
        outcome = await harness.sandbox.command(anna, "ask", {"text": "Hello?"}, channel_id=harness.lounge.id)
        await outcome.settled()
        await until(lambda: len(harness.model.chats) > before and answered())
        return {tool["function"]["name"] for tool in harness.model.chats[-1].body.get("tools", ())}

    async with harness.bot():
        shown = await (await harness.sandbox.command(mia, "tools", {})).settled()
        assert r"**who\_is\_here** on · everyone" in shown.text
        assert await offered() == {"clock", "who_is_here", "usage", "recap", "recall"}
        outcome = await harness.sandbox.command(mia, "tools", {"tool": "recall", "on": False})
        assert "**recall** is off" in outcome.content
        assert await offered() == {"clock", "who_is_here", "usage", "recap"}
        shown = await (await harness.sandbox.command(mia, "tools", {})).settled()
        assert "**recall** off" in shown.text
        outcome = await harness.sandbox.command(mia, "tools", {"tool": "recall"})
        assert "**recall** is on" in outcome.content
        assert "recall" in await offered()
        outcome = await harness.sandbox.command(mia, "tools", {"tool": "nonsense"})
        assert "no tool with that name" in outcome.content


@pytest.mark.parametrize(("arguments", "told"), [('{"time_zone": "Mars/North"}', "no such time zone"), ("{", "JSON")])
async def test_a_bad_call_is_told_to_the_model(harness: Harness, arguments: str, told: str) -> None:
    harness.model.default = calling("clock", arguments)
    async with harness.bot():
        anna = harness.sandbox.add_user("Anna")
        await harness.sandbox.command(anna, "ask", {"text": "Late?"}, channel_id=harness.lounge.id)
        await until(lambda: results(harness) and answered())
    assert told in results(harness)[0]
