"""The alerts by Prometheus' own programs: promtool tests the rules, Alertmanager tells the webhook."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.e2e.process import free_port
from tests.ops.test_deploy import shown

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "deploy/prometheus/alerts.yml"
WEBHOOK = "${ALERT_WEBHOOK"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("promtool", "amtool", "prometheus-alertmanager"))),
    reason="Prometheus and Alertmanager are not installed",
)


def run(*command: str, folder: Path, text: str | None = None) -> str:
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alertmanager_config(webhook: str | None) -> str:
    """Return what compose makes of the file in docker-compose.yml."""
    block = (ROOT / "docker-compose.yml").read_text().split("    content: |\n")[1].split("\nvolumes:")[0]
    text = re.sub(r"(?m)^ {6}", "", block)
    text = text.replace(WEBHOOK + ":+-but-the-webhook}", "-but-the-webhook" if webhook else "")
    text = re.sub(r"\$\{ALERT_WEBHOOK:-(.*?)\}", webhook or r"\1", text)
    assert "${" not in text
    return text


def test_the_rules_fire_when_they_should_and_for_no_healthy_spare(tmp_path: Path) -> None:
    for file in (RULES, ROOT / "deploy/prometheus/prometheus.yml", ROOT / "tests/ops/alerts.test.yml"):
        shutil.copy(file, tmp_path)
    print(run("promtool", "check", "config", "prometheus.yml", folder=tmp_path))
    print(run("promtool", "test", "rules", "alerts.test.yml", folder=tmp_path))


def test_metrics_are_named_as_prometheus_advises(tmp_path: Path) -> None:
    assert run("promtool", "check", "metrics", folder=tmp_path, text=shown()) == ""


@pytest.mark.parametrize("webhook", [None, "http://127.0.0.1:9999/alerts"])
def test_alertmanager_takes_its_configuration(webhook: str | None, tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(alertmanager_config(webhook))
    run("amtool", "check-config", "alertmanager.yml", folder=tmp_path)
    route = ("amtool", "config", "routes", "test", "--config.file=alertmanager.yml")
    for severity in ("critical", "warning"):
        found = run(*route, f"severity={severity}", "alertname=KikiteDown", folder=tmp_path).strip()
        assert found == ("nobody-but-the-webhook" if webhook else "nobody")


@pytest.mark.e2e
async def test_a_critical_alert_reaches_the_webhook_at_once(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/alerts").respond_with_data("ok")
    (tmp_path / "alertmanager.yml").write_text(alertmanager_config(httpserver.url_for("/alerts")))
    address = f"127.0.0.1:{free_port()}"
    command = ("prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data")
    command += ("--cluster.listen-address=", f"--web.listen-address={address}")
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        add = ("amtool", "alert", "add", "KikiteDown", "severity=critical", f"--alertmanager.url=http://{address}")
        async with asyncio.timeout(60):
            while (await asyncio.to_thread(subprocess.run, add, capture_output=True)).returncode:
                await asyncio.sleep(0.1)
            while not httpserver.log:
                await asyncio.sleep(0.1)
    finally:
        process.terminate()
        process.wait(30)
    [alert] = json.loads(httpserver.log[0][0].data)["alerts"]
    assert alert["labels"] == {"alertname": "KikiteDown", "severity": "critical"}
