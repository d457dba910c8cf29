"""The jobs as commands of `python -m bot`, without Discord; each returns a coroutine, which cli/main.py runs."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot import config

if TYPE_CHECKING:
    from bot.jobs.context import JobContext
    from bot.jobs.offline import Done
    from bot.jobs.terminal import Terminal
    from bot.store.repository import SqlStore

    Work = Coroutine[Any, Any, Done]

JobRun: TypeAlias = Coroutine[Any, Any, None]
Voice = Annotated[str | None, typer.Option(help="Another voice than VOICE.")]
Language = Annotated[str | None, typer.Option(help="Language of what is written or said, as en or ja; else LANGUAGE.")]


def _sound(out: Path) -> Path:
    """Check the suffix of a sound file."""
    from bot.jobs.offline import SOUND_SUFFIXES

    if out.suffix.lower() not in SOUND_SUFFIXES:
        raise typer.BadParameter(f"a name that ends in {', '.join(SOUND_SUFFIXES)}")
    return out


def ask(
    text: Annotated[str, typer.Argument(help="The question.")],
    file: Annotated[Path | None, typer.Option(help="A recording or a document to go with it.", exists=True)] = None,
    out: Annotated[Path, typer.Option(help="The spoken answer: .ogg, .mp3 or .wav.", callback=_sound)] = Path(
        "answer.ogg"
    ),
    voice: Voice = None,
    language: Annotated[str | None, typer.Option(help="As en or ja; as asked when left out.")] = None,
) -> JobRun:
    """Ask in writing; the answer comes written and spoken."""
    from bot.jobs import offline

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        return offline.answer(jobs, text, file, out, voice or own.voice, language or own.language, shown.step)

    return _job(work, out)


def analyze(
    recording: Annotated[Path, typer.Argument(help="Audio or a film, up to 30 minutes.", exists=True)],
    question: Annotated[str, typer.Option(help="What to find out; all of it when left out.")] = "",
    out: Annotated[Path | None, typer.Option(help="A Markdown file to write, too.")] = None,
    language: Language = None,
) -> JobRun:
    """Listen to a recording: what is said, a summary, the mood of each speaker."""
    from bot.jobs import offline

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        return offline.listen(jobs, recording, question, out, language or own.language or "en", shown.step)

    return _job(work, out)


def podcast(
    file: Annotated[Path, typer.Argument(help="Text, PDF, Word, EPUB, HTML, subtitles and others.", exists=True)],
    out: Annotated[
        Path, typer.Option(help="The folder for the podcast and its summary, or the name of the podcast.")
    ] = Path("podcast-out"),
    format: Annotated[str, typer.Option(help="ogg or mp3.")] = "ogg",
    voice: Voice = None,
    second: Annotated[bool, typer.Option(help="Two voices that talk, or one.")] = True,
    language: Annotated[str, typer.Option(help="As en or ja; that of the text when left out.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, even if it costs more than a dollar.")] = False,
) -> JobRun:
    """Make a podcast and a summary of a long text; the same again goes on from the parts that are done."""
    from bot.jobs import offline
    from bot.jobs.encoder import CODECS
    from bot.jobs.podcast import other_voice

    named = offline.SOUND_SUFFIXES.get(out.suffix.lower())
    container = named[0] if named else format
    if container not in CODECS:
        raise typer.BadParameter(" or ".join(CODECS), param_hint="--out" if named else "--format")

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        first = voice or own.voice
        voices = [first, other_voice(first)] if second else [first]
        agree = partial(shown.agree, yes=yes)
        return offline.make_podcast(jobs, file, out, container, voices, language, agree, shown.step)

    return _job(work, out if named else out / "summary.md")


def catchup(
    channel: Annotated[int, typer.Argument(help="The voice channel's Discord id.")],
    minutes: Annotated[int, typer.Option(help="How far back.", min=1, max=1440)] = 15,
    out: Annotated[Path, typer.Option(help="The spoken recap: .ogg, .mp3 or .wav.", callback=_sound)] = Path(
        "catchup.ogg"
    ),
    voice: Voice = None,
    language: Language = None,
) -> JobRun:
    """Sum up what was said in a channel lately, from the bot's database."""
    from bot.jobs import offline

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        spoken = language or own.language or "en"
        return offline.recap(jobs, channel, minutes, out, voice or own.voice, spoken, shown.step)

    return _job(work, out, with_store=True)


async def _job(
    work: Callable[["JobContext", config.Settings, "Terminal"], "Work"], out: Path | None, with_store: bool = False
) -> None:
    """Run a job with its progress on the terminal; print its text, files and price."""
    from bot.jobs import offline, terminal
    from bot.ops import log
    from bot.ops.tls import tls_context

    settings = config.load(Path(".env"), {"discord_token": "none"})  # nothing here talks to Discord
    log.configure(log.Redactor.of(settings), settings.log_format, "ERROR")
    if out is not None:
        terminal.check_writable(out)
    async with AsyncExitStack() as stack:
        store = await _store(settings) if with_store else None
        if store is not None:
            stack.push_async_callback(store.aclose)
        jobs = await stack.enter_async_context(offline.open_jobs(settings, store, tls_context()))
        shown = stack.enter_context(terminal.Terminal())
        shown.show(await work(jobs, settings, shown))


async def _store(settings: config.Settings) -> "SqlStore":
    """Open the store; imported here, because jobs without a store do not need its libraries."""
    from bot import app
    from bot.chat.i18n import Catalogues

    return await app.open_store(settings, Catalogues.load().policy)
