"""Who has which shards: against a real PostgreSQL, with short leases."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import ConfigError, StoreUnavailable
from bot.ops import shard_slots
from bot.ops.shard_slots import Unneeded, claimed, dsn, ranges
from tests.store import conftest as stores

postgres = stores.postgres


def bounds(patch: pytest.MonkeyPatch, **seconds: float) -> None:
    for name, value in seconds.items():
        patch.setattr(shard_slots, name, value)
    lease = round(shard_slots.LEASE_SECONDS * 1000)
    patch.setitem(shard_slots._SERVER_SETTINGS, "idle_session_timeout", str(lease))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come every few tenths of a second; nobody is taken for dead on a machine that is busy."""
    bounds(monkeypatch, PING_SECONDS=0.2, PING_TIMEOUT_SECONDS=10.0, LEASE_SECONDS=60.0, CLAIM_RETRY_SECONDS=0.1)


@pytest.fixture
def short(often: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are short, too; the order of the bounds stays."""
    bounds(monkeypatch, PING_TIMEOUT_SECONDS=1.0, LEASE_SECONDS=3.0)


@pytest.mark.parametrize(
    ("count", "each", "expected"),
    [(8, 3, [[0, 1, 2], [3, 4, 5], [6, 7]]), (2, 5, [[0, 1]]), (1, 1, [[0]])],
)
def test_every_shard_is_in_one_slot(count: int, each: int, expected: list[list[int]]) -> None:
    assert [[*slot] for slot in ranges(count, each)] == expected


def test_shards_with_calls_log_in_first() -> None:
    in_7, in_4 = (8 << 22) + (7 << 22), 4 << 22
    assert shard_slots.called_first(range(3, 8), 8, [in_7, in_4, 1 << 22]) == [4, 7, 3, 5, 6]
    assert shard_slots.called_first((), 8, [in_7]) == []


def test_another_database_is_refused() -> None:
    assert dsn("postgresql+asyncpg://a:b@c/d?host=x") == "postgresql://a:b@c/d?host=x"
    with pytest.raises(ConfigError):
        dsn("sqlite+aiosqlite:///bot.db")


class Wire:
    """A way to PostgreSQL over TCP that can be cut without a word, as a network partition does."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str, host: str = "127.0.0.1") -> AsyncIterator[tuple["Wire", str]]:
        """Open it; gives the wire, and the URL that leads over it, from an address of this machine."""
        wire, parts = cls(), urlsplit(url)
        [folder] = parse_qs(parts.query)["host"]
        tasks: set[asyncio.Task[None]] = set()
        writers: list[asyncio.StreamWriter] = []

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
            writers.extend((writer, far_writer))
            for source, target in ((reader, far_writer), (far_reader, writer)):
                tasks.add(asyncio.create_task(wire._carry(source, target)))

        server = await asyncio.start_server(accept, host, 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield wire, f"postgresql+asyncpg://postgres@{host}:{port}{parts.path}"
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for writer in writers:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if self.cut.is_set():
                await asyncio.Event().wait()
            target.write(data)


async def test_one_that_is_cut_off_stops_before_another_has_its_slot(short: None, postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    fenced: list[tuple[float, str]] = []
    shards = ranges(2, 2)
    async with AsyncExitStack() as stack:
        wire, detour = await stack.enter_async_context(Wire.to(url))
        fence = lambda reason: fenced.append((time.monotonic(), reason))  # noqa: E731
        await stack.enter_async_context(claimed(detour, shards, stop, stop.set, fence))

        async def spare() -> float:
            async with claimed(url, shards, stop, stop.set):
                return time.monotonic()

        waiting = asyncio.create_task(spare())
        await asyncio.sleep(0.5)
        assert not waiting.done()
        wire.cut.set()
        taken = await asyncio.wait_for(waiting, 20)
        assert fenced
        assert fenced[0][0] < taken


async def test_one_whose_loop_is_stuck_is_fenced_while_it_is(short: None, postgres: Callable[[], str]) -> None:
    stop, fenced = asyncio.Event(), list[str]()
    async with claimed(postgres(), ranges(1, 1), stop, stop.set, fenced.append):
        time.sleep(shard_slots.LEASE_SECONDS)  # noqa: ASYNC251 (the fault itself)
        assert any("no sign of life" in reason for reason in fenced)


MUTE = """
import asyncio, sys
from bot.ops import shard_slots as slots

slots.PING_SECONDS, slots.LEASE_SECONDS = 0.2, 3.0

async def own():
    stop = asyncio.Event()
    async with slots.claimed(sys.argv[1], slots.ranges(1, 1), stop, stop.set):
        print("x" * 1_000_000, flush=True)

asyncio.run(own())
"""
"""Writes more than the pipe takes."""


def test_one_is_fenced_though_nobody_reads_what_it_writes(postgres: Callable[[], str]) -> None:
    """The loop is stuck in a write, and so is the line that says so."""
    arguments = [sys.executable, "-c", MUTE, postgres()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as mute:
        try:
            assert mute.wait(30) == -signal.SIGALRM
        finally:
            mute.kill()


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def island() -> Iterator[tuple[str, str]]:
    """A network namespace with one cable to this machine: its name, also the cable's, and our address on it."""
    name, number = f"kk{os.getpid()}", os.getpid() % 250
    try:
        ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("network namespaces are not permitted here")
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "out", "netns", name)
        ip("addr", "add", f"10.213.{number}.1/30", "dev", name)
        ip("link", "set", name, "up")
        ip("-n", name, "addr", "add", f"10.213.{number}.2/30", "dev", "out")
        ip("-n", name, "link", "set", "out", "up")
        yield name, f"10.213.{number}.1"
    finally:
        ip("netns", "del", name)


OWNER = """
import asyncio, sys, time
from bot.ops import shard_slots as slots

async def own():
    stop = asyncio.Event()
    async with slots.claimed(sys.argv[1], slots.ranges(1, 1), stop, stop.set):
        while True:
            print("mine", time.monotonic(), flush=True)
            await asyncio.sleep(0.02)

asyncio.run(own())
"""
"""Says again and again that the slot is its own, on the clock all processes share; the leases are the real ones."""


@contextmanager
def owner(url: str, log: Path, namespace: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    inside = ["ip", "netns", "exec", namespace] if namespace else []
    with log.open("wb") as out:
        process = subprocess.Popen([*inside, sys.executable, "-c", OWNER, url], stdout=out, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def claims(log: Path) -> list[float]:
    """Return when a process said that the slot is its own."""
    return [float(at) for at in re.findall(r"^mine (.+)\n", log.read_text(), re.MULTILINE)]


async def test_a_process_whose_network_is_gone_is_never_a_second_owner(
    postgres: Callable[[], str], island: tuple[str, str], tmp_path: Path
) -> None:
    (namespace, address), url = island, postgres()
    first, second = tmp_path / "first", tmp_path / "second"
    async with AsyncExitStack() as stack, asyncio.timeout(100):
        _, detour = await stack.enter_async_context(Wire.to(url, address))
        lost = stack.enter_context(owner(detour, first, namespace))
        while not claims(first):
            await asyncio.sleep(0.1)
        stack.enter_context(owner(url, second))
        await asyncio.sleep(1.0)
        ip("link", "set", namespace, "down")  # the cable is out: not a byte, not a farewell
        while not claims(second):
            await asyncio.sleep(0.1)
        assert lost.poll() == shard_slots.EXIT_FENCED
        assert claims(first)[-1] < claims(second)[0]
        print(f"fenced {claims(second)[0] - claims(first)[-1]:.1f} s before the next owner had the slot")


async def test_a_slot_that_is_given_back_is_free_at_once(postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    for _ in range(2):
        async with claimed(url, ranges(1, 1), stop, stop.set) as slot:
            assert [*slot.shards] == [0]


async def test_who_divides_the_shards_otherwise_waits_for_all_others_to_go(postgres: Callable[[], str]) -> None:
    """As while SHARD_COUNT is raised, process by process: no shard may be in two slots."""
    url, stop = postgres(), asyncio.Event()

    async def other() -> list[int]:
        async with claimed(url, ranges(4, 2), stop, stop.set) as slot:
            return [*slot.shards]

    async with claimed(url, ranges(2, 1), stop, stop.set), AsyncExitStack() as second:
        await second.enter_async_context(claimed(url, ranges(2, 1), stop, stop.set))
        waiting = asyncio.create_task(other())
        await second.aclose()  # a slot is free now, and the layout is still taken
        await asyncio.sleep(1.0)
        assert not waiting.done()
    assert await asyncio.wait_for(waiting, 20) == [0, 1]


async def test_a_spare_that_is_stopped_goes(postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    async with claimed(url, ranges(1, 1), stop, stop.set):
        stop.set()
        with pytest.raises(Unneeded):
            async with claimed(url, ranges(1, 1), stop, stop.set):
                pass


async def test_a_spare_whose_database_goes_away_says_so(
    postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, stop = postgres(), asyncio.Event()
    async with AsyncExitStack() as stack:
        wire, detour = await stack.enter_async_context(Wire.to(url))
        await stack.enter_async_context(claimed(url, ranges(1, 1), stop, stop.set))
        spare = asyncio.create_task(stack.enter_async_context(claimed(detour, ranges(1, 1), stop, stop.set)))
        await asyncio.sleep(0.5)
        assert not spare.done()
        monkeypatch.setattr(shard_slots, "PING_TIMEOUT_SECONDS", 1.0)
        wire.cut.set()
        with pytest.raises(StoreUnavailable) as caught:
            await asyncio.wait_for(spare, 40)
        assert "DATABASE_URL" in caught.value.hint


async def test_all_are_asked_to_drain_at_once(postgres: Callable[[], str]) -> None:
    url = postgres()
    first, second = asyncio.Event(), asyncio.Event()
    shards = ranges(2, 1)
    async with claimed(url, shards, first, first.set), claimed(url, shards, second, second.set):
        await shard_slots.ask_to_drain(url)
        async with asyncio.timeout(60):
            await first.wait()
            await second.wait()


async def test_a_database_that_is_away_is_said_plainly() -> None:
    stop = asyncio.Event()
    with pytest.raises(StoreUnavailable) as caught:
        async with claimed("postgresql://u:secret@127.0.0.1:1/x", ranges(1, 1), stop, stop.set):
            pass
    assert "DATABASE_URL" in caught.value.hint
    assert "secret" not in str(caught.value)
