"""What calls cost a process of the bot: idle, while people speak in all of them, and with answers.

`./dev pytest -m long tests/bench/test_load.py -n 0` prints CPU time and threads. Set KIKITE_BEFORE to the Python of
another build's environment to have both in one run; read the ratios. Only what would be a fault is asserted.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import pytest

from sandbox import clips
from sandbox.guild.entities import Kind
from sandbox.model.behaviour import Speak, TranscribeAs
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
TALK_HEADING = "load: 8 calls x 3 people who all speak and are answered, CPU s per second of speech (target <= 0.60)"
TALK_CALLS, TALK_ROUNDS = 8, 4
LINES = ("ben-moon", "anna-cook", "ben-story", "anna-boss", "ben-train", "anna-wait")
ANSWER_SECONDS = 9.0
"""From the last word: an answer and the rest after it."""


def cpu(pid: int) -> float:
    """Return the seconds of CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def call(sandbox: Sandbox, number: int, names: Sequence[str] = ("Ann",)) -> list[Person]:
    """Have people in a server of their own call the bot."""
    guild = sandbox.add_guild(f"Server {number}")
    [lounge] = [channel for channel in guild.channels.values() if channel.kind is Kind.VOICE]
    people: list[Person] = []
    for name in names:
        user = sandbox.world.add_user(f"{name.lower()}{number}", f"{name} {number}")
        sandbox.world.add_member(guild, user)
        sandbox.moderator.joined(guild, user)
        people.append(Person(sandbox, user, "davey"))
        await people[-1].join(lounge.id)
    outcome = await sandbox.command(people[0].user, "join", {}, channel_id=lounge.id)
    await outcome.settled()
    return people


async def measured(bot: BotProcess, seconds: float) -> float:
    """Return the share of a core that the bot uses."""
    begin = cpu(bot.process.pid)
    await asyncio.sleep(seconds)
    return (cpu(bot.process.pid) - begin) / seconds


async def note_stops(stops: list[float]) -> None:
    """Note for how long this process stands still: people in it say nothing meanwhile, which may end an utterance."""
    while True:
        begin = time.monotonic()
        await asyncio.sleep(0.02)
        stops.append(time.monotonic() - begin - 0.02)


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
            async with process.running(settings, folder, python=python, fresh=True) as bot:
                await bot.ready()
                people = [(await call(sandbox, number))[0] for number in range(CALLS)]
                await asyncio.sleep(SETTLING)
                idle = await measured(bot, SECONDS)
                stops: list[float] = []
                watching = asyncio.create_task(note_stops(stops))
                speaking = [asyncio.create_task(person.say(speech)) for person in people[:8]]
                await asyncio.sleep(1.0)
                busy = await measured(bot, SECONDS - 3)
                await asyncio.gather(*speaking)
                watching.cancel()
                await asyncio.sleep(SETTLING)
                figures.setdefault(HEADING, []).append(
                    f"{build}: {CALLS} idle calls {100 * idle:.1f} % of a core, {threads(bot.process.pid)} threads; "
                    f"8 of them speaking {100 * busy:.1f} %, {len(model.transcriptions)} utterances heard, "
                    f"while this process stood still for up to {1000 * max(stops):.0f} ms"
                )
                for person in people:
                    await person.hang_up()


class Talk:
    """A bot of one build in calls of three people."""

    def __init__(self, bot: BotProcess, calls: list[list[Person]]) -> None:
        self.costs: list[float] = []
        "CPU s per second of speech, by round"
        self._bot, self._calls = bot, calls

    @classmethod
    async def begin(cls, stack: AsyncExitStack, folder: Path, python: str) -> "Talk":
        folder.mkdir()
        sandbox = await stack.enter_async_context(Sandbox.open())
        model = await stack.enter_async_context(ModelServer.open(first_audio=0.3))
        model.default = Speak.clip("bot-rice")
        model.default_transcription = TranscribeAs("Kikite, what do you think of it?")
        settings = environment(sandbox, model, folder) | {"ANSWERING": "always"}
        bot = await stack.enter_async_context(process.running(settings, folder, python=python, fresh=True))
        await bot.ready()
        calls = [await call(sandbox, number, ("Ann", "Ben", "Yuki")) for number in range(TALK_CALLS)]
        for people in calls:
            for person in people:
                stack.push_async_callback(person.hang_up)
        return cls(bot, calls)

    async def round(self, number: int) -> None:
        """Let everybody say a line, and the bot answer."""
        lines = [
            (person, clips.load(LINES[(index + 2 * place + number) % len(LINES)], 48_000), 0.4 * (index % 4))
            for index, people in enumerate(self._calls)
            for place, person in enumerate(people)
        ]
        begin = cpu(self._bot.process.pid)
        await asyncio.gather(*(self._say(*line) for line in lines))
        await asyncio.sleep(ANSWER_SECONDS)
        speech = sum(len(sound) for _, sound, _ in lines) / 96_000
        self.costs.append((cpu(self._bot.process.pid) - begin) / speech)

    async def _say(self, person: Person, sound: bytes, later: float) -> None:
        await asyncio.sleep(later)
        await person.say(sound)


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the figures come from /proc")
async def test_cpu_of_conversations(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    async with AsyncExitStack() as stack:
        talks = {build: await Talk.begin(stack, tmp_path / build, python) for build, python in BUILDS.items() if python}
        await asyncio.sleep(SETTLING)
        for number in range(TALK_ROUNDS):
            for talk in list(talks.values())[:: 1 if number % 2 else -1]:
                await talk.round(number)
    for build, talk in talks.items():
        rounds = ", ".join(f"{cost:.4f}" for cost in talk.costs)
        figures.setdefault(TALK_HEADING, []).append(f"{build}: median {median(talk.costs):.4f} of {rounds}")
    if len(talks) > 1:
        ratio = median(talks["this build"].costs) / median(talks["before"].costs)
        figures[TALK_HEADING].append(f"ratio {ratio:.2f}")
