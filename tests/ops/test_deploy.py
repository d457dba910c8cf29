"""What is deployed speaks of what there is."""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from dotenv import dotenv_values
from prometheus_client import generate_latest

from bot.call.counters import STAGES, Counters
from bot.config import Settings, file_names
from bot.errors import BotError
from bot.ops.health import Lag
from bot.ops.http import HttpPages, serving
from bot.ops.metrics import DAVE_FATES, BotCollector, Links, registry
from bot.voice.send.pacer import Pacer

ROOT = Path(__file__).parent.parent.parent
DEPLOYED = ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/kikite.json"]


def shown() -> str:
    """Return the metrics page of a process without calls."""
    calls = cast("Any", SimpleNamespace(all=list, counts=Counter(joined=1), outbox=()))
    collector = BotCollector(calls, Links(), Counters(), Pacer(), Lag(), lambda: {"ready": 1.0, "shards": 1.0})
    return generate_latest(registry(collector)).decode()


@pytest.mark.parametrize("path", DEPLOYED)
def test_alerts_and_dashboard_name_metrics_that_exist(path: str) -> None:
    wanted = set(re.findall(r"\bkikite_[a-z_]+", (ROOT / path).read_text()))
    page = shown()
    assert wanted
    for name in wanted:
        family = re.sub(r"_bucket$", "", name)
        assert f"# TYPE {family} " in page, name


def kinds(error: type[BotError]) -> set[str]:
    return {error.code}.union(*(kinds(kind) for kind in error.__subclasses__()))


@pytest.mark.parametrize("path", DEPLOYED)
def test_the_labels_they_choose_by_exist(path: str) -> None:
    known = {
        "outcome": kinds(BotError) | {"answered", "interrupted"},
        "stage": set(STAGES),
        "kind": set(DAVE_FATES),
        "bound": {"store_failures"},
        "job": {"kikite"},
        "event": set(Counters().gateway),
    }
    chosen = re.findall(r'(\w+)[=!]~?\\?"([\w|]+)\\?"', (ROOT / path).read_text())
    assert chosen
    for label, values in chosen:
        assert set(values.split("|")) <= known[label], label


NOT_OF_THE_BOT = {
    *("PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "OTEL_EXPORTER_OTLP_ENDPOINT"),  # of others in its process
    *("POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "CHAT_COMPLETION_BASE_URL", "ENABLE_UI", "WHISPER__TTL"),
    "OLLAMA_KEEP_ALIVE",
}
"""What manifests set for other programs."""


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("docker-compose.yml", r"(?m)^ +([A-Z][A-Z_]+): "),
        ("deploy/kubernetes/kikite.yaml", r"- \{?name: ([A-Z][A-Z_]+)"),
        ("Dockerfile", r"(?<=[ \n])([A-Z][A-Z_]+)=(?=\S+(?: [A-Z]|\nUSER))"),
    ],
)
def test_settings_that_are_set_exist(path: str, form: str) -> None:
    known = {*Settings.model_fields, *(f"{name}_file" for name in file_names())}
    text = (ROOT / path).read_text().partition("\nFROM ${PYTHON}\n")[2] or (ROOT / path).read_text()
    named = set(re.findall(form, text))
    assert {"HTTP_HOST", "HTTP_PORT"} <= named
    assert {name for name in named if name.lower() not in known} <= NOT_OF_THE_BOT


async def test_the_container_is_healthy_when_the_process_is() -> None:
    """The Dockerfile's HEALTHCHECK, asked of the real pages."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    [command] = re.findall(r"^HEALTHCHECK .*? CMD (\[.*\])$", text, re.MULTILINE)
    name, *arguments = json.loads(command)
    assert name == "python"
    pages = HttpPages()

    async def check(port: int) -> int:
        done = await asyncio.to_thread(subprocess.run, [sys.executable, *arguments], env={"HTTP_PORT": str(port)})
        return done.returncode

    async with serving("127.0.0.1", 0, pages) as port:
        assert await check(port) == 0
        pages.trouble = lambda: "the loop stands still"
        assert await check(port) == 1


def test_every_container_has_limits_of_memory_and_of_processes() -> None:
    """Read without a YAML library: a service is a block of `services:`, and the bot's take theirs from `x-bot`."""
    text = (ROOT / "docker-compose.yml").read_text()
    shared, services = text.split("\nservices:\n")[0], text.split("\nservices:\n")[1].split("\nsecrets:\n")[0]
    blocks = re.split(r"(?m)^  (?=\w+:$)", services)[1:]
    assert len(blocks) == 9
    for block in blocks:
        limits = shared if "<<: *bot" in block else block
        assert re.search(r"(?m)^ +mem_limit: \S+$", limits), block
        assert re.search(r"(?m)^ +pids_limit: \d+$", limits), block
    pod = (ROOT / "deploy/kubernetes/kikite.yaml").read_text()
    assert re.search(r"limits: \{memory: \w+\}", pod)
    assert "podPidsLimit" in pod


def test_the_local_profile_fits_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings name is what the services download, and costs nothing."""
    values = dotenv_values(ROOT / "deploy/local/env.example")
    assert {name.upper() for name in Settings.model_fields}.issuperset(values)
    for name, value in (values | {"DISCORD_TOKEN": "t"}).items():
        monkeypatch.setenv(name, value or "")
    settings = Settings()  # pyright: ignore[reportCallIssue] (it reads the environment)
    compose = (ROOT / "docker-compose.yml").read_text()
    host = urlsplit(settings.openai_base_url).hostname
    assert f"\n  {host}:\n" in compose
    for name in ("OPENAI_MODEL", "TRANSCRIBE_MODEL"):
        assert f"${{{name}:-{values[name]}}}" in compose
        assert not any(settings.prices[str(values[name])].values())
    aliases = json.loads((ROOT / "deploy/local/model_aliases.json").read_text())
    assert aliases["whisper-1"] == values["TRANSCRIBE_MODEL"]
    assert set(re.findall(r"for model in (.*?);", compose)[0].split()) <= {*aliases, '"$$TRANSCRIBE_MODEL"'}
