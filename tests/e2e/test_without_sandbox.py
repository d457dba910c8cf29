"""The product runs where the sandbox's package is not installed, as in an image that leaves it out."""

import signal
from pathlib import Path

from tests.e2e import process
from tests.e2e.conftest import House
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


def without_sandbox(house: House) -> dict[str, str]:
    """Return the environment of a bot that cannot import the sandbox."""
    folder = house.folder / "hook"
    folder.mkdir()
    Path(folder, "sitecustomize.py").write_text(HOOK)
    return environment(house.sandbox, house.model, house.folder) | {"PYTHONPATH": str(folder)}


async def test_run_and_doctor_work_without_the_sandbox(house: House) -> None:
    env = without_sandbox(house)
    hidden = await process.python(env, house.folder, "-c", "import sandbox")
    assert hidden.code == 1
    assert "No module named 'sandbox'" in hidden.err
    doctor = await process.run(env, house.folder, "doctor")
    assert doctor.code == 0, doctor.out + doctor.err
    async with process.running(env, house.folder) as bot:
        await bot.ready()
        assert "join" in {command["name"] for command in house.sandbox.commands()}
        bot.signal(signal.SIGTERM)
        assert await bot.ended() == 0
    assert not any("Traceback" in line for line in bot.lines)
