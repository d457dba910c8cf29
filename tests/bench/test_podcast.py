"""A podcast of a book: CPU and memory of the command, beside the ffmpeg program with the same programme.

`./dev pytest -n 0 -m long tests/bench/test_podcast.py` prints them. The model is the sandbox's and lets nobody wait.
Only what would be a fault is asserted.
"""

import asyncio
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.audio import SPEAK_RATE
from bot.jobs.podcast import MAX_CHAPTER_WORDS
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer
from tests.bench.test_files import FFMPEG, children_cpu
from tests.cli.test_jobs import environment
from tests.e2e.process import join_wait_threads, wait_threads
from tests.jobs.test_podcast import text

CHARACTERS = 200_000
HEADING = "podcast of 200,000 characters (targets: 1.2 x the CPU of ffmpeg, 60 MiB above idle)"
_CHARACTERS_PER_SECOND = 15
_TURN_WORDS = 40
_VOICES = (("bot-rice", "bot-moon"), ("anna-cook", "ben-story", "anna-wait", "ben-train"))


def chapter() -> str:
    """Return a script as long as a chapter may be, in turns."""
    words = itertools.cycle(" ".join(clips.get(name).sentence for voice in _VOICES for name in voice).split())
    turns = (" ".join(itertools.islice(words, _TURN_WORDS)) for _ in range(MAX_CHAPTER_WORDS // _TURN_WORDS))
    return "# A chapter\n" + "\n".join(f"{'AB'[number % 2]}: {turn}." for number, turn in enumerate(turns))


def answered(request: ReceivedRequest) -> Speak:
    system = str(request.body["messages"][0]["content"])
    if "script of a podcast" in system:
        return Speak(chapter(), speed=0)
    if request.body.get("modalities") != ["text", "audio"]:
        return Speak("## In short\n\nIt says much.\n\n- a point", speed=0)
    said = request.body["messages"][1]["content"][0]["text"]
    voice = b"".join(clips.load(name, SPEAK_RATE) for name in _VOICES["co-host" in system])
    length = 2 * SPEAK_RATE * len(said) // _CHARACTERS_PER_SECOND
    return Speak(said, (voice * (length // len(voice) + 1))[:length], first_audio=0, speed=0)


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                yield from tree(int(child))


def resident(pid: int) -> float:
    """Return the MiB that a process holds in memory, 0 if it is gone."""
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(FFMPEG is None, reason="needs ffmpeg")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the figures come from /proc")
async def test_podcast_of_a_book(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    (tmp_path / "book.txt").write_text(text(CHARACTERS))
    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = answered
        others, begin = wait_threads(), children_cpu()
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "podcast", "book.txt", "--out", "made", "--yes"),
            cwd=tmp_path,
            env=environment(model, tmp_path) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())},
            stdin=-3,
            stdout=-3,
            stderr=-1,
        )
        watchers, idle, alone, together = wait_threads() - others, 0.0, 0.0, 0.0

        async def watch() -> None:
            nonlocal idle, alone, together
            while True:
                own = resident(child.pid)
                if not model.chats:
                    idle = own or idle
                alone = max(alone, own)
                together = max(together, sum(map(resident, tree(child.pid))))
                await asyncio.sleep(0.05)

        watching = asyncio.create_task(watch())
        _, err = await child.communicate()
        watching.cancel()
        join_wait_threads(watchers)
        cpu = children_cpu() - begin
    assert child.returncode == 0, err.decode()
    assert not model.refused
    (made,) = (tmp_path / "made").glob("*.ogg")
    seconds = float(await probed(made, "duration"))
    rate = await probed(made, "bit_rate")
    begin = children_cpu()
    await asyncio.to_thread(
        subprocess.run,
        [
            *(FFMPEG or "", "-nostdin", "-loglevel", "error", "-threads", "1", "-i", made, "-map", "0:a"),
            *("-c:a", "libopus", "-b:a", rate, "-f", "ogg", "-y", tmp_path / "theirs.ogg"),
        ],
        check=True,
    )
    theirs = children_cpu() - begin
    figures.setdefault(HEADING, []).append(
        f"{seconds / 60:.0f} minutes at {int(rate) / 1000:.0f} kbit/s: {cpu:.1f} s of CPU, ffmpeg {theirs:.1f} s, "
        f"ratio {cpu / theirs:.2f}; {idle:.0f} MiB before the first request, {alone:.0f} at most, {together:.0f} with "
        "children"
    )
    assert seconds > 2_000


async def probed(path: Path, field: str) -> str:
    arguments = ["-v", "error", "-show_entries", f"format={field}", "-of", "csv=p=0", path]
    found = await asyncio.to_thread(
        subprocess.run, [shutil.which("ffprobe") or "", *arguments], check=True, capture_output=True, text=True
    )
    return found.stdout.strip()
