"""Files in their box: CPU and memory of half an hour beside the ffmpeg program, and what broken files do to replies.

`./dev pytest -n 0 -m long tests/bench/test_files.py` prints all in one run. Only what would be a fault is asserted.
"""

import asyncio
import itertools
import os
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.audio import FRAME_SECONDS, SPEAK_BYTES, SPEAK_RATE
from bot.errors import BotError
from bot.files.box import Box
from bot.jobs.encoder import encode
from bot.voice import opus
from bot.voice.send.pacer import Pacer
from bot.voice.send.sender import Sender
from tests.bench.test_pacer import Sink
from tests.files.sounds import corrupted
from tests.jobs.conftest import speech

MINUTES = 29
HEADING = "Files: half an hour of sound (targets: 1.3 x the CPU of ffmpeg, 60 MiB of the bot)"
BESIDE = "Files: broken ones beside eight replies (targets: p99 within 10 % of none, 30 MiB of the bot)"
_FED_FRAMES = 100
_BROKEN_FILES = 60
"""Different ones."""
FFMPEG = shutil.which("ffmpeg")


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Return this process's memory, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def highest() -> AsyncIterator[list[float]]:
    """Watch this process's memory for the block: the first value, and the highest."""
    found = [resident(), resident()]

    async def watch() -> None:
        while True:
            found[1] = max(found[1], resident())
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def readers_cpu(box: Box) -> float:
    """Return the seconds of CPU of the template and of all readers so far, once these have ended."""
    status = Path(f"/proc/{box.readers.pid}")
    while (status / f"task/{box.readers.pid}/children").read_text():
        await asyncio.sleep(0.01)
    return sum(map(int, (status / "stat").read_text().rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")


async def read(box: Box, data: bytes) -> float:
    """Read a recording as /analyze does. Return the seconds of CPU, the reader's and ours."""
    begin, ours = await readers_cpu(box), time.process_time()
    async with box.reading() as place, place.recording(data, part_seconds=300, overlap=10, last=True) as opened:
        async for _ in opened.parts():
            pass
    return await readers_cpu(box) - begin + time.process_time() - ours


async def ffmpeg(path: Path) -> float:
    begin = children_cpu()
    arguments = (
        "-nostdin",
        "-loglevel",
        "error",
        "-threads",
        "1",
        "-i",
        str(path),
        *("-ac", "1", "-ar", "16000", "-f", "s16le", "-"),
    )
    await asyncio.to_thread(subprocess.run, [FFMPEG or "", *arguments], stdin=-3, stdout=-3, check=True)
    return children_cpu() - begin


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("container", "codec"), [("ogg", "libopus"), ("mp3", "libmp3lame"), ("ipod", "aac")])
async def test_half_an_hour(tmp_path: Path, figures: dict[str, list[str]], container: str, codec: str) -> None:
    path = tmp_path / "long"
    path.write_bytes(data := encode(speech(60) * MINUTES, SPEAK_RATE, container, codec, 48_000))
    ours, theirs, box = [], [], Box()
    async with box.reading() as place:
        await place.pcm(encode(speech(1), SPEAK_RATE))  # starts the template
    async with highest() as memory:
        for _ in range(3):  # in turns, so that other work on the machine meets both
            ours.append(await read(box, data))
            theirs.append(await ffmpeg(path) if FFMPEG else float("nan"))
    await box.aclose()
    figures.setdefault(HEADING, []).append(
        f"{codec}, {MINUTES} minutes: {min(ours):.2f} s of CPU, ffmpeg {min(theirs):.2f} s, ratio "
        f"{min(ours) / min(theirs):.2f}; the bot's memory {memory[0]:.0f} -> {memory[1]:.0f} MiB"
    )
    assert min(ours) < 60


def broken(number: int) -> bytes:
    sound = encode(speech(0.3), SPEAK_RATE)
    kinds = (
        sound[:60],
        corrupted(sound, 30, number),
        b"%PDF-1.7\nbroken",
        bytes(5_000),
        b"PK\x03\x04" + bytes(90),
        b"",
    )
    return kinds[number % len(kinds)]


@dataclass(slots=True)
class Beside:
    """What eight replies were like beside files."""

    packets: float
    "ms late at p99"
    loop: float
    "ms by which the loop was late for its tick, at p99: what every answer waits"
    grown: float
    "MiB more"
    causes: Counter[str]
    seconds: float
    readers_cpu: float
    "seconds, the template's and all its readers'"


async def beside(files: int, least_seconds: float) -> Beside:
    """Pace eight replies for `least_seconds`, and until so many broken files are refused."""
    library, sinks, places = opus.load(), [Sink() for _ in range(8)], Box(answering=lambda: True)
    causes: Counter[str] = Counter()
    kinds = [broken(number) for number in range(min(files, _BROKEN_FILES))]  # here, for encoding takes the loop 10 ms
    late_ticks: list[float] = []

    async def refuse(number: int) -> None:
        data = kinds[number % len(kinds)]
        async with places.reading() as place:
            try:
                await (place.pcm(data) if number % 2 else place.document(data))
            except BotError as error:
                causes[error.code] += 1

    with Pacer() as pacer:
        senders = [
            Sender(pacer, lambda: opus.OpusEncoder(library), send=sink, speak=_unheard, connected=lambda: True)
            for sink in sinks
        ]
        replies = [sender.play() for sender in senders]

        async def tick() -> None:
            due = time.perf_counter()
            for number in itertools.count():
                if number % _FED_FRAMES == 0:
                    for reply in replies:
                        reply.feed(b"\x10\x20" * (SPEAK_BYTES // 2) * _FED_FRAMES)
                for sender in senders:
                    sender.pump()
                due += FRAME_SECONDS
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                late_ticks.append(time.perf_counter() - due)

        ticking = asyncio.create_task(tick())
        async with highest() as memory:
            begin = time.perf_counter()
            for at in range(0, files, 8):
                await asyncio.gather(*(refuse(number) for number in range(at, min(files, at + 8))))
            await asyncio.sleep(max(0.0, least_seconds - (time.perf_counter() - begin)))
        seconds = time.perf_counter() - begin
        for sender in senders:
            await sender.close()
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    cpu = await readers_cpu(places) if files else 0.0
    await places.aclose()
    packets = [value for sink in sinks for value in sink.late()]
    return Beside(p99(packets), p99(late_ticks), memory[1] - memory[0], causes, seconds, cpu)


def p99(seconds: Sequence[float]) -> float:
    """Return the 99th percentile, in ms."""
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1000


async def _unheard(up: bool) -> None: ...


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("seconds", "files"), [(0.5, 6), pytest.param(60.0, 1000, marks=pytest.mark.long)])
async def test_broken_files_beside_replies(figures: dict[str, list[str]], seconds: float, files: int) -> None:
    """Without files before and after, so that what else the machine does shows."""
    alone = [await beside(0, seconds)]
    loaded = await beside(files, 0.0)
    alone += [await beside(0, seconds)] if files > 10 else []
    without = ", ".join(f"{one.packets:.1f} and {one.loop:.1f}" for one in alone)
    causes = ", ".join(f"{code} {count}" for code, count in sorted(loaded.causes.items()))
    figures.setdefault(BESIDE, []).append(
        f"{loaded.causes.total()} files in {loaded.seconds:.0f} s: packets {loaded.packets:.1f} ms late at p99, the "
        f"loop {loaded.loop:.1f} ms; without files {without} ms; {loaded.grown:.1f} MiB more; "
        f"{loaded.readers_cpu / files * 1000:.0f} ms of CPU a file; causes: {causes}"
    )
    assert loaded.causes.total() == files
    assert len(loaded.causes) >= 3
    assert loaded.grown < 30
