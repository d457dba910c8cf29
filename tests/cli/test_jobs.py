"""The same work from the command line, without Discord: the real command against the stand-in for the model."""

import asyncio
import os
import pty
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.audio import SPEAK_RATE
from bot.jobs.encoder import encode
from bot.store.repository import SqlStore
from bot.types import Message
from sandbox import clips
from sandbox.media import to_pcm
from sandbox.model.behaviour import Refuse, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer
from tests.e2e import process
from tests.e2e.conftest import until
from tests.e2e.measure import chapters, lufs
from tests.e2e.process import join_wait_threads, wait_threads
from tests.jobs.conftest import podcasting, speech
from tests.jobs.test_podcast import text

pytestmark = pytest.mark.e2e
SENTENCE = clips.get("bot-rice").sentence
BROKEN = Refuse(500, "oops", "server_error")


@dataclass
class Result:
    code: int
    out: str
    err: str
    peak: int
    "kilobytes of memory at most"


def environment(model: ModelServer, folder: Path) -> dict[str, str]:
    database = f"sqlite+aiosqlite:///{folder}/bot.db"
    return {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url, "DATABASE_URL": database}


async def run(model: ModelServer, folder: Path, *args: str, **more: str) -> process.Result:
    """Run `python -m bot …` in `folder` to its end."""
    return await process.run(environment(model, folder) | more, folder, *args)


async def watched(model: ModelServer, folder: Path, *args: str, stderr: int = -1, **more: str) -> Result:
    """Do the same in a fresh process, with an eye on its memory. `stderr`: where to write it."""
    env = environment(model, folder) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())} | more
    others = wait_threads()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *args, cwd=folder, env=env, stdin=-3, stdout=-1, stderr=stderr
    )
    watchers, peak = wait_threads() - others, 0

    async def watch() -> None:
        nonlocal peak
        with suppress(OSError, StopIteration, IndexError):
            while True:
                status = Path(f"/proc/{child.pid}/status").read_text()
                line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                peak = max(peak, int(line.split()[1]))
                await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    out, err = await child.communicate()
    await watching
    join_wait_threads(watchers)
    return Result(child.returncode or 0, out.decode(), (err or b"").decode(), peak)


async def test_ask_and_analyze(tmp_path: Path) -> None:
    (tmp_path / "voice.mp3").write_bytes(encode(clips.load("anna-cook", SPEAK_RATE), SPEAK_RATE, "mp3"))
    async with ModelServer.open(first_audio=0, speed=0) as model:
        done, analysed = await asyncio.gather(
            run(model, tmp_path, "ask", "What is it?", "--file", "voice.mp3", "--out", "new/a.wav"),
            run(model, tmp_path, "analyze", "voice.mp3", "--out", "a.md", LANGUAGE="de"),
        )
        assert (done.code, done.out.strip()) == (0, SENTENCE), done.err
        assert "written: new/a.wav" in done.err
        assert "cost: $0.0" in done.err
        assert to_pcm(tmp_path / "new" / "a.wav")
        assert (analysed.code, analysed.out.strip()) == (0, SENTENCE), analysed.err
        assert (tmp_path / "a.md").read_text().strip() == SENTENCE
        assert any("Write in German" in str(request.body) for request in model.chats)
        assert not (tmp_path / "bot.db").exists()
        assert not model.refused


async def test_podcast_with_its_progress(tmp_path: Path) -> None:
    (tmp_path / "moon.md").write_text(text(8_000))
    shown, terminal = pty.openpty()
    seen = ""

    def read() -> None:
        nonlocal seen
        with suppress(OSError):  # the end of a terminal
            seen += os.read(shown, 65_536).decode(errors="replace")

    asyncio.get_running_loop().add_reader(shown, read)
    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = podcasting
        done = await watched(
            model, tmp_path, "podcast", "moon.md", "--out", "p/moon.MP3", stderr=terminal, TERM="xterm"
        )
        await until(lambda: "cost: $" in seen.partition("writing")[2])
        asyncio.get_running_loop().remove_reader(shown)
        os.close(terminal)
        os.close(shown)
        assert done.code == 0, seen
        assert seen.index("expected cost: $0.") < seen.index("writing the script") < seen.index("speaking")
        assert "6/6" in seen
        sound = (tmp_path / "p" / "moon.MP3").read_bytes()
        assert abs(lufs(sound) - -16) < 1
        assert len(chapters(sound)) == 2
        assert (tmp_path / "p" / "moon.md").read_text().startswith("# About the moon")
        assert done.out.startswith("# About the moon")
        assert not model.refused


async def test_what_is_dear_is_not_done_unasked(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(text(100_000))
    async with ModelServer.open() as model:
        done = await run(model, tmp_path, "podcast", "long.txt")
        assert done.code == 1
        assert "expected cost: $2." in done.err
        assert "--yes" in done.err
        assert not model.chats


async def test_catchup_reads_the_bots_memory(tmp_path: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    await store.remember(1, 7, [Message("user", 5, "Anna", "we meet at nine", datetime.now(UTC))])
    await store.aclose()
    async with ModelServer.open(first_audio=0, speed=0) as model:
        done, nothing = await asyncio.gather(
            run(model, tmp_path, "catchup", "7", "--out", "c.ogg"), run(model, tmp_path, "catchup", "8")
        )
        assert (done.code, done.out.strip()) == (0, SENTENCE), done.err
        assert "we meet at nine" in str(model.chats[0].body)
        assert to_pcm(tmp_path / "c.ogg")
        assert nothing.code == 1
        assert "don't remember anything being said" in nothing.err


async def test_what_is_wrong_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no sound " * 30_000)
    (tmp_path / "a.ogg").write_bytes(encode(speech(1), SPEAK_RATE))
    (tmp_path / "taken").write_text("a file where a folder should be")
    async with ModelServer.open() as model:
        host = urlsplit(model.base_url).netloc
        wrong = [
            (65, "There's no sound in that file", ("analyze", "a.txt"), {}),
            (2, "does not exist", ("analyze", "b.ogg"), {}),
            (2, ".mp3", ("ask", "Why?", "--out", "a.flac"), {}),
            (2, "ogg or mp3", ("podcast", "a.txt", "--out", "a.wav"), {}),
            (65, "That text is too long", ("ask", "Why?", "--file", "a.txt"), {}),
            (1, "taken cannot be", ("ask", "Why?", "--out", "taken/a.ogg"), {}),
            (77, f"{host} rejected the API key: check OPENAI_API_KEY", ("ask", "Why?"), {"OPENAI_API_KEY": "sk-wrong"}),
            (75, "127.0.0.1:1 can't be reached", ("ask", "Why?"), {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}),
            (69, f"{host} has no model no-such", ("ask", "Why?"), {"OPENAI_MODEL": "no-such"}),
        ]
        at_once = asyncio.Semaphore(2)  # more would only take the processor from each other, and time out

        async def try_it(args: tuple[str, ...], more: dict[str, Any]) -> process.Result:
            async with at_once:
                return await run(model, tmp_path, *args, **more)

        found = await asyncio.gather(*(try_it(args, more) for _, _, args, more in wrong))
        for (code, said, _, _), done in zip(wrong, found, strict=True):
            assert (done.code, "Traceback" in done.err) == (code, False), done.err
            assert said in " ".join(done.err.replace("│", " ").split())
        # With the wrong key or name alone; on a machine under load the request may have gone out twice.
        assert {chat.status for chat in model.chats} == {401, 404}
        assert {file.name for file in tmp_path.iterdir()} == {"a.txt", "a.ogg", "taken"}, "nothing is left of them"


async def test_a_failed_part_is_named_and_the_next_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "long.mp3").write_bytes(encode(speech(60), SPEAK_RATE, "mp3") * 6)

    def sometimes(request: ReceivedRequest) -> Speak | Refuse:
        return BROKEN if "begins at 4:50" in str(request.body["messages"]) else Speak("a note")

    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = sometimes
        done = await run(model, tmp_path, "analyze", "long.mp3")
        assert done.code == 75
        assert "Part 2 of 2 of the recording failed. Finished parts are kept" in done.err
        before = len(model.chats)
        model.default = Speak("all of it")
        done = await watched(model, tmp_path, "analyze", "long.mp3")
        assert (done.code, done.out.strip()) == (0, "all of it")
        assert done.peak < 150_000
        assert len(model.chats) - before == 2
        assert "a note" in str(model.chats[-1].body)
        assert not list((tmp_path / "jobs").glob("*"))


@pytest.mark.long
async def test_half_an_hour_is_analysed_in_little_memory(tmp_path: Path) -> None:
    minute = encode(speech(60), SPEAK_RATE, "mp3")
    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = Speak("a note")
        peaks: list[int] = []
        for minutes in (6, 29):
            (tmp_path / "long.mp3").write_bytes(minute * minutes)
            done = await watched(model, tmp_path, "analyze", "long.mp3")
            assert done.code == 0, done.err
            peaks.append(done.peak)
        print("peaks in kB:", peaks)
        assert max(peaks) < 150_000
        assert peaks[1] - peaks[0] < 20_000
