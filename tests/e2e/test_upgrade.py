"""An upgrade and the way back: the code of the version before runs on the schema of the version after it."""

import io
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from bot.store.database import MIGRATIONS, newest_revision
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment
from tests.e2e.test_process import talk
from tests.store.databases import made_postgres, postgres, url

__all__ = ["made_postgres", "postgres", "url"]

ROOT = MIGRATIONS.parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def version_before(folder: Path) -> str:
    """Put the code from before the newest migration into a folder, and return its newest revision.

    Where the history has no such code, as two migrations came at once, that is today's without this migration.
    """
    newest = next((MIGRATIONS / "versions").glob(f"{newest_revision()}_*.py"))
    git = ("git", "-C", str(ROOT))
    added = subprocess.run(
        (*git, "log", "-1", "--diff-filter=A", "--format=%H", "--", str(newest)), capture_output=True, text=True
    ).stdout.strip()
    code = subprocess.run((*git, "archive", f"{added}^", "bot"), capture_output=True).stdout if added else b""
    if code:
        with tarfile.open(fileobj=io.BytesIO(code)) as archive:
            archive.extractall(folder)  # made by git, here; `filter` came with Python 3.11.4
    if not code or int(newest_in(folder)) != int(newest_revision()) - 1:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ROOT / "bot", folder / "bot", ignore=shutil.ignore_patterns("__pycache__", newest.name))
    return newest_in(folder)


def newest_in(folder: Path) -> str:
    return max(file.stem for file in (folder / "bot/store/migrations/versions").glob("[0-9]*.py"))[:4]


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True)
async def test_one_version_up_and_back_again(harness: Harness, url: str, tmp_path: Path) -> None:
    before = tmp_path / "before"
    assert int(version_before(before)) == int(newest_revision()) - 1
    new = environment(harness.sandbox, harness.model, harness.folder) | {"DATABASE_URL": url}
    old = new | {"PYTHONPATH": str(before)}
    where = await process.python(old, harness.folder, "-c", "import bot; print(bot.__file__)")
    assert where.out.strip() == str(before / "bot/__init__.py")
    anna = await harness.sandbox.person("Anna")
    for turn, env in enumerate((old, new, old), 1):
        async with process.running(env, harness.folder) as bot:
            await bot.ready()
            if turn == 1:
                await harness.join(anna)
            else:
                await until(lambda: sum("I'm back" in line for line in harness.lines()) == turn - 1, 60)  # noqa: B023
            await talk(harness, anna, turn)
            past = harness.model.chats[-1].body["messages"]
            assert len(past) >= 2 * turn, "the instructions, and what was said under the other version"
            bot.signal(signal.SIGTERM)
            assert await bot.ended(60) == 0
        assert not any("Traceback" in line for line in bot.lines)
        if turn > 1:
            migrated = await process.run(env, harness.folder, "migrate")
            assert migrated.code == 0, migrated.err
