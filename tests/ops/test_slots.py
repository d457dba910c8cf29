"""Who has which shards: against a real PostgreSQL, with short leases."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import ConfigError, StoreUnavailable
from bot.ops import slots
from bot.ops.slots import Unneeded, claimed, dsn, ranges
from tests.store import conftest as stores

postgres = stores.postgres


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become tenths; the order of the bounds stays."""
    for name, seconds in (("PING", 0.2), ("PING_WITHIN", 1.0), ("LEASE", 3.0), ("RETRY", 0.1)):
        monkeypatch.setattr(slots, name, seconds)
    monkeypatch.setitem(slots._SETTINGS, "idle_session_timeout", "3000")


@pytest.mark.parametrize(
    ("count", "each", "expected"),
    [(8, 3, [[0, 1, 2], [3, 4, 5], [6, 7]]), (2, 5, [[0, 1]]), (1, 1, [[0]])],
)
def test_every_shard_is_in_one_slot(count: int, each: int, expected: list[list[int]]) -> None:
    assert [[*slot] for slot in ranges(count, each)] == expected


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
    async def to(cls, url: str) -> AsyncIterator[tuple["Wire", str]]:
        """Open it; gives the wire, and the URL that leads over it."""
        wire, parts = cls(), urlsplit(url)
        [folder] = parse_qs(parts.query)["host"]
        tasks: set[asyncio.Task[None]] = set()
        writers: list[asyncio.StreamWriter] = []

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
            writers.extend((writer, far_writer))
            for source, target in ((reader, far_writer), (far_reader, writer)):
                tasks.add(asyncio.create_task(wire._carry(source, target)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield wire, f"postgresql+asyncpg://postgres@127.0.0.1:{port}{parts.path}"
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


async def test_one_that_is_cut_off_stops_before_another_has_its_slot(postgres: Callable[[], str]) -> None:
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


async def test_a_slot_that_is_given_back_is_free_at_once(postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    for _ in range(2):
        async with claimed(url, ranges(1, 1), stop, stop.set) as slot:
            assert [*slot.shards] == [0]


async def test_a_spare_that_is_stopped_goes(postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    async with claimed(url, ranges(1, 1), stop, stop.set):
        stop.set()
        with pytest.raises(Unneeded):
            async with claimed(url, ranges(1, 1), stop, stop.set):
                pass


async def test_all_are_asked_to_drain_at_once(postgres: Callable[[], str]) -> None:
    url = postgres()
    first, second = asyncio.Event(), asyncio.Event()
    shards = ranges(2, 1)
    async with claimed(url, shards, first, first.set), claimed(url, shards, second, second.set):
        await slots.ask_to_drain(url)
        async with asyncio.timeout(10):
            await first.wait()
            await second.wait()


async def test_a_database_that_is_away_is_said_plainly() -> None:
    stop = asyncio.Event()
    with pytest.raises(StoreUnavailable) as caught:
        async with claimed("postgresql://u:secret@127.0.0.1:1/x", ranges(1, 1), stop, stop.set):
            pass
    assert "DATABASE_URL" in caught.value.hint
    assert "secret" not in str(caught.value)
