"""The jobs as commands of `python -m bot`, without Discord; each returns a coroutine, which cli/main.py runs."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot import config
from bot.cli.hints import hint
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.jobs.context import JobContext
    from bot.jobs.offline import Done
    from bot.jobs.terminal import Terminal
    from bot.store.repository import SqlStore

    Work = Coroutine[Any, Any, Done]

JobRun: TypeAlias = Coroutine[Any, Any, None]
Voice = Annotated[str | None, typer.Option(help="Voice (default: VOICE).")]
Language = Annotated[str | None, typer.Option(help="Language of the result, such as en or ja (default: LANGUAGE).")]


def _sound(out: Path) -> Path:
    """Check the suffix of a sound file."""
    from bot.jobs.offline import SOUND_SUFFIXES

    if out.suffix.lower() not in SOUND_SUFFIXES:
        raise typer.BadParameter(f"a name that ends in {', '.join(SOUND_SUFFIXES)}")
    return out


def ask(
    text: Annotated[str, typer.Argument(help="Your question.")],
    file: Annotated[Path | None, typer.Option(help="A recording or document to include.", exists=True)] = None,
    out: Annotated[
        Path, typer.Option(help="Where to save the spoken answer: .ogg, .mp3 or .wav.", callback=_sound)
    ] = Path("answer.ogg"),
    voice: Voice = None,
    language: Annotated[
        str | None, typer.Option(help="Such as en or ja (default: the language of the question).")
    ] = None,
) -> JobRun:
    """Ask a question; get a written and a spoken answer."""
    from bot.jobs import offline

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        return offline.answer(jobs, text, file, out, voice or own.voice, language or own.language, shown.step)

    return _job(work, out)


def analyze(
    recording: Annotated[Path, typer.Argument(help="Audio or video, up to 30 minutes.", exists=True)],
    question: Annotated[str, typer.Option(help="A question about the recording.")] = "",
    out: Annotated[Path | None, typer.Option(help="Also save the result as Markdown.")] = None,
    language: Language = None,
) -> JobRun:
    """Analyze a recording: transcript, summary and each speaker's mood."""
    from bot.jobs import offline

    def work(jobs: "JobContext", own: config.Settings, shown: "Terminal") -> "Work":
        return offline.listen(jobs, recording, question, out, language or own.language or "en", shown.step)

    return _job(work, out)


def podcast(
    file: Annotated[Path, typer.Argument(help="Text, PDF, Word, EPUB, HTML, subtitles and others.", exists=True)],
    out: Annotated[
        Path, typer.Option(help="Folder for the podcast and its summary, or the podcast's file name.")
    ] = Path("podcast-out"),
    format: Annotated[str, typer.Option(help="ogg or mp3.")] = "ogg",
    voice: Voice = None,
    second: Annotated[bool, typer.Option(help="Two hosts in conversation, or a single voice.")] = True,
    language: Annotated[str, typer.Option(help="Such as en or ja (default: the language of the text).")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, even if it costs more than a dollar.")] = False,
) -> JobRun:
    """Turn a long text into a podcast and a summary. Run the same command again to resume."""
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
    channel: Annotated[int, typer.Argument(help="The voice channel's Discord ID.")],
    minutes: Annotated[int, typer.Option(help="How many minutes to look back.", min=1, max=1440)] = 15,
    out: Annotated[
        Path, typer.Option(help="Where to save the spoken recap: .ogg, .mp3 or .wav.", callback=_sound)
    ] = Path("catchup.ogg"),
    voice: Voice = None,
    language: Language = None,
) -> JobRun:
    """Recap what was said in a channel recently, from the bot's database."""
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

    needs = config.Settings.model_fields.keys() - {"discord_token"}  # nothing here talks to Discord
    settings = config.load(Path(".env"), needs=needs)
    log.configure(log.Redactor.of(settings), settings.log_format, "ERROR")
    if out is not None:
        terminal.check_writable(out)
    async with AsyncExitStack() as stack:
        store = await _store(settings) if with_store else None
        if store is not None:
            stack.push_async_callback(store.aclose)
        jobs = await stack.enter_async_context(offline.open_jobs(settings, store, tls_context(settings.ssl_cert_file)))
        shown = stack.enter_context(terminal.Terminal())
        try:
            done = await work(jobs, settings, shown)
        except BotError as error:
            error.hint = hint(error, settings)
            raise
        shown.show(done)


async def _store(settings: config.Settings) -> "SqlStore":
    """Open the store; imported here, because jobs without a store do not need its libraries."""
    from bot import app
    from bot.chat.i18n import Catalogues

    return await app.open_store(settings, Catalogues.load().policy)
