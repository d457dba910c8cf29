"""The demo: a sandbox Discord, the App that `run` starts, two people who talk to it, and a record of what happened."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot import app, config
from bot.audio import HEAR_RATE, RTP_RATE
from bot.config import Settings
from bot.errors import BotError, ConfigError
from sandbox import clips
from sandbox.demo.report import DemoReport, DemoTurn
from sandbox.demo.view import View
from sandbox.media import to_pcm
from sandbox.model.behaviour import Echo
from sandbox.model.hearing import recognise
from sandbox.model.relay import ModelRelay
from sandbox.model.server import ModelServer
from sandbox.people.person import Person
from sandbox.server import Sandbox

LIMIT = 60.0
"""Seconds after which the demo ends, whatever happens."""
LIVE_LIMIT = 180.0
LATER = 1.5
"""Seconds of the answer after which it is talked over."""
TALK = 40.0
"""Seconds for people's files and their echo: the demo is over within LIMIT."""
AROUND = 3.5
"""Seconds that each turn takes besides."""

Model = ModelServer | ModelRelay


class DemoFailed(BotError):
    code = "demo"
    default_hint = "Run it again; if it fails again, please report it with this line."


@dataclass(frozen=True, slots=True)
class DemoLine:
    """One thing that is said."""

    who: str
    sound: bytes
    "s16le mono 48 kHz"
    words: str
    "what is said, as far as that is known"
    over: bool = False
    "said over the bot's answer, instead of after it"


def shipped() -> list[DemoLine]:
    """Return the shipped conversation: English and Japanese, one talking over the other's answer once."""
    script = (("Anna", "anna-cook", False), ("Yuki", "yuki-weather", True), ("Yuki", "yuki-when", False))
    return [DemoLine(who, clips.load(clip, RTP_RATE), clips.get(clip).sentence, over) for who, clip, over in script]


def from_files(files: Sequence[Path]) -> list[DemoLine]:
    """Return a conversation of the user's own recordings, said in turn by the two people.

    Long ones are cut, so that the demo ends in time. Raises BadAudio for what cannot be read.
    """
    longest = max(2.0, (TALK / len(files) - AROUND) / 2)
    return [
        DemoLine(("Anna", "Yuki")[n % 2], to_pcm(file, RTP_RATE, longest), file.name) for n, file in enumerate(files)
    ]


async def run_demo(out: Path, files: Sequence[Path], *, live: bool, console: Console) -> None:
    """Play the demo and leave its record in `out`.

    Raises DemoFailed, or what the bot itself failed of.
    """
    lines = from_files(files) if files else shipped()
    view = View(console)
    limit = LIVE_LIMIT if live else LIMIT
    try:
        async with asyncio.timeout(limit - 2.0):
            report = await _play(lines, view, live=live, answer_all=bool(files))
    except TimeoutError:
        raise DemoFailed(f"the demo took longer than {limit:.0f} s") from None
    finally:
        view.close()
    report.write(out)
    view.summary(report, out)


async def _play(lines: Sequence[DemoLine], view: View, *, live: bool, answer_all: bool) -> DemoReport:
    async with (
        Sandbox.open() as sandbox,
        _model(live) as model,
        _bot(sandbox, model, answer_all) as running,
    ):
        view.opening(live)
        anna, yuki = await sandbox.person("Anna"), await sandbox.person("Yuki", locale="ja")
        for person in (anna, yuki):
            await person.join(sandbox.lounge.id)
            view.came(person.user.global_name or person.user.name)
        await (await sandbox.command(anna.user, "join", channel_id=sandbox.lounge.id)).settled()
        [call] = running.calls.all()
        view.joined(sandbox.lounge.name)
        watching = asyncio.create_task(
            view.watch(call, lambda: [m.content for m in sandbox.messages(sandbox.lounge.id)])
        )
        report = DemoReport(anna.ears, sandbox.bot.id)
        try:
            for line in lines:
                await _say(line, {"Anna": anna, "Yuki": yuki}[line.who], sandbox, model, report, view)
            await anna.ears.quiet(sandbox.bot.id, 1.0)
            await _settle(sandbox)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        report.transcript = [m.content for m in sandbox.messages(sandbox.lounge.id) if m.content]
        report.channel = anna.ears.heard(sandbox.bot.id)
        return report


async def _say(line: DemoLine, person: Person, sandbox: Sandbox, model: Model, report: DemoReport, view: View) -> None:
    """Have a line said, after the answer to the one before or over it, and wait until its answer sounds."""
    bot, ears, asked = sandbox.bot.id, report.ears, len(model.chats)
    if line.over:
        await asyncio.sleep(LATER)
    elif report.turns:
        await ears.quiet(bot, 1.0)
    view.says(line.who, line.words, over=line.over)
    said = await person.say(line.sound)
    try:
        requests = await asyncio.wait_for(model.wait_for_chats(asked + 1), 15)
    except TimeoutError:
        raise DemoFailed(f"the bot did not ask the model about what {line.who} said") from None
    turn = DemoTurn(line.who, line.words, said.last, requests[-1])
    report.turns.append(turn)
    try:
        async with asyncio.timeout(15):
            while turn.first_packet(ears, bot) is None:
                await asyncio.sleep(0.02)
                turn.request = model.chats[-1]  # a pause may have looked like the end: then a later one counts
    except TimeoutError:
        raise DemoFailed(f"no answer to {line.who} was heard") from None
    view.answers(turn)


async def _settle(sandbox: Sandbox) -> None:
    """Wait until every line of the bot is final: it has its seconds and its cost then."""
    for _ in range(100):
        lines = [m.content for m in sandbox.messages(sandbox.lounge.id) if m.author.id == sandbox.bot.id]
        if lines and "-#" in lines[-1]:
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _model(live: bool) -> AsyncIterator[Model]:
    """Open the stand-in, or the way to the real server.

    Raises ConfigError when the real one is wanted without a key.
    """
    if not live:
        async with ModelServer.open() as model:
            model.default = Echo()
            # The stand-in's ears know the shipped clips; learning them takes a moment, which no turn should pay.
            await asyncio.to_thread(recognise, clips.load("anna-stop", HEAR_RATE))
            yield model
        return
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key:
        raise ConfigError(["OPENAI_API_KEY is missing, which --live needs"])
    upstream = os.environ.get("OPENAI_BASE_URL") or Settings.model_fields["openai_base_url"].default
    async with ModelRelay.open(key, upstream) as relay:
        yield relay


@asynccontextmanager
async def _bot(sandbox: Sandbox, model: Model, answer_all: bool) -> AsyncIterator[app.App]:
    """Run the bot as `python -m bot run` does, only in this process."""
    with tempfile.TemporaryDirectory(prefix="kikite-demo-") as folder:
        settings = config.load(
            overrides={
                "discord_token": sandbox.token,
                "discord_api_base": sandbox.api_base,
                "openai_api_key": model.key,
                "openai_base_url": model.base_url,
                "database_url": f"sqlite+aiosqlite:///{folder}/demo.db",
                "consent": "notice",
                "answering": "always" if answer_all else "auto",
            }
        )
        stop = asyncio.Event()
        async with app.build(settings, sandbox.authority.client_context) as running:
            serving = asyncio.create_task(running.run(stop))
            try:
                while not running.client.serving:
                    if serving.done():
                        serving.result()
                        raise DemoFailed("the bot ended before it was ready")
                    await asyncio.sleep(0.02)
                yield running
            finally:
                stop.set()
                await serving
