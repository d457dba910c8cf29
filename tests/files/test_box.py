"""What a file does to its reader happens in a child, ends there, and is told; the bot only waits so long."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.errors import (
    AudioTooLarge,
    AudioTooLong,
    BotError,
    EmptyAudio,
    FilesFull,
    FileTooHungry,
    FileTooSlow,
    NotAudio,
    ReaderDied,
)
from bot.files.box import Box
from bot.files.places import NOBODY, Places
from bot.files.process import Guard
from bot.files.recordings.facts import Limits
from tests.files.sounds import plain_wav

STAND_IN = (sys.executable, "-I", str(Path(__file__).with_name("stand_in_child.py")))
ONE_SECOND = Limits(seconds=1.0)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def stand_in(**guard: float) -> Box:
    return Box(guard=Guard(**guard), command=STAND_IN)  # pyright: ignore[reportArgumentType]


def readers(box: Box) -> set[str]:
    """The processes that read a file now."""
    pid = box.readers.pid
    return set() if pid is None else set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def over(process: Path) -> bool:
    """Whether a process has ended; somebody may yet have to ask how."""
    try:
        return ") Z " in (process / "stat").read_text()
    except OSError:
        return True


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_recording_is_read_as_it_is_without_the_box() -> None:
    async with Box().reading() as place:
        assert (await place.sound(plain_wav(16_000), "tone.wav")).pcm == plain_wav(16_000)[44:]


async def test_a_recording_comes_in_parts_that_overlap() -> None:
    async with Box().reading() as place, place.recording(plain_wav(16_000), part_seconds=0.8, overlap=0.2) as opened:
        assert opened.facts.seconds == 2.0
        found = [(part.start, len(part.pcm), part.last) async for part in opened.parts()]
    assert found == [(0.0, 25_600, False), (pytest.approx(0.6), 25_600, False), (pytest.approx(1.2), 25_600, True)]


async def test_a_document_is_read() -> None:
    async with Box().reading() as place:
        document = await place.document(("# Tea\n\n" + "Good tea. " * 15_000).encode(), "a.md")
    assert (document.title, len(document.text)) == ("Tea", 150_006)


@pytest.mark.parametrize(
    ("told", "guard", "error"),
    [
        ("sleep", {"seconds": 0.5}, FileTooSlow),
        ("spin", {"cpu_seconds": 1}, FileTooSlow),
        ("eat", {"memory_bytes": 200 << 20}, FileTooHungry),
        ("exit", {}, ReaderDied),
        ("abort", {}, ReaderDied),
        ("raise", {}, ReaderDied),
        ("nonsense", {}, ReaderDied),
        ("large frame", {}, ReaderDied),
        ("write a file", {}, ReaderDied),
        ("refuse", {}, NotAudio),
    ],
)
async def test_what_became_of_a_reader_is_told(told: str, guard: dict[str, float], error: type[BotError]) -> None:
    box = stand_in(**guard)
    async with box.reading() as place:
        with pytest.raises(error) as raised:
            await place.sound(told.encode())
        assert type(raised.value) is error
        box.readers._guard = Guard()  # the next reader may begin slowly, on a machine that is busy
        assert await place.sound(b"parts", limits=Limits(seconds=8.0)), "the place serves the next file"


async def test_a_reader_cannot_send_more_than_was_asked_for() -> None:
    async with stand_in().reading() as place:
        with pytest.raises(AudioTooLong):
            await place.sound(b"endless", limits=ONE_SECOND)


async def test_what_a_library_prints_is_no_sound() -> None:
    async with stand_in().reading() as place:
        assert (await place.sound(b"print")).pcm == bytes(2)


async def test_nothing_and_too_much_start_no_reader() -> None:
    async with stand_in().reading() as place:
        with pytest.raises(EmptyAudio):
            await place.sound(b"")
        with pytest.raises(AudioTooLarge):
            await place.sound(bytes(11), limits=Limits(size=10))


async def test_the_deadline_is_the_readers_and_not_that_of_who_waits_for_a_model() -> None:
    async with (
        stand_in(seconds=30.0).reading() as place,
        place.recording(b"parts", limits=Limits(seconds=8.0), part_seconds=8.0) as opened,
    ):
        count = 0
        async for _ in opened.parts():
            count += 1
            opened._child._left = min(opened._child._left, 3.0)
            await asyncio.sleep(0.8)
    assert count == 5


async def test_the_place_of_a_last_file_is_left_once_it_is_read() -> None:
    box = Box(Places(at_once=1), command=STAND_IN)
    async with box.reading(1) as place, place.recording(b"one part", limits=Limits(seconds=8.0), last=True) as opened:
        async for part in opened.parts():
            assert part.last
            async with asyncio.timeout(60), box.reading(1) as another:  # the same person's, while a model works
                assert await another.sound(b"parts", limits=Limits(seconds=8.0))


async def test_whoever_waits_gets_the_place_and_no_part_is_lost() -> None:
    box = Box(Places(at_once=1), command=STAND_IN)
    eight = Limits(seconds=8.0)
    async with (
        box.reading(1) as place,
        place.recording(b"numbers", limits=eight, part_seconds=2.0, last=True) as opened,
    ):
        found: list[tuple[float, int]] = []
        async for part in opened.parts():
            if not found:
                async with asyncio.timeout(60), box.reading(2) as another:
                    assert await another.sound(b"parts", limits=eight)
            found.append((part.start, part.pcm[0]))
    assert found == [(float(number), number) for number in range(5)]


async def test_what_breaks_while_others_wait_is_told_in_its_turn() -> None:
    box = Box(Places(at_once=1), command=STAND_IN)
    eight = Limits(seconds=8.0)
    async with (
        box.reading(1) as place,
        place.recording(b"breaks", limits=eight, part_seconds=2.0, last=True) as opened,
    ):
        parts = opened.parts()
        await anext(parts)
        async with asyncio.timeout(60), box.reading(2):
            pass
        await anext(parts)
        with pytest.raises(ReaderDied):
            await anext(parts)


@linux_only
async def test_a_child_has_no_secret_and_no_open_file_and_is_polite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    held = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(held, True)
    async with stand_in().reading() as place:
        document = await place.document(b"tell", "name with spaces\nand a line")
    os.close(held)
    told = json.loads(document.text)
    assert set(told["environment"]) <= {"OPENBLAS_NUM_THREADS", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH"}
    assert told["files"] <= 6, "stdin, stdout, stderr, a copy of stdout, the file, and the listing itself"
    assert told["nice"] >= 5
    assert document.title == "name with spaces\nand a line"


@linux_only
@pytest.mark.parametrize(("calls", "niceness", "files"), [(False, 5, {1, 2}), (True, 19, {1})])
async def test_readers_stand_back_while_somebody_is_answered(calls: bool, niceness: int, files: set[int]) -> None:
    """The scheduler compares how nice they are within a session only, where it groups by those."""
    box, reading, seen = Box(command=STAND_IN, answering=lambda: calls), 0, set[int]()

    async def read(person: int) -> None:
        nonlocal reading
        async with box.reading(person) as place:
            reading += 1
            seen.add(reading)
            told = json.loads((await place.document(b"tell")).text)
            assert (told["nice"], told["session"]) == (min(19, os.nice(0) + niceness), os.getsid(0))
            reading -= 1

    await asyncio.gather(*(read(person) for person in (1, 2, 3)))
    await box.aclose()
    assert seen == files


@linux_only
async def test_a_cancelled_reading_leaves_no_child() -> None:
    async def read() -> None:
        async with box.reading() as place:
            await place.sound(b"spin")

    box = stand_in()
    task = asyncio.create_task(read())
    await until(lambda: bool(readers(box)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: not readers(box))


@linux_only
def test_a_reader_ends_together_with_a_bot_that_is_killed() -> None:
    bot = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE)
    assert bot.stdout is not None
    started = [Path(f"/proc/{int(pid)}") for pid in bot.stdout.readline().split()]
    assert len(started) == 2
    assert all(process.exists() for process in started)
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    bot.stdout.close()

    async def gone() -> None:
        await until(lambda: all(map(over, started)))

    asyncio.run(gone())


async def test_a_template_serves_one_file_after_the_other_and_ends_when_it_is_idle() -> None:
    box = Box(command=STAND_IN)
    async with box.reading() as place:
        await place.sound(b"print")
        first = box.readers.pid
        with pytest.raises(ReaderDied):
            await place.sound(b"abort")
        await place.sound(b"print")
        assert box.readers.pid == first
    box.readers._idle_seconds = 0.0
    async with box.reading() as place:
        await place.sound(b"print")
    await until(lambda: box.readers.pid is None)
    async with box.reading() as place:
        await place.sound(b"print")
        assert box.readers.pid not in (None, first)
    await box.aclose()
    assert box.readers.pid is None


@pytest.mark.parametrize("gone", [True, False])
async def test_a_template_that_died_is_started_again(gone: bool) -> None:
    """Also when that is not known yet: the first file that meets it then is told to be tried again."""
    box = stand_in()
    async with box.reading() as place:
        await place.sound(b"print")
        first = box.readers.pid
        assert first
        os.kill(first, signal.SIGKILL)
        if gone:
            await until(lambda: over(Path(f"/proc/{first}")))
        else:
            with suppress(ReaderDied):
                await place.sound(b"print")
        assert (await place.sound(b"print")).pcm == bytes(2)
        assert box.readers.pid != first


async def test_two_readers_share_nothing_but_their_template() -> None:
    box = stand_in()

    async def pid() -> int:
        async with box.reading() as place:
            return json.loads((await place.document(b"tell")).text)["pid"]

    found = await asyncio.gather(pid(), pid())
    assert len({*found, box.readers.pid, os.getpid()}) == 4


async def test_two_files_are_read_at_once_and_one_of_each_person() -> None:
    places, order = Places(), []

    async def read(person: int, until_told: asyncio.Event) -> None:
        async with places.taken(person):
            order.append(person)
            await until_told.wait()

    stops = [asyncio.Event() for _ in range(5)]
    people = (1, 1, 2, 3, 1)
    tasks = [asyncio.create_task(read(person, stop)) for person, stop in zip(people, stops, strict=True)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == [1, 2], "the first person's second file waits, and lets another pass"
    assert places.wanted.is_set()
    tasks[4].cancel()
    stops[2].set()
    await until(lambda: order == [1, 2, 3])
    for stop in stops:
        stop.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [1, 2, 3, 1]
    assert not places.wanted.is_set()


async def test_nobody_may_have_two_and_a_full_queue_refuses() -> None:
    places = Places(waiting=1)
    async with places.taken(NOBODY), places.taken(NOBODY):
        waiting = asyncio.create_task(anext(aiter_of(places)))
        await asyncio.sleep(0)
        with pytest.raises(FilesFull):
            async with places.taken(5):
                pass
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def aiter_of(places: Places):
    async with places.taken(4):
        yield


async def _wait_with_a_reader() -> None:
    async def read() -> None:
        async with box.reading() as place:
            await place.sound(b"sleep")

    box = stand_in()
    task = asyncio.create_task(read())
    await until(lambda: bool(readers(box)))
    await asyncio.sleep(1)  # it has begun to read
    print(box.readers.pid, *readers(box), flush=True)
    await task


if __name__ == "__main__":
    asyncio.run(_wait_with_a_reader())
