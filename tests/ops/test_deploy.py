"""What is deployed speaks of what there is."""

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import generate_latest

from bot.config import Settings
from bot.ops.health import Lag
from bot.ops.metrics import BotCollector, Links, registry
from bot.tally import Tally
from bot.voice.pacer import Pacer

ROOT = Path(__file__).parent.parent.parent
DEPLOYED = ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/kikite.json"]


def shown() -> str:
    """Return the metrics page of a process without calls."""
    calls = cast("Any", SimpleNamespace(all=list, counts=Counter(joined=1)))
    collector = BotCollector(calls, Links(), Tally(), Pacer(), Lag(), lambda: {"ready": 1.0})
    return generate_latest(registry(collector)).decode()


@pytest.mark.parametrize("path", DEPLOYED)
def test_alerts_and_dashboard_name_metrics_that_exist(path: str) -> None:
    wanted = set(re.findall(r"\bkikite_[a-z_]+", (ROOT / path).read_text()))
    page = shown()
    assert wanted
    for name in wanted:
        family = re.sub(r"_bucket$", "", name)
        assert f"# TYPE {family} " in page, name


@pytest.mark.parametrize("path", ["docker-compose.yml", "deploy/kubernetes/kikite.yaml", "Dockerfile"])
def test_settings_that_are_set_exist(path: str) -> None:
    known = {name.upper() for name in Settings.model_fields}
    text = (ROOT / path).read_text()
    named = set(re.findall(r"\b((?:DISCORD|OPENAI|HTTP|SHARD|SHARDS|DATABASE|LOG)_[A-Z_]+)\b", text))
    assert named
    assert {name.removesuffix("_FILE") for name in named} <= known
