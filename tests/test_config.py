from pathlib import Path

import pytest

from bot import config
from bot.errors import ConfigError


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name.upper() + "_FILE", raising=False)


def faults(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        config.load()
    return caught.value.faults


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(monkeypatch) == ["DISCORD_TOKEN is missing", "OPENAI_API_KEY is missing"]


def test_all_faults_come_at_once_and_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    found = faults(
        monkeypatch,
        DISCORD_TOKEN="  ",
        OPENAI_API_KEY_FILE="/nowhere/canary-path",
        CONSENT="canary-consent",
        HTTP_PORT="99999",
        BUDGET_SERVER_DAY="canary-money",
        DISCORD_API_BASE="canary-base",
    )
    assert [fault.split(":")[0] for fault in found] == [
        "DISCORD_TOKEN",
        "DISCORD_API_BASE",
        "OPENAI_API_KEY",
        "CONSENT",
        "BUDGET_SERVER_DAY",
        "HTTP_PORT",
    ]
    assert "canary" not in " ".join(found)
    assert "99999" not in " ".join(found)


def test_a_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    settings = config.load()
    assert settings.openai_api_key.get_secret_value() == "sk-from-file"
    assert "sk-from-file" not in repr(settings)


def test_an_empty_setting_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DISCORD_TOKEN": "t", "OPENAI_API_KEY": "k", "HTTP_PORT": "", "LANGUAGE": ""}.items():
        monkeypatch.setenv(name, value)
    settings = config.load()
    assert settings.http_port is None
    assert settings.language is None


def test_the_address_is_used_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"DISCORD_TOKEN": "t", "OPENAI_API_KEY": "k", "DISCORD_API_BASE": "http://127.0.0.1:9/x/api/v10/"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert config.load().discord_api_base == "http://127.0.0.1:9/x/api/v10"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path / ".env")


def test_a_folder_in_the_file_s_place_is_no_file(tmp_path: Path) -> None:
    """What some container engines make of a file that is not there."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError, match="DISCORD_TOKEN is missing"):
        config.load(tmp_path / ".env")
