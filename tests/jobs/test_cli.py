"""The same work from the command line, without Discord: the real command against the stand-in for the model."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.audio import SPEAK_RATE
from bot.jobs import media
from bot.sandbox import clips
from bot.sandbox.model_server import ModelServer
from bot.store.repository import SqlStore
from bot.types import Message
from tests.jobs.conftest import podcasting
from tests.jobs.test_podcast import text

pytestmark = pytest.mark.e2e
SENTENCE = clips.get("bot-rice").sentence


async def run(model: ModelServer, folder: Path, *args: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of `python -m bot …`, run in `folder`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "OPENAI_API_KEY": model.key,
        "OPENAI_BASE_URL": model.base_url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bot.db",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *args, cwd=folder, env=environment, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_ask_and_analyze(tmp_path: Path) -> None:
    (tmp_path / "voice.mp3").write_bytes(media.encode(clips.load("anna-cook", SPEAK_RATE), SPEAK_RATE, "mp3"))
    async with ModelServer.open(first_audio=0, speed=0) as model:
        code, out, err = await run(model, tmp_path, "ask", "What is it?", "--file", "voice.mp3", "--out", "a.wav")
        assert (code, out.strip()) == (0, SENTENCE), err
        assert "written: a.wav" in err
        assert "cost: $0.0" in err
        assert media.to_pcm(tmp_path / "a.wav")
        code, out, err = await run(model, tmp_path, "analyze", "voice.mp3", "--out", "a.md", "--language", "de")
        assert (code, out.strip()) == (0, SENTENCE), err
        assert (tmp_path / "a.md").read_text().strip() == SENTENCE
        assert "Write in German" in str(model.chats[1].body)
        assert not (tmp_path / "bot.db").exists()
        assert not model.refused


async def test_podcast(tmp_path: Path) -> None:
    (tmp_path / "moon.md").write_text(text(8_000))
    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = podcasting
        code, _, err = await run(model, tmp_path, "podcast", "moon.md", "--out", "out", "--format", "mp3", "--yes")
        assert code == 0, err
        assert media.to_pcm(tmp_path / "out" / "podcast.mp3")
        assert (tmp_path / "out" / "summary.md").read_text().startswith("# About the moon")
        assert not model.refused


async def test_catchup_reads_the_bots_memory(tmp_path: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    await store.remember(1, 7, [Message("user", 5, "Anna", "we meet at nine", datetime.now(UTC))])
    await store.aclose()
    async with ModelServer.open(first_audio=0, speed=0) as model:
        code, out, err = await run(model, tmp_path, "catchup", "7", "--out", "c.ogg")
        assert (code, out.strip()) == (0, SENTENCE), err
        assert "we meet at nine" in str(model.chats[0].body)
        assert media.to_pcm(tmp_path / "c.ogg")
        code, _, err = await run(model, tmp_path, "catchup", "8")
        assert code == 1
        assert "Nothing was said" in err


async def test_a_bad_file_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no sound")
    async with ModelServer.open() as model:
        code, _, err = await run(model, tmp_path, "analyze", "a.txt")
        assert code == 1
        assert "There is no sound in that file" in err
        assert "Traceback" not in err
        assert not model.chats
