"""What calls cost a process of the bot: idle, and while people speak in all of them.

`./dev pytest -m long tests/bench/test_load.py -n 0` prints CPU time and threads. Set KIKITE_BEFORE to the Python of
another build's environment to have both in one run; read the ratios. Only what would be a fault is asserted.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from sandbox import clips
from sandbox.guild.entities import Kind
from sandbox.model.server import ModelServer
from sandbox.people.person import Person
from sandbox.server import Sandbox
from tests.e2e import process
from tests.e2e.process import BotProcess, environment

HEADING = "load: CPU of the bot's process (targets: idle <= 0.20 of the build before, speaking <= 0.60)"
BUILDS = {"before": os.environ.get("KIKITE_BEFORE", ""), "this build": sys.executable}
CALLS = int(os.environ.get("KIKITE_CALLS", "20"))
SECONDS = 15.0
SETTLING = 4.0


def cpu(pid: int) -> float:
    """Return the seconds of CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def call(sandbox: Sandbox, number: int) -> Person:
    """Have somebody in a server of their own call the bot."""
    guild = sandbox.add_guild(f"Server {number}")
    user = sandbox.world.add_user(f"ann{number}", f"Ann {number}")
    sandbox.world.add_member(guild, user)
    sandbox.moderator.joined(guild, user)
    [lounge] = [channel for channel in guild.channels.values() if channel.kind is Kind.VOICE]
    person = Person(sandbox, user, "davey")
    await person.join(lounge.id)
    outcome = await sandbox.command(user, "join", {}, channel_id=lounge.id)
    await outcome.settled()
    return person


async def measured(bot: BotProcess, seconds: float) -> float:
    """Return the share of a core that the bot uses."""
    begin = cpu(bot.process.pid)
    await asyncio.sleep(seconds)
    return (cpu(bot.process.pid) - begin) / seconds


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the figures come from /proc")
async def test_cpu_of_many_calls(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    speech = clips.load("ben-story", 48_000)
    speech *= int(SECONDS / (len(speech) / 96_000)) + 1
    for build, python in BUILDS.items():
        if not python:
            continue
        folder = tmp_path / build
        folder.mkdir()
        async with Sandbox.open() as sandbox, ModelServer.open(first_audio=0.1) as model:
            settings = environment(sandbox, model, folder) | {"ANSWERING": "listen"}
            async with process.running(settings, folder, python=python) as bot:
                await bot.ready()
                people = [await call(sandbox, number) for number in range(CALLS)]
                await asyncio.sleep(SETTLING)
                idle = await measured(bot, SECONDS)
                speaking = [asyncio.create_task(person.say(speech)) for person in people[:8]]
                await asyncio.sleep(1.0)
                busy = await measured(bot, SECONDS - 3)
                await asyncio.gather(*speaking)
                figures.setdefault(HEADING, []).append(
                    f"{build}: {CALLS} idle calls {100 * idle:.1f} % of a core, {threads(bot.process.pid)} threads; "
                    f"8 of them speaking {100 * busy:.1f} %"
                )
                for person in people:
                    await person.hang_up()
