"""Servers that answer otherwise than OpenAI's: what people in the call hear and read."""

import asyncio
import json

import numpy as np
import pytest

from bot.audio import SPEAK_RATE, seconds
from sandbox import clips
from sandbox.model.behaviour import Oddity, ProxyPage, Speak
from sandbox.model.server import ModelServer
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, said, sentence
from tests.e2e.test_process import words_heard

HEARD = Speak.clip("bot-heard")


async def ask(harness: Harness) -> Person:
    anna = await harness.sandbox.person("Anna")
    await harness.join(anna)
    await anna.say(clips.load("anna-cook", OUT))
    return anna


def loudest(person: Person, harness: Harness) -> int:
    heard = np.frombuffer(person.recorder.heard(harness.sandbox.bot.id), "<i2").astype(np.int32)
    return int(np.abs(heard).max(initial=0))


@pytest.mark.parametrize("answer", [HEARD.with_(encoding="mp3"), HEARD.with_(Oddity.WHOLE, encoding="wav float")])
async def test_other_formats_are_heard(harness: Harness, answer: Speak) -> None:
    harness.model.default = answer
    async with harness.bot():
        anna = await ask(harness)
        await said(harness, "bot-heard")
        assert words_heard(harness, anna, "bot-heard") >= 0.9


@pytest.mark.parametrize("encoding", ["float", "24 bit", "mp4 with its index last"])
async def test_noise_is_read_instead_of_heard(harness: Harness, encoding: str) -> None:
    harness.model.default = HEARD.with_(encoding=encoding)
    async with harness.bot():
        anna = await ask(harness)
        await until(lambda: any("can't play" in line for line in harness.lines()))
        await until(lambda: any(sentence("bot-heard") in line for line in harness.lines()))
        assert loudest(anna, harness) < 10


async def test_silence_is_asked_for_again_and_then_written(harness: Harness) -> None:
    harness.model.default = Speak(HEARD.text, bytes(len(HEARD.pcm)))
    async with harness.bot(speculation="off"):
        await ask(harness)
        await said(harness, "bot-heard")
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert "text only" in line
        *_, first, second = harness.model.chats
        assert first.newest == second.newest


async def test_sound_without_words_is_written_down(harness: Harness) -> None:
    harness.model.default = Speak("", HEARD.pcm)
    async with harness.bot():
        anna = await ask(harness)
        await said(harness, "bot-heard")
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert f"{len(HEARD.pcm) / 2 / SPEAK_RATE:.1f} s" in line and "$" in line
        assert words_heard(harness, anna, "bot-heard") >= 0.9


async def test_thoughts_stay_with_the_model(harness: Harness) -> None:
    harness.model.default = HEARD.with_(Oddity.REASONING, text=f"<think>Anna is hungry.</think>{HEARD.text}")
    async with harness.bot():
        await ask(harness)
        await said(harness, "bot-heard")
        assert not any("think" in line or "hungry" in line for line in harness.lines())


async def test_out_of_credit_under_status_200(harness: Harness) -> None:
    error = json.dumps({"error": {"message": "Insufficient credits", "code": 402}})
    harness.model.default = ProxyPage(200, error, "application/json")
    async with harness.bot(speculation="off"):
        await ask(harness)
        await until(lambda: any("out of credit" in line for line in harness.lines()))
        await asyncio.sleep(0.5)
        assert len(harness.model.chats) == 1


async def test_a_slow_server_is_heard_to_the_end(harness: Harness) -> None:
    harness.model.default = HEARD.with_(speed=0.7)
    async with harness.bot():
        anna = await ask(harness)
        await said(harness, "bot-heard")
        [line] = [line for line in harness.lines() if sentence("bot-heard") in line]
        assert f"{HEARD.seconds:.1f} s" in line
        assert seconds(anna.recorder.words(harness.sandbox.bot.id), OUT) > HEARD.seconds - 0.1


async def test_another_server_writes_down_what_the_chat_server_cannot(harness: Harness) -> None:
    """As with llama.cpp beside a server for Whisper: names are found among several people."""
    harness.model.missing.add("/audio/transcriptions")
    async with ModelServer.open(key="sk-other", dialect="speaches", first_audio=0.1) as other:
        addresses = {"transcribe_base_url": other.base_url, "transcribe_api_key": other.key}
        async with harness.bot(**addresses):
            ben = await harness.sandbox.person("Ben")
            await ben.join(harness.lounge.id)
            anna = await ask(harness)  # her question names the bot
            await said(harness, "bot-heard")
            await until(lambda: any(sentence("anna-cook") in line for line in harness.lines()))
            [line] = [line for line in harness.lines() if sentence("anna-cook") in line]
            assert line.startswith("**Anna**")
            assert not any("unintelligible" in line for line in harness.lines())
            shown = await harness.sandbox.command(anna.user, "privacy about", channel_id=harness.lounge.id)
            assert "gpt-transcribe (127.0.0.1)" in shown.content
        assert not harness.model.transcriptions
        assert len(other.transcriptions) == 1 and not other.refused


async def test_where_nobody_transcribes_the_model_that_answers_does(harness: Harness) -> None:
    """Its name is found among several people, the chat has their words, and people read why it costs more."""
    harness.model.missing.add("/audio/transcriptions")
    async with harness.bot():
        ben = await harness.sandbox.person("Ben")
        await ben.join(harness.lounge.id)
        await ask(harness)
        await said(harness, "bot-heard")
        await until(lambda: any(line.startswith("**Anna**") for line in harness.lines()))
        await until(lambda: any(sentence("anna-cook") in line for line in harness.lines()))
        assert len([line for line in harness.lines() if "TRANSCRIBE_BASE_URL" in line]) == 1
        assert len(harness.model.transcriptions) == 1
