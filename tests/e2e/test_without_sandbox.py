"""The product runs where the sandbox's package is not installed, as in an image that leaves it out."""

import signal
from pathlib import Path

from tests.e2e import process
from tests.e2e.conftest import Harness
from tests.e2e.process import environment

HOOK = """
import sys

class NoSandbox:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sandbox":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoSandbox())
"""
"""Python imports `sitecustomize` before anything else."""


def without_sandbox(harness: Harness) -> dict[str, str]:
    """Return the environment of a bot that cannot import the sandbox."""
    folder = harness.folder / "hook"
    folder.mkdir()
    Path(folder, "sitecustomize.py").write_text(HOOK)
    return environment(harness.sandbox, harness.model, harness.folder) | {"PYTHONPATH": str(folder)}


async def test_run_and_doctor_work_without_the_sandbox(harness: Harness) -> None:
    env = without_sandbox(harness)
    hidden = await process.python(env, harness.folder, "-c", "import sandbox")
    assert hidden.code == 1
    assert "No module named 'sandbox'" in hidden.err
    doctor = await process.run(env, harness.folder, "doctor")
    assert doctor.code == 0, doctor.out + doctor.err
    async with process.running(env, harness.folder) as bot:
        await bot.ready()
        assert "join" in {command["name"] for command in harness.sandbox.commands()}
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
    assert not any("Traceback" in line for line in bot.lines)
