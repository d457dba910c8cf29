"""A database as the newest migration leaves it: made once by each worker, and copied for each test."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from bot.store.repository import SqlStore


def made_database(folder: Path) -> str:
    """Put a SQLite database without a row into a folder, unless it has one; return its URL."""
    file = folder / "bot.db"
    if not file.exists():
        file.write_bytes(_content())
    return f"sqlite+aiosqlite:///{file}"


def migrated(url: str) -> None:
    """Bring an empty database up to date. In a thread, as a loop may run in this one."""

    async def open_and_close() -> None:
        await (await SqlStore.open(url)).aclose()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, open_and_close()).result()


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bot.db"
        migrated(f"sqlite+aiosqlite:///{file}")
        assert not file.with_name("bot.db-wal").exists(), "all of it is in the file"
        return file.read_bytes()
