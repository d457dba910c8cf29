"""Many processes, one bot: each claims a slot, a fixed range of shards, by an advisory lock in PostgreSQL.

The lock lives with its connection. Whoever cannot show every PING that the connection lives counts as gone: the server
ends a session that was silent for LEASE, and the process itself stops (`fence`) before anybody else can have its slot.
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
"""Seconds between two signs of life."""
PING_TIMEOUT_SECONDS = 3.0
"""Seconds for an answer; without one the process is fenced."""
LEASE_SECONDS = 8.0
"""Seconds of silence after which the server frees the slot (idle_session_timeout): more than PING + PING_WITHIN."""
LEASE_CHECK_SECONDS = 0.25
"""Seconds between two looks of a thread at the lease: a loop that is stuck proves nothing, and cannot look itself."""
LAST_LOG_SECONDS = 0.7
"""Seconds that the last line may take: `check` is 1 s ahead of the end of LEASE, and a LOOK may be late."""
CLAIM_RETRY_SECONDS = 1.0
"""Seconds between two attempts of a hot spare."""
SLOT_LOCKS, LAYOUT_LOCKS = 0x6B696B69, 0x6B696B6A
"""First keys of the advisory locks: "kiki", "kikj"."""
DRAIN_CHANNEL = "kikite_drain"
EXIT_FENCED = 75
"""EX_TEMPFAIL: start me again."""

_SERVER_SETTINGS = {
    # A peer that was cut off without a word is noticed after 5 + 2 * 3 s, by server and client alike.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "11000",
    # A process that was frozen still has a kernel that answers: only silence gives it away.
    "idle_session_timeout": str(int(LEASE_SECONDS * 1000)),
}


_HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
"""Advisory locks are each database's own; pg_locks shows those of all."""


class Unneeded(Exception):
    """The process was asked to end while it was a spare."""


def ranges(shard_count: int, per_process: int) -> list[range]:
    """Return the shards of each slot."""
    return [range(low, min(low + per_process, shard_count)) for low in range(0, shard_count, per_process)]


def called_first(shards: Sequence[int], shard_count: int, guild_ids: Iterable[int]) -> list[int]:
    """Return the shards in the order to log them in: those whose servers have a call need not wait for the others."""
    called = {(guild_id >> 22) % shard_count for guild_id in guild_ids}
    return sorted(shards, key=lambda shard: shard not in called)


def layout(settings: Settings) -> list[range]:
    """Return the slots: one of all shards (an empty range) unless SHARDS_PER_PROCESS cuts them. Raises ConfigError."""
    if settings.shards_per_process is None:
        return [range(0)]
    if settings.shard_count is None:
        raise ConfigError(["SHARDS_PER_PROCESS needs SHARD_COUNT: all processes must agree on it"])
    return ranges(settings.shard_count, settings.shards_per_process)


def dsn(url: str) -> str:
    """Return a SQLAlchemy URL as asyncpg wants it. Raises ConfigError for another kind of database."""
    if not postgres(url):
        raise ConfigError(["several processes need PostgreSQL: set DATABASE_URL to postgresql+asyncpg://…"])
    return "postgresql://" + url.partition("://")[2]


def postgres(url: str) -> bool:
    """Whether a SQLAlchemy URL is one of PostgreSQL."""
    return url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")


def die(reason: str) -> None:
    """End the process this instant: not even a farewell, which might be taken for the new owner's."""
    if hasattr(signal, "setitimer"):  # not on Windows
        # Perhaps nobody reads what is written, which is why all stands still: then SIGALRM ends it.
        signal.setitimer(signal.ITIMER_REAL, LAST_LOG_SECONDS)
    log.error("fenced", reason=reason)
    os._exit(EXIT_FENCED)


class ShardSlot:
    """The slot this process holds. Make it with `claimed`."""

    def __init__(self, connection: Any, shards: Sequence[int], fence: Callable[[str], None]) -> None:
        self.shards = shards
        self._connection = connection
        self._fence = fence
        self._proved = time.monotonic()

    def check(self) -> None:
        """Fence when the slot may be somebody else's by now."""
        silent = time.monotonic() - self._proved
        if silent > LEASE_SECONDS - 1.0:
            self._fence(f"no sign of life for {silent:.1f} s")

    async def keep(self) -> None:
        """Prove every PING that the lock is ours, until cancelled; fence when that fails."""
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
    """Claim a free slot, waiting as a hot spare for one; it is free again with the context.

    `drain` is called when somebody asks all processes to end. Raises Unneeded when `stop` is set before there was a
    slot, ConfigError and StoreUnavailable.
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
    """Return how many slots are somebody's. Raises ConfigError and StoreUnavailable."""
    connection = await _connect(dsn(url))
    try:
        held = f"""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
            AND classid::bigint = $1 AND {_HERE}"""
        with _reached():
            return await _ask(connection, held, SLOT_LOCKS)
    finally:
        await connection.close(timeout=PING_TIMEOUT_SECONDS)


async def ask_to_drain(url: str) -> None:
    """Ask every process to let running words end, and go. Raises ConfigError and StoreUnavailable."""
    connection = await _connect(dsn(url))
    try:
        with _reached():
            await connection.execute(f"NOTIFY {DRAIN_CHANNEL}")
    finally:
        await connection.close(timeout=PING_TIMEOUT_SECONDS)


@contextmanager
def _checked_on_waking(slot: ShardSlot) -> Iterator[None]:
    """Look at the lease before anything else runs when a frozen process is let go on."""
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
    """Look at the lease from a thread of its own."""
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
    """Return the number of the slot whose lock was free, once one is."""
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
    """Join those who hold slots of this layout, unless somebody holds one of another: a shard would be in both."""
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
    """Turn whatever the database's absence shows itself by into StoreUnavailable; gives the driver.

    Raises ConfigError when that is not installed.
    """
    try:
        import asyncpg  # an extra: only there where PostgreSQL is used
    except ImportError:
        raise ConfigError(["DATABASE_URL needs asyncpg: install kikite[postgres]"]) from None
    try:
        yield asyncpg
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError) as error:
        hint = "Check DATABASE_URL: the server must be reachable."
        raise StoreUnavailable(f"the slots' connection failed ({type(error).__name__})", hint=hint) from error
