"""`python -m bot run` as an operator sees it: a process, its environment, its exit code and its output."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from sandbox.server import Sandbox
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import BotProcess, environment
from tests.e2e.test_conversation import said, sentence

HEARD = 16_000
OUT = 48_000
WELL = 0.95

WRONG = "MTE1NzQxNzI0NzQzNTI4NjE.GhXyZa.abcdefghijklmnopqrstuvwxyz0123456789AB"


@asynccontextmanager
async def bot_of(harness: Harness, **more: str) -> AsyncIterator[BotProcess]:
    async with process.running(
        environment(harness.sandbox, harness.model, harness.folder) | more, harness.folder
    ) as bot:
        await bot.ready()
        yield bot


def words_heard(harness: Harness, person: Person, clip: str, since: float | None = None) -> float:
    """Return how much of a clip came from the bot, whatever pauses it made on a busy machine.

    Two processes share the machine here; test_conversation.py tests how smooth the sound is.
    """
    return correlation(clips.load(clip, OUT), person.recorder.words(harness.sandbox.bot.id, since), OUT)


async def talk(harness: Harness, anna: Person, turns: int = 1) -> None:
    await anna.say(clips.load("anna-cook", OUT))
    await said(harness, "bot-heard", turns)


@pytest.mark.parametrize("plain", [False, True], ids=["https", "http"])
async def test_somebody_asks_a_real_process_and_hears_the_answer(tmp_path: Path, plain: bool) -> None:
    async with Sandbox.open(http=plain) as sandbox, ModelServer.open(first_audio=0.1) as model:
        harness = Harness(sandbox, model, tmp_path)
        model.default = Speak.clip("bot-heard")
        async with process.running(environment(sandbox, model, tmp_path), tmp_path, fresh=not plain) as bot:
            await bot.until("/livez")
            await bot.ready()
            assert "join" in {command["name"] for command in sandbox.commands()}
            anna = await sandbox.person("Anna")
            await harness.join(anna)
            await talk(harness, anna)
            request = model.chats[-1]  # one before may have been asked ahead in a pause, and given up
            assert correlation(clips.load("anna-cook", HEARD), request.newest, HEARD) >= 0.95
            assert words_heard(harness, anna, "bot-heard") >= WELL
            bot.signal(signal.SIGTERM)
            assert await bot.ended() == 0
        assert not any("Traceback" in line for line in bot.lines)
        assert not model.refused


async def test_it_is_alive_before_discord_answers(harness: Harness) -> None:
    harness.sandbox.knobs.rest_delay = 3.0
    async with process.running(environment(harness.sandbox, harness.model, harness.folder), harness.folder) as bot:
        await bot.until("/livez")
        await bot.until("/readyz", 503)
        harness.sandbox.knobs.rest_delay = 0.0
        await bot.ready()
        bot.signal(signal.SIGINT)
        assert await bot.ended() == 0


async def test_sigterm_lets_the_words_end_and_says_goodbye(harness: Harness) -> None:
    harness.model.default = Speak.clip("bot-heard")
    async with bot_of(harness) as bot:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: len(anna.recorder.heard(harness.sandbox.bot.id)) > OUT // 2)
        bot.signal(signal.SIGTERM)
        assert await bot.ended(30) == 0
    assert words_heard(harness, anna, "bot-heard") >= WELL
    assert any(sentence("bot-heard") in line and "-#" in line for line in harness.lines())
    assert any("restart" in line.lower() for line in harness.lines())
    assert harness.sandbox.bot.id not in harness.sandbox.guild.voice_states


async def test_after_a_kill_in_mid_reply_it_is_back_with_what_it_knew(harness: Harness) -> None:
    async with bot_of(harness) as bot:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await talk(harness, anna)
        usual, harness.model.default = harness.model.default, Speak.clip("bot-moon")
        heard = len(anna.recorder.heard(harness.sandbox.bot.id))
        await anna.say(clips.load("anna-quickest", OUT))
        await until(lambda: len(anna.recorder.heard(harness.sandbox.bot.id)) > heard + OUT // 4)
        killed = time.monotonic()
        bot.signal(signal.SIGKILL)
        await bot.ended()
    harness.model.default = usual
    async with process.running(environment(harness.sandbox, harness.model, harness.folder), harness.folder):
        await until(lambda: any("back" in line.lower() for line in harness.lines()), 60)
        print(f"killed and started again: its call was back after {time.monotonic() - killed:.1f} s")
        again = asyncio.get_running_loop().time()
        await talk(harness, anna, turns=2)
        past = json.dumps(harness.model.chats[-1].body["messages"], ensure_ascii=False)
        assert sentence("anna-cook") in past
        assert words_heard(harness, anna, "bot-heard", again) >= WELL
    assert not harness.model.refused


def shown(result: process.Result) -> str:
    """Return the output of a failed start, after checking that it is short and has no traceback and no secret."""
    assert result.code != 0
    text = result.out + result.err
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 12, text
    assert WRONG not in text
    return text


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"DISCORD_TOKEN": WRONG}, 77, ["hint:", "developer portal"]),
        ({"DISCORD_API_BASE": "https://127.0.0.1:1/api/v10"}, 69, ["hint:", "DISCORD_API_BASE"]),
        ({"READ_TEXT": "true"}, 69, ["hint:", "message content intent"]),
        ({"DATABASE_URL": "sqlite+aiosqlite:////proc/kikite/bot.db"}, 74, ["error:", "hint:"]),
        ({"DATABASE_URL": "nonsense://x:secret-part@y"}, 78, ["DATABASE_URL"]),
        ({"OPUS_LIBRARY": "/nowhere/libopus.so"}, 78, ["OPUS_LIBRARY", "leave it empty"]),
    ],
    ids=["token", "discord away", "intents", "folder", "database", "opus"],
)
async def test_what_keeps_it_from_starting_is_said_in_a_line(
    harness: Harness, wrong: dict[str, str], code: int, words: list[str]
) -> None:
    result = await process.run(environment(harness.sandbox, harness.model, harness.folder) | wrong, harness.folder)
    text = shown(result)
    assert result.code == code, text
    for word in words:
        assert word in text
    assert "secret-part" not in text
    assert harness.sandbox.gateway.identified == 0


async def test_a_folder_that_cannot_be_written_is_named(harness: Harness) -> None:
    folder = harness.folder / "closed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # root may write everywhere but where a file is a folder
        (harness.folder / "file").write_text("")
        folder = harness.folder / "file"
    env = environment(harness.sandbox, harness.model, harness.folder)
    result = await process.run(env | {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bot.db"}, harness.folder)
    text = shown(result)
    assert result.code == 74
    assert "DATABASE_URL" in text


async def test_all_faults_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    env: dict[str, Any] = {"DISCORD_API_BASE": "nowhere", "VAD": "psychic", "HTTP_PORT": "99999"}
    result = await process.run(env, tmp_path)
    assert result.code == 78
    for name in ("DISCORD_TOKEN", "OPENAI_API_KEY", "DISCORD_API_BASE", "VAD", "HTTP_PORT"):
        assert name in result.err
    for value in ("nowhere", "psychic", "99999"):
        assert value not in result.err
    assert "Traceback" not in result.err
