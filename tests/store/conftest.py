"""A store for each test, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.repository import SqlStore
from tests.store.databases import made_postgres, postgres, url

__all__ = ["file", "made_postgres", "postgres", "store", "url"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of a SQLite file that does not exist yet."""
    return tmp_path / "bot.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(url)
    yield store
    await store.aclose()
