"""Where unfinished jobs lie: with PostgreSQL among the temporary files, where others may have been first."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.errors import ConfigError
from bot.jobs.job_folder import folder_beside

SETTINGS = Settings(
    _env_file=None,  # pyright: ignore[reportCallIssue]
    discord_token=SecretStr("none"),
    openai_api_key=SecretStr("none"),
    database_url="postgresql+asyncpg://kikite@/kikite",
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_it_is_for_its_user_alone(tmp_path: Path) -> None:
    for _ in range(2):
        assert folder_beside(SETTINGS).path == tmp_path / "kikite-jobs"
        assert (tmp_path / "kikite-jobs").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="owners of POSIX")
@pytest.mark.parametrize("made", ["by another user", "a link"])
def test_what_somebody_else_made_is_not_used(tmp_path: Path, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if made == "a link":
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "kikite-jobs").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "kikite-jobs").mkdir()
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="TMPDIR"):
        folder_beside(SETTINGS)
