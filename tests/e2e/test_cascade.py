"""ENGINE=cascade end to end: words in, text out, speech out, with the same people and the same call."""

import asyncio
import json

import pytest

from sandbox import clips
from sandbox.model.behaviour import Refuse, Speak
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, heard_by, said, sentence

CASCADE = {"engine": "cascade"}
MOON = clips.get("bot-moon").sentence


def asked(harness: Harness) -> str:
    """Return the newest user message."""
    return str(harness.model.chats[-1].body["messages"][-1]["content"])


async def test_somebody_asks_and_hears_the_answer(harness: Harness) -> None:
    async with harness.bot(**CASCADE):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        assert asked(harness).startswith('"Anna", ') and sentence("anna-cook") in asked(harness)
        assert not any(chat.audio for chat in harness.model.chats)  # it gets words alone
        assert heard_by(anna, harness, "bot-heard") >= 0.95
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert "$" in line
        sounds = [words.pcm for words in harness.model.transcriptions]
        assert len(sounds) == len(set(sounds)), "never twice, though the answer waited for them"
        await harness.sandbox.command(anna.user, "replay", channel_id=harness.lounge.id)
        before = len(harness.model.speeches)
        await anna.recorder.quiet(harness.sandbox.bot.id, 1.0)
        assert len(harness.model.speeches) == before
        shown = await harness.sandbox.command(anna.user, "call status", channel_id=harness.lounge.id)
        assert "gpt-transcribe" in shown.content and "gpt-4o-mini-tts" in shown.content
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-heard", turns=2)
        past = json.dumps(harness.model.chats[-1].body["messages"][:-1], ensure_ascii=False)
        assert sentence("anna-cook") in past and sentence("bot-heard") in past
    assert not harness.model.refused


async def test_what_was_heard_of_a_clause_is_remembered(harness: Harness) -> None:
    usual, harness.model.default = harness.model.default, Speak(MOON)
    async with harness.bot(**CASCADE):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await anna.recorder.wait_for(harness.sandbox.bot.id, 2.0, 60)
        harness.model.default = usual
        await anna.say(clips.load("anna-wait", OUT))
        await said(harness, "bot-heard")
        [heard] = [
            message["content"] for message in harness.model.chats[-1].body["messages"] if message["role"] == "assistant"
        ]
        words = heard.split(" [")[0]
        assert MOON.startswith(words) and 10 < len(words) < len(MOON) * 0.8
        assert heard_by(anna, harness, "bot-moon") < 0.8, "all of it is 0.99"


async def test_thoughts_and_written_calls_are_not_said(harness: Harness) -> None:
    """As servers send them that do not part them from the answer."""
    call = Speak('<think>Who is here?</think>\n<tool_call>\n{"name": "who_is_here", "arguments": {}}\n</tool_call>')
    words = Speak(f"<think>Anna is. Then I greet her, at some length.</think>\n\n{sentence('bot-heard')}")
    harness.model.default = lambda request: words if request.body["messages"][-1]["role"] == "tool" else call
    async with harness.bot(**CASCADE):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        assert harness.model.chats[-1].body["messages"][-1]["content"] == '> ["Anna"]'
        assert {speech.body["input"] for speech in harness.model.speeches} == {sentence("bot-heard")}
        lines = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert all(line.startswith(f"**Kikite** {sentence('bot-heard')}\n") for line in lines)
        assert any(r"with who\_is\_here" in line for line in lines)
    assert not harness.model.refused


async def test_a_voice_that_fails_is_told_and_the_text_stays(harness: Harness) -> None:
    harness.model.default_speech = Refuse(404, "no such model", code="model_not_found")
    async with harness.bot(**CASCADE):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        before = len(harness.lines())
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any("needs to check SPEECH_MODEL" in line for line in harness.lines()[before:]))
        await until(lambda: any(sentence("bot-heard") in line for line in harness.lines()))
        harness.model.default_speech = None
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-heard", turns=2)
        assert heard_by(anna, harness, "bot-heard") >= 0.9


async def test_five_speakers_arrive_as_five(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.call.launcher.WORDS_TIMEOUT_SECONDS", 90.0)  # the stand-in hears slowly on a busy machine
    names = {"Anna": "anna-cook", "Ben": "ben-train", "Yuki": "yuki-weather", "Kai": "anna-boss", "Lea": "ben-moon"}
    async with harness.bot(**CASCADE, answering="always"):
        people = {name: await harness.sandbox.person(name) for name in names}
        await harness.join(people["Anna"])
        for name in list(names)[1:]:
            await people[name].join(harness.lounge.id)
        async with asyncio.TaskGroup() as group:
            for name, clip in names.items():
                group.create_task(people[name].say(clips.load(clip, OUT)))
        await said(harness, "bot-heard")
        words = "\n".join(json.dumps(chat.body["messages"], ensure_ascii=False) for chat in harness.model.chats)
        for name, clip in names.items():  # a stall of the machine may part what was said at a pause
            assert name in words and (sentence(clip)[:12] in words or sentence(clip)[-8:] in words)
    assert not harness.model.refused
