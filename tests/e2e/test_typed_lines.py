"""/voice mine through the whole bot: what somebody writes is heard in their voice, in turn, and known to the model."""

import asyncio
import json

import discord
import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, sentence
from tests.e2e.test_process import words_heard

LINE = sentence("bot-rice")


@pytest.mark.parametrize("engine", ["audio", pytest.param("cascade", marks=pytest.mark.long)])
async def test_a_written_line_is_heard_in_its_writers_voice(harness: Harness, engine: str) -> None:
    harness.sandbox.knobs.privileged = discord.Intents(message_content=True).value
    harness.model.default = Speak.clip("bot-rice")
    async with harness.bot(read_text=True, engine=engine, answering="name"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        outcome = await harness.sandbox.command(ben.user, "voice mine", {"name": "coral"}, channel_id=harness.lounge.id)
        assert outcome.ephemeral and "`coral`" in outcome.content and "READ_TEXT" not in outcome.content

        talking = asyncio.create_task(anna.say(clips.load("ben-train", OUT)))
        await asyncio.sleep(0.5)
        await harness.sandbox.write(ben.user, harness.lounge.id, f"{LINE} <:blob:123456789>")
        spoken = await talking
        await anna.recorder.wait_for(harness.sandbox.bot.id, 2.0, 60)
        began = anna.recorder.frames(harness.sandbox.bot.id)[0].at
        assert began >= spoken.last, "it waits while somebody speaks"
        await anna.recorder.quiet(harness.sandbox.bot.id, 1.0)
        assert words_heard(harness, anna, "bot-rice") >= 0.95
        if engine == "audio":
            [asked] = harness.model.chats
            assert asked.body["audio"]["voice"] == "coral"
            assert "blob" not in str(asked.body["messages"])
        else:
            assert {speech.body["voice"] for speech in harness.model.speeches} == {"coral"}
            assert not harness.model.chats

        harness.model.default = Speak.clip("bot-heard")
        mention = f"<@{harness.sandbox.bot.id}> what did he write?"
        await harness.sandbox.write(anna.user, harness.lounge.id, mention)
        await until(lambda: any(sentence("bot-heard") in line and "-#" in line for line in harness.lines()), 30)
        [*past, _] = harness.model.chats[-1].body["messages"]
        assert any("Ben" in json.dumps(line) and LINE in json.dumps(line) for line in past)

        before = len(harness.model.requests)
        await harness.sandbox.command(ben.user, "voice mine", {"name": "off"}, channel_id=harness.lounge.id)
        harness.model.default = Speak.clip("bot-tenki")
        await harness.sandbox.write(ben.user, harness.lounge.id, "and now?")  # as ever, where it reads all: a question
        await until(lambda: any(sentence("bot-tenki") in line and "-#" in line for line in harness.lines()), 30)
        voices = [request.body.get("audio", {}).get("voice") for request in harness.model.requests[before:]]
        voices += [request.body.get("voice") for request in harness.model.requests[before:]]
        assert "coral" not in voices
    assert not harness.model.refused


async def test_without_read_text_a_mention_is_read_and_then_answered(harness: Harness) -> None:
    harness.model.script(Speak.clip("bot-rice"), Speak.clip("bot-heard"))
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        outcome = await harness.sandbox.command(anna.user, "voice mine", channel_id=harness.lounge.id)
        assert "READ_TEXT" in outcome.content and outcome.ephemeral
        await harness.sandbox.write(anna.user, harness.lounge.id, "not for you")
        await harness.sandbox.write(anna.user, harness.lounge.id, f"<@{harness.sandbox.bot.id}> {LINE}")
        await until(lambda: any(sentence("bot-heard") in line and "-#" in line for line in harness.lines()), 30)
        reading, answer = harness.model.chats
        assert reading.body["messages"][-1]["content"][0]["text"] == LINE
        assert reading.body["audio"]["voice"] != answer.body["audio"]["voice"]
        assert words_heard(harness, anna, "bot-rice") >= 0.95 and words_heard(harness, anna, "bot-heard") >= 0.95
