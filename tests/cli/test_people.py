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
from tests.e2e import process
from tests.store.make import ANNA as STORE_ANNA
from tests.store.make import BEN as STORE_BEN
from tests.store.make import CHANNEL, GUILD, said

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
    assert forgotten.stdout.startswith("deleted: 1 message, 1 consent\n")
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


@pytest.mark.parametrize("command", [["forget-user", str(ANNA)], ["export-user", str(ANNA)], ["backup", "kept"]])
def test_a_database_that_does_not_work_is_said_to_the_operator(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (tmp_path / "bot.db").write_text("no database" * 100)
    monkeypatch.chdir(tmp_path)
    ended = runner.invoke(main.cli, command)
    assert ended.exit_code == 74
    assert "SQLITE_NOTADB" in ended.output
    assert "Check DATABASE_URL" in ended.output
    assert not (tmp_path / "kept").exists()


async def test_a_backup_and_back(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/bot.db"}
    store = await SqlStore.open(env["DATABASE_URL"])
    await store.remember(GUILD, CHANNEL, [said(1, STORE_ANNA), said(2, STORE_BEN)])
    await store.aclose()
    saved = await process.run(env, tmp_path, "backup", "kept.backup")
    assert (saved.code, "saved: 2 rows in kept.backup" in saved.out) == (0, True), saved.err
    assert "transcripts in it are unencrypted" in saved.out
    assert (await process.run(env, tmp_path, "forget-user", str(STORE_ANNA))).code == 0
    asked = await process.run(env, tmp_path, "restore", "kept.backup")
    assert (asked.code, "Replace everything" in asked.err) == (1, True)
    back = await process.run(env, tmp_path, "restore", "--yes", "kept.backup")
    assert (back.code, "left out, because deleted since: 1 row\n" in back.out) == (0, True), back.err
    (tmp_path / "bot.db").unlink()
    fresh = await process.run(env, tmp_path, "restore", "--yes", "kept.backup")
    assert (fresh.code, "forget-user ID" in fresh.out) == (0, True), fresh.err
    (tmp_path / "kept.backup").write_bytes(b"nothing")
    broken = await process.run(env, tmp_path, "restore", "--yes", "kept.backup")
    assert (broken.code, "the backup is damaged" in broken.err) == (65, True), broken.err
    away = await process.run(env, tmp_path, "backup", "no/where.backup")
    assert (away.code, "can't be written" in away.err) == (74, True), away.err


@pytest.mark.parametrize("command", ["demo", "playground"])
def test_what_stands_in_brackets_is_no_markup_of_the_help(runner: CliRunner, command: str) -> None:
    shown = runner.invoke(main.cli, [command, "--help"]).output
    assert "extra [local]" in " ".join(shown.replace("│", " ").split())
