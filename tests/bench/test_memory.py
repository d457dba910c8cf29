"""What a process of the bot keeps in memory: started, and in a call that has answered.

`./dev pytest -m long tests/bench/test_memory.py -n 0` prints resident MiB. Set KIKITE_BEFORE to the Python of another
build's environment to have both in one run. Only what would be a fault is asserted.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from sandbox import clips
from sandbox.model.server import ModelServer
from sandbox.server import Sandbox
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment

HEADING = "memory: resident MiB of the process (target <= 120 idle)"
BUILDS = {"this build": sys.executable, "before": os.environ.get("KIKITE_BEFORE", "")}
SETTLED = 3.0
"""Seconds after which a started process allocates no more."""


def resident(pid: int) -> float:
    """Return the MiB that a process holds in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the figures come from /proc")
async def test_memory_of_a_process(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    for build, python in BUILDS.items():
        if not python:
            continue
        for start in ("first start", "second start"):
            folder = tmp_path / build
            folder.mkdir(exist_ok=True)
            async with Sandbox.open() as sandbox, ModelServer.open(first_audio=0.1) as model:
                harness = Harness(sandbox, model, folder)
                async with process.running(
                    environment(sandbox, model, folder), folder, python=python, fresh=True
                ) as bot:
                    await bot.ready()
                    await asyncio.sleep(SETTLED)
                    idle = resident(bot.process.pid)
                    anna = await sandbox.person("Anna")
                    await harness.join(anna)
                    await anna.say(clips.load("anna-cook", 48_000))
                    await until(lambda: bool(model.chats))
                    await asyncio.sleep(SETTLED)
                    figures.setdefault(HEADING, []).append(
                        f"{build}, {start}: idle {idle:.1f}, after an answer {resident(bot.process.pid):.1f}"
                    )
                    assert idle > 0
