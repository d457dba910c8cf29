"""Conversations end to end in real time: real Opus, DAVE and UDP on one side, HTTP and SSE on the other."""

import asyncio
import json

import numpy as np
import pytest

from bot.voice.link.join import Link
from sandbox import clips
from sandbox.guild.message import ChatMessage
from sandbox.model.behaviour import Break, Refuse, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from sandbox.voice.dave_engines import EngineName
from tests.e2e.conftest import Harness, until

HEARD = 16_000
OUT = 48_000


def sentence(clip: str) -> str:
    return clips.get(clip).sentence


async def said(harness: Harness, clip: str, turns: int = 1) -> None:
    """Wait until the bot's line of its `turns`th answer is final: then it shows seconds and cost."""
    await until(lambda: sum(sentence(clip) in line and "-#" in line for line in harness.lines()) >= turns, 30)


@pytest.fixture(autouse=True, params=["audio", pytest.param("cascade", marks=pytest.mark.long)])
def engine(request: pytest.FixtureRequest, harness: Harness) -> str:
    """Every conversation goes the same with both engines; test_cascade.py has what only that one does."""
    harness.engine = request.param
    return harness.engine


def asked_about(harness: Harness, request: ReceivedRequest, sound: bytes, words: str) -> float:
    """Return how much of what was said reached the model in a request: as sound, or as words."""
    if harness.engine == "audio":
        return correlation(sound, request.newest, HEARD)
    return float(words in str(request.body["messages"][-1]["content"]))


def clip_in(harness: Harness, request: ReceivedRequest, clip: str) -> float:
    return asked_about(harness, request, clips.load(clip, HEARD), sentence(clip))


def answered(harness: Harness) -> ReceivedRequest:
    """Return the request of the spoken answer: a preemptive request before it may have been abandoned."""
    [*_, request] = harness.model.chats
    return request


def heard_by(person: Person, harness: Harness, clip: str, since: float | None = None) -> float:
    """Return how much of a clip a person heard from the bot."""
    return correlation(clips.load(clip, OUT), person.recorder.heard(harness.sandbox.bot.id, since), OUT)


def downsampled(pcm: bytes) -> bytes:
    """Return 48 kHz sound at 16 kHz, crudely."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    return samples[: len(samples) // 3 * 3].reshape(-1, 3).mean(axis=1).astype("<i2").tobytes()


def button_id(message: ChatMessage, label: str) -> str:
    """Return the custom id of the button with this label."""
    found: list[str] = []

    def look(part: object) -> None:
        if isinstance(part, dict):
            if part.get("label") == label:
                found.append(part["custom_id"])
            for inner in part.values():
                look(inner)
        elif isinstance(part, list | tuple):
            for inner in part:
                look(inner)

    look(message.components)
    assert len(found) == 1, f"{len(found)} buttons {label}"
    return found[0]


async def test_somebody_asks_and_hears_the_answer(harness: Harness) -> None:
    async with harness.bot(consent="opt-in"):
        anna = await harness.sandbox.person("Anna")
        outcome = await harness.join(anna)  # counts as her agreement
        assert outcome.ephemeral
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        assert clip_in(harness, answered(harness), "anna-cook") >= 0.95
        assert heard_by(anna, harness, "bot-heard") >= 0.95
        await until(lambda: any(sentence("anna-cook") in line for line in harness.lines()))
        [line] = [line for line in harness.lines() if sentence("anna-cook") in line]
        assert line.startswith("**Anna**")
    assert not harness.model.refused


async def test_the_next_request_carries_the_turn_and_so_does_a_restart(harness: Harness) -> None:
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        first = answered(harness)
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-heard", turns=2)
        second = answered(harness)
        if harness.engine == "audio":
            assert {"role": "assistant", "audio": {"id": first.audio_id}} in second.body["messages"]
        past = json.dumps(second.body["messages"][:-1], ensure_ascii=False)
        assert sentence("anna-cook") in past and "Anna" in past
        assert clip_in(harness, second, "anna-cook") < 0.5  # in the past, not in the turn
    async with harness.bot():  # anna stayed, so it comes back by itself
        await until(lambda: harness.sandbox.bot.id in harness.sandbox.guild.voice_states)
        await until(lambda: any("I'm back" in line for line in harness.lines()))
        asked = len(harness.model.chats)
        await anna.say(clips.load("anna-quickest", OUT))
        [*_, third] = await harness.model.wait_for_chats(asked + 1)
        past = json.dumps(third.body["messages"], ensure_ascii=False)
        assert sentence("anna-cook") in past
        assert harness.engine == "cascade" or str(first.audio_id) in past
    assert not harness.model.refused


@pytest.mark.parametrize("engine", ["davey", "libdave"])
async def test_a_third_person_comes_and_goes_in_mid_speech(harness: Harness, engine: EngineName) -> None:
    async with harness.bot() as app:
        anna = await harness.sandbox.person("Anna", engine)
        ben = await harness.sandbox.person("Ben", "libdave" if engine == "davey" else "davey")
        await harness.join(anna)
        speech = (clips.load("ben-story", OUT) + clips.load("anna-cook", OUT))[: 300 * 1920]
        async with asyncio.TaskGroup() as group:
            saying = group.create_task(anna.say(speech))
            await asyncio.sleep(1.5)
            await ben.join(harness.lounge.id)
            await asyncio.sleep(2)
            await ben.leave()
        await anna.recorder.wait_for(harness.sandbox.bot.id, 0.5, 60)
        begun = sentence("ben-story")[:20]
        assert asked_about(harness, answered(harness), downsampled(speech), begun) >= 0.95
        [call] = app.calls.all()
        assert isinstance(call.link, Link)
        assert saying.result().frames - call.link.receiver.stats.decoded <= 5


async def test_padding_a_late_op_5_and_a_bad_line(harness: Harness) -> None:
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        anna.conditions.padding = 1.0
        anna.conditions.speaking_delay = 0.3
        anna.conditions.up.loss = 0.05
        anna.conditions.up.reorder = 0.05
        harness.model.transcribe = lambda wav: "something"
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        request = answered(harness)  # what the line damaged is "something" to the stand-in's transcriber
        assert asked_about(harness, request, clips.load("anna-cook", HEARD), "something") >= 0.8 or clip_in(
            harness, request, "anna-cook"
        )


async def test_speaking_over_the_answer_stops_it_and_only_what_was_heard_is_remembered(harness: Harness) -> None:
    usual, harness.model.default = harness.model.default, Speak.clip("bot-moon")
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await anna.recorder.wait_for(harness.sandbox.bot.id, 2.0, 60)
        first, harness.model.default = answered(harness), usual
        await anna.say(clips.load("anna-wait", OUT))
        await said(harness, "bot-heard")
        past = json.dumps(answered(harness).body["messages"], ensure_ascii=False)
        assert f'"{first.audio_id}"' not in past
        assert "The story of the moon" in past
        assert "slowly became the moon" not in past
        assert heard_by(anna, harness, "bot-moon") < 0.8, "all of it is 0.99"
        assert heard_by(anna, harness, "bot-heard") >= 0.95
        assert not any("slowly became the moon" in line for line in harness.lines())


async def test_a_model_error_is_told_and_the_next_turn_works(harness: Harness) -> None:
    usual, harness.model.default = harness.model.default, Refuse(500, "oops")
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        before = len(harness.lines())
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any("trouble" in line for line in harness.lines()[before:]), 8)
        harness.model.default = usual
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-heard")
        assert heard_by(anna, harness, "bot-heard") >= 0.95


async def test_what_broke_off_is_told_and_what_was_heard_stays(harness: Harness) -> None:
    usual, harness.model.default = (
        harness.model.default,
        Speak.clip("bot-moon").with_(breaks=Break.RESET, break_after=3.0),
    )
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any("The story" in line and "-#" in line for line in harness.lines()), 20)
        harness.model.default = usual
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-heard")


async def test_people_who_have_not_agreed_are_not_heard(harness: Harness) -> None:
    async with harness.bot(consent="opt-in"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        await ben.say(clips.load("ben-train", OUT))
        await anna.say(clips.load("anna-cook", OUT))  # names the bot: there are two people now
        await said(harness, "bot-heard")
        assert all(clip_in(harness, chat, "ben-train") < 0.5 for chat in harness.model.chats)
        heard = [words.pcm for words in harness.model.transcriptions]
        assert all(correlation(clips.load("ben-train", HEARD), pcm, HEARD) < 0.5 for pcm in heard)
        [panel] = [m for m in harness.sandbox.messages(harness.lounge.id) if m.components and not m.content]
        await harness.sandbox.click(ben.user, panel, button_id(panel, "Let the bot hear me"))
        await ben.say(clips.load("ben-moon", OUT))
        await said(harness, "bot-heard", turns=2)
        assert clip_in(harness, answered(harness), "ben-moon") >= 0.95


async def test_stop_ask_and_leave(harness: Harness) -> None:
    harness.model.script(Speak.clip("bot-moon"))
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await harness.sandbox.command(
            anna.user, "ask", {"text": "How did the moon begin?"}, channel_id=harness.lounge.id
        )
        await anna.recorder.wait_for(harness.sandbox.bot.id, 1.5, 60)
        await harness.sandbox.command(anna.user, "stop", channel_id=harness.lounge.id)
        await anna.recorder.quiet(harness.sandbox.bot.id, 1.0)
        assert heard_by(anna, harness, "bot-moon") < 0.8, "all of it is 0.99"
        [request] = await harness.model.wait_for_chats(1)
        assert "How did the moon begin?" in json.dumps(request.body["messages"])
        await harness.leave(anna)
        assert harness.sandbox.bot.id not in harness.sandbox.guild.voice_states
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
