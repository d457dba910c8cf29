"""Many processes, one bot: each claims a slot, a fixed range of shards, by an advisory lock in PostgreSQL.

The lock lives as long as its connection. A process must show every PING_SECONDS that its connection is alive. The
server ends a session that is silent for LEASE_SECONDS, and the process stops itself (`fence`) before another one can
claim its slot.
"""

import asyncio
import os
import signal
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import structlog

from bot.config import Settings
from bot.errors import ConfigError, StoreUnavailable

log = structlog.get_logger(__name__)

PING_SECONDS = 2.0
"""Time between two signs of life."""
PING_TIMEOUT_SECONDS = 3.0
"""Time limit for an answer; without one the process is fenced."""
LEASE_SECONDS = 8.0
"""Silence after which the server frees the slot (idle_session_timeout): more than a ping and its timeout."""
LEASE_CHECK_SECONDS = 0.25
"""Time between two checks of the lease by a thread: a stuck event loop proves nothing and cannot check."""
LAST_LOG_SECONDS = 0.7
"""Time limit for the last log line: `check` fires 1 s before the lease ends, and a check may be late."""
CLAIM_RETRY_SECONDS = 1.0
"""Time between two attempts of a hot spare."""
SLOT_LOCKS, LAYOUT_LOCKS = 0x6B696B69, 0x6B696B6A
"""First keys of the advisory locks: "kiki", "kikj"."""
DRAIN_CHANNEL = "kikite_drain"
EXIT_FENCED = 75
"""EX_TEMPFAIL: start me again."""
ONE_PROCESS = "With SQLite there is one process; to have it finish speaking and exit, stop it (SIGTERM)."

_SERVER_SETTINGS = {
    # Server and client notice a peer that vanished after 5 + 2 * 3 s.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "11000",
    # The kernel still answers for a frozen process: only silence reveals it.
    "idle_session_timeout": str(int(LEASE_SECONDS * 1000)),
}


_HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
"""Advisory locks belong to one database; pg_locks shows those of all."""


class Unneeded(Exception):
    """The process was asked to end while it was a hot spare."""


def ranges(shard_count: int, per_process: int) -> list[range]:
    """Return the shards of each slot."""
    return [range(low, min(low + per_process, shard_count)) for low in range(0, shard_count, per_process)]


def called_first(shards: Sequence[int], shard_count: int, guild_ids: Iterable[int]) -> list[int]:
    """Return the shards in login order: those whose servers have a call come first."""
    called = {(guild_id >> 22) % shard_count for guild_id in guild_ids}
    return sorted(shards, key=lambda shard: shard not in called)


def layout(settings: Settings) -> list[range]:
    """Return the slots: one with all shards (an empty range), or as SHARDS_PER_PROCESS says. Raises ConfigError."""
    if settings.shards_per_process is None:
        return [range(0)]
    if settings.shard_count is None:
        raise ConfigError(["SHARDS_PER_PROCESS needs SHARD_COUNT: all processes must agree on it"])
    return ranges(settings.shard_count, settings.shards_per_process)


def dsn(url: str) -> str:
    """Return a SQLAlchemy URL in the form of asyncpg. Raises ConfigError for another kind of database."""
    if not postgres(url):
        raise ConfigError(
            ["several processes need PostgreSQL: set DATABASE_URL to postgresql+asyncpg://…"], hint=ONE_PROCESS
        )
    return "postgresql://" + url.partition("://")[2]


def postgres(url: str) -> bool:
    """Whether a SQLAlchemy URL is one of PostgreSQL."""
    return url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")


def die(reason: str) -> None:
    """End the process at once, without leaving its calls: that could look like the new owner leaving."""
    if hasattr(signal, "setitimer"):  # not on Windows
        # The log may block because nobody reads it: then SIGALRM ends the process.
        signal.setitimer(signal.ITIMER_REAL, LAST_LOG_SECONDS)
    log.error("fenced", reason=reason)
    os._exit(EXIT_FENCED)


class ShardSlot:
    """The slot that this process holds. Make it with `claimed`."""

    def __init__(self, connection: Any, shards: Sequence[int], fence: Callable[[str], None]) -> None:
        self.shards = shards
        self._connection = connection
        self._fence = fence
        self._proved = time.monotonic()

    def check(self) -> None:
        """Fence when another process may hold the slot by now."""
        silent = time.monotonic() - self._proved
        if silent > LEASE_SECONDS - 1.0:
            self._fence(f"no sign of life for {silent:.1f} s")

    async def keep(self) -> None:
        """Prove every PING_SECONDS that the lock is ours, until cancelled; fence when that fails."""
        while True:
            began = time.monotonic()
            try:
                await _ask(self._connection, "SELECT 1")
            except Exception as error:
                self._fence(f"the lock's connection failed ({type(error).__name__})")
                return
            self.check()
            self._proved = began
            await asyncio.sleep(PING_SECONDS)


@asynccontextmanager
async def claimed(
    url: str,
    slots: Sequence[range],
    stop: asyncio.Event,
    drain: Callable[[], None],
    fence: Callable[[str], None] = die,
) -> AsyncIterator[ShardSlot]:
    """Claim a slot, or wait as a hot spare until one is free; release it when the context ends.

    Calls `drain` when the operator asks all processes to end. Raises Unneeded when `stop` is set before a slot was
    free, ConfigError and StoreUnavailable.
    """
    connection = await _connect(dsn(url))
    try:
        with _reached():
            await connection.add_listener(DRAIN_CHANNEL, lambda *_: drain())
            number = await _take(connection, slots, stop)
        slot = ShardSlot(connection, slots[number], fence)
        log.info("slot_claimed", shards=[*slot.shards])
        keeping = asyncio.create_task(slot.keep(), name="slot")
        try:
            with _checked_on_waking(slot), _watched(slot):
                yield slot
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
    finally:
        with suppress(Exception):
            await connection.close(timeout=PING_TIMEOUT_SECONDS)


async def taken(url: str) -> int:
    """Return how many slots are claimed. Raises ConfigError and StoreUnavailable."""
    connection = await _connect(dsn(url))
    try:
        held = f"""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
            AND classid::bigint = $1 AND {_HERE}"""
        with _reached():
            return await _ask(connection, held, SLOT_LOCKS)
    finally:
        await connection.close(timeout=PING_TIMEOUT_SECONDS)


async def ask_to_drain(url: str) -> None:
    """Ask every process to finish what it says and exit. Raises ConfigError and StoreUnavailable."""
    connection = await _connect(dsn(url))
    try:
        with _reached():
            await connection.execute(f"NOTIFY {DRAIN_CHANNEL}")
    finally:
        await connection.close(timeout=PING_TIMEOUT_SECONDS)


@contextmanager
def _checked_on_waking(slot: ShardSlot) -> Iterator[None]:
    """Check the lease first when a frozen process continues."""
    number = getattr(signal, "SIGCONT", None)  # not on Windows
    if number is None:
        yield
        return
    previous = signal.signal(number, lambda *_: slot.check())
    try:
        yield
    finally:
        signal.signal(number, previous)


@contextmanager
def _watched(slot: ShardSlot) -> Iterator[None]:
    """Check the lease from a separate thread."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LEASE_CHECK_SECONDS):
            slot.check()

    thread = threading.Thread(target=watch, name="slot", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _take(connection: Any, slots: Sequence[range], stop: asyncio.Event) -> int:
    """Wait until the lock of some slot is free, take it and return the number of the slot."""
    layout = zlib.crc32(repr(slots).encode()) & 0x7FFF_FFFF
    said = ""
    while True:
        if agreed := await _agreed(connection, layout):
            for number in range(len(slots)):
                if await _ask(connection, "SELECT pg_try_advisory_lock($1, $2)", SLOT_LOCKS, number):
                    return number
            await _ask(connection, "SELECT pg_advisory_unlock_shared($1, $2)", LAYOUT_LOCKS, layout)
        if said != (say := "spare" if agreed else "other_layout"):
            log.info(say, slots=len(slots))
            said = say
        with suppress(TimeoutError):
            async with asyncio.timeout(CLAIM_RETRY_SECONDS):
                await stop.wait()
        if stop.is_set():
            raise Unneeded


async def _agreed(connection: Any, layout: int) -> bool:
    """Join the holders of this layout, unless a process holds another layout: a shard would run in both."""
    await _ask(connection, "SELECT pg_advisory_lock_shared($1, $2)", LAYOUT_LOCKS, layout)
    others = f"""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
        AND classid::bigint = $1 AND objid::bigint <> $2 AND {_HERE}"""
    if await _ask(connection, others, LAYOUT_LOCKS, layout):
        await _ask(connection, "SELECT pg_advisory_unlock_shared($1, $2)", LAYOUT_LOCKS, layout)
        return False
    return True


async def _ask(connection: Any, query: str, *values: int) -> Any:
    return await connection.fetchval(query, *values, timeout=PING_TIMEOUT_SECONDS)


async def _connect(target: str) -> Any:
    with _reached() as asyncpg:
        return await asyncpg.connect(target, timeout=int(PING_TIMEOUT_SECONDS), server_settings=_SERVER_SETTINGS)


@contextmanager
def _reached() -> Iterator[Any]:
    """Turn every error of an unreachable database into StoreUnavailable; yield the driver.

    Raises ConfigError when the driver is not installed.
    """
    try:
        import asyncpg  # an optional extra
    except ImportError:
        raise ConfigError(["DATABASE_URL needs asyncpg: install kikite[postgres]"]) from None
    try:
        yield asyncpg
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError) as error:
        hint = "Check DATABASE_URL: the server must be reachable."
        raise StoreUnavailable(f"the slots' connection failed ({type(error).__name__})", hint=hint) from error
