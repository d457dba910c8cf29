"""forget-user and export-user, as an operator runs them beside the bot."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main
from bot.store.repository import SqlStore
from bot.types import Message

ANNA, BEN = 2**60 + 1, 2**60 + 2


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DISCORD_TOKEN": "t",
        "OPENAI_API_KEY": "k",
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        "STORE_KEY": "A" * 43 + "=",
    }.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


async def fill(path: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{path}", "A" * 43 + "=")
    lines = [Message("user", person, "Änna", f"said by {person}", datetime.now(UTC)) for person in (ANNA, BEN)]
    await store.remember(1, 2, lines)
    await store.consent(1, ANNA, True)
    await store.aclose()


def test_export_then_forget(runner: CliRunner, tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "bot.db"))
    exported = runner.invoke(main.cli, ["export-user", str(ANNA)])
    kept = json.loads(exported.stdout)
    assert [line["text"] for line in kept["messages"]] == [f"said by {ANNA}"]
    forgotten = runner.invoke(main.cli, ["forget-user", str(ANNA)])
    assert forgotten.stdout.startswith("deleted: 1 messages, 1 consents")
    assert json.loads(runner.invoke(main.cli, ["export-user", str(ANNA)]).stdout)["messages"] == []
    assert len(json.loads(runner.invoke(main.cli, ["export-user", str(BEN)]).stdout)["messages"]) == 1


@pytest.mark.parametrize(("key", "code"), [("B" * 43 + "=", 74), ("a passphrase", 78)])
def test_a_wrong_key_is_said(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, code: int
) -> None:
    asyncio.run(fill(tmp_path / "bot.db"))
    monkeypatch.setenv("STORE_KEY", key)
    ended = runner.invoke(main.cli, ["export-user", str(ANNA)])
    assert ended.exit_code == code
    assert "STORE_KEY" in ended.output
    assert key not in ended.output
