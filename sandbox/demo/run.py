"""The demo: a sandbox Discord, the App that `run` starts, two people who talk to it, and a report."""

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
from sandbox.consent import press_consent
from sandbox.demo.report import DemoReport, DemoTurn
from sandbox.demo.view import DemoView
from sandbox.media import to_pcm
from sandbox.model.behaviour import Echo
from sandbox.model.dialect import LOCAL_PARTS_SETTINGS, STAND_IN_SETTINGS
from sandbox.model.recognition import recognise
from sandbox.model.relay import ModelRelay
from sandbox.model.server import ModelServer
from sandbox.people.person import Person
from sandbox.server import Sandbox

DEMO_LIMIT_SECONDS = 60.0
"""The demo ends after this time, whatever happens."""
LIVE_DEMO_LIMIT_SECONDS = 180.0
ANSWER_WITHIN_SECONDS = 30.0
"""Local parts on a busy machine take 13 s."""
BARGE_IN_DELAY_SECONDS = 1.5
"""The barge-in comes this long after the answer began."""
MAX_TALK_SECONDS = 40.0
"""Time for the user's files and their echo, chosen so that the demo ends within DEMO_LIMIT_SECONDS."""
TURN_OVERHEAD_SECONDS = 3.5
"""Each turn takes this much longer than its file and its echo."""

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
    "what is said, or the file's name"
    over: bool = False
    "barge-in: said over the bot's answer rather than after it"


def shipped_conversation() -> list[DemoLine]:
    """Return the shipped conversation in English and Japanese, with one barge-in."""
    script = (("Anna", "anna-cook", False), ("Yuki", "yuki-weather", True), ("Yuki", "yuki-when", False))
    return [DemoLine(who, clips.load(clip, RTP_RATE), clips.get(clip).sentence, over) for who, clip, over in script]


def english_conversation() -> list[DemoLine]:
    """Return sentences for a recogniser that knows English alone, with one barge-in."""
    script = (("Anna", "anna-cook", False), ("Yuki", "anna-wait", True), ("Anna", "anna-quickest", False))
    return [DemoLine(who, clips.load(clip, RTP_RATE), clips.get(clip).sentence, over) for who, clip, over in script]


def conversation_from_files(files: Sequence[Path]) -> list[DemoLine]:
    """Return a conversation of the user's own recordings. The two people take turns.

    Long recordings are cut, because the demo must end in time. Raises BadAudio for a file that cannot be read.
    """
    longest = max(2.0, (MAX_TALK_SECONDS / len(files) - TURN_OVERHEAD_SECONDS) / 2)
    return [
        DemoLine(("Anna", "Yuki")[n % 2], to_pcm(file, RTP_RATE, longest), file.name) for n, file in enumerate(files)
    ]


async def run_demo(out: Path, files: Sequence[Path], *, live: bool, local: bool = False, console: Console) -> None:
    """Play the demo and write its report to `out`.

    Raises DemoFailed, or the error that stopped the bot.
    """
    if live and local:
        raise ConfigError(["--live and --local exclude each other"])
    lines = conversation_from_files(files) if files else english_conversation() if local else shipped_conversation()
    view = DemoView(console)
    limit = LIVE_DEMO_LIMIT_SECONDS if live or local else DEMO_LIMIT_SECONDS
    try:
        async with asyncio.timeout(limit - 2.0):
            report = await _play(lines, view, live=live, local=local, answer_all=bool(files) or local)
    except TimeoutError:
        raise DemoFailed(f"the demo took longer than {limit:.0f} s") from None
    finally:
        view.close()
    view.summary(report, out, report.write(out))


async def _play(lines: Sequence[DemoLine], view: DemoView, *, live: bool, local: bool, answer_all: bool) -> DemoReport:
    async with (
        Sandbox.open() as sandbox,
        _model(live) as model,
        _bot(sandbox, model, answer_all, local) as running,
    ):
        view.opening(live, local)
        anna, yuki = await sandbox.person("Anna"), await sandbox.person("Yuki", locale="ja")
        for person in (anna, yuki):
            await person.join(sandbox.lounge.id)
            view.came(person.user.global_name or person.user.name)
        await (await sandbox.command(anna.user, "join", channel_id=sandbox.lounge.id)).settled()
        [call] = running.calls.all()
        view.joined(sandbox.lounge.name)
        await sandbox.posted(sandbox.lounge.id, lambda message: message.is_v2)
        await press_consent(sandbox, yuki.user, sandbox.lounge.id)
        view.agreed(yuki.user.global_name or yuki.user.name)
        watching = asyncio.create_task(
            view.watch(call, lambda: [m.content for m in sandbox.messages(sandbox.lounge.id)])
        )
        report = DemoReport(anna.recorder, sandbox.bot.id)
        try:
            for line in lines:
                await _say(line, {"Anna": anna, "Yuki": yuki}[line.who], sandbox, model, report, view)
            await anna.recorder.quiet(sandbox.bot.id, 1.0)
            await _settle(sandbox)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        report.transcript = [m.content for m in sandbox.messages(sandbox.lounge.id) if m.content]
        report.channel = anna.recorder.heard(sandbox.bot.id)
        return report


async def _say(
    line: DemoLine, person: Person, sandbox: Sandbox, model: Model, report: DemoReport, view: DemoView
) -> None:
    """Say a line, after the previous answer or over it, and wait until its answer is heard."""
    bot, recorder, asked = sandbox.bot.id, report.recorder, len(model.chats)
    if line.over:
        await asyncio.sleep(BARGE_IN_DELAY_SECONDS)
    elif report.turns:
        await recorder.quiet(bot, 1.0)
    view.says(line.who, line.words, over=line.over)
    said = await person.say(line.sound)
    try:
        requests = await asyncio.wait_for(model.wait_for_chats(asked + 1), ANSWER_WITHIN_SECONDS)
    except TimeoutError:
        raise DemoFailed(f"the bot did not ask the model about what {line.who} said") from None
    turn = DemoTurn(line.who, line.words, said.last, requests[-1])
    report.turns.append(turn)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
            while turn.first_packet(recorder, bot) is None:
                await asyncio.sleep(0.02)
                turn.request = model.chats[-1]  # a pause can look like the end of the turn: the latest request counts
    except TimeoutError:
        raise DemoFailed(f"no answer to {line.who} was heard") from None
    view.answers(turn)


async def _settle(sandbox: Sandbox) -> None:
    """Wait until every line of the bot is final, which adds its seconds and its cost."""
    for _ in range(100):
        lines = [m.content for m in sandbox.messages(sandbox.lounge.id) if m.author.id == sandbox.bot.id]
        if lines and "-#" in lines[-1]:
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _model(live: bool) -> AsyncIterator[Model]:
    """Open the stand-in, or the relay to the real server.

    Raises ConfigError if `live` is set and there is no key.
    """
    if not live:
        async with ModelServer.open() as model:
            model.default = Echo()
            # Loading the clips that the stand-in recognises takes a moment. Do it now, so no turn includes that time.
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
async def _bot(sandbox: Sandbox, model: Model, answer_all: bool, local: bool) -> AsyncIterator[app.App]:
    """Run the bot as `python -m bot run` does, but in this process."""
    with tempfile.TemporaryDirectory(prefix="kikite-demo-") as folder:
        alone = LOCAL_PARTS_SETTINGS if local else STAND_IN_SETTINGS if isinstance(model, ModelServer) else {}
        settings = config.load(
            overrides={
                **alone,
                "discord_token": sandbox.token,
                "discord_api_base": sandbox.api_base,
                "openai_api_key": model.key,
                "openai_base_url": model.base_url,
                "database_url": f"sqlite+aiosqlite:///{folder}/demo.db",
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
