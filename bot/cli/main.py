"""The commands of `python -m bot`. Only this module ends the process."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot import config
from bot.cli import jobs
from bot.errors import (
    BadAudio,
    BadDocument,
    BotError,
    ConfigError,
    EngineError,
    FileError,
    LoginError,
    ModelAuth,
    OutOfCredit,
    PartFailed,
    RateLimited,
    StartError,
    StoreError,
    Unreachable,
)

EXIT_CODES: tuple[tuple[type[BotError], int], ...] = (
    (ConfigError, config.EXIT_CONFIG),
    (LoginError, 77),
    (StartError, 69),
    (StoreError, 74),
    (BadAudio, 65),
    (BadDocument, 65),
    (FileError, 65),
    (ModelAuth, 77),
    (OutOfCredit, 77),
    (Unreachable, 75),
    (RateLimited, 75),
    (PartFailed, 75),
    (EngineError, 69),
)
"""By sysexits.h: EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE, EX_IOERR, EX_DATAERR, EX_TEMPFAIL; anything else is 1."""

cli = typer.Typer(
    help="Kikite: a guest in your Discord voice channel who listens and answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.command()
def run() -> None:
    """Run the bot, set up by the environment or a file `.env` (see .env.example)."""
    from bot import app
    from bot.ops import log, memory, shard_slots

    async def settle(running: app.App) -> None:
        await running.ready()
        memory.settle()

    async def serve() -> None:
        settings = config.load(Path(".env"))
        log.configure(log.Redactor.of(settings), settings.log_format, settings.log_level)
        stop = asyncio.Event()
        app.stop_on_signals(stop)
        with suppress(shard_slots.Unneeded):
            async with app.build(settings, stop=stop) as running:
                settling = asyncio.create_task(settle(running), name="settle")
                try:
                    await running.run(stop)
                finally:
                    settling.cancel()

    _run(serve())


@cli.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where to leave what was heard, said and measured.")] = Path("demo-out"),
    wav: Annotated[
        list[Path] | None, typer.Option(help="Audio files for the people to say, instead of the shipped sentences.")
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(help="More audio files, after --wav.", metavar="[FILE]...")
    ] = None,
    live: Annotated[
        bool, typer.Option(help="Let the real model answer; needs OPENAI_API_KEY and costs money.")
    ] = False,
) -> None:
    """Hear the bot at work: a loopback Discord, two people and the whole path of the sound."""
    from bot.ops import log
    from sandbox.demo.run import run_demo

    log.configure(log.Redactor(), level="ERROR")  # the demo shows what happens
    _run(run_demo(out, [*(wav or []), *(more or [])], live=live, console=Console()))


@cli.command()
def playground(
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="Let the stand-in answer even where OPENAI_API_KEY is set.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page, where there is a desktop.")] = True,
) -> None:
    """Talk to the bot in the browser: no account, your own microphone, the whole path of the sound.

    The settings are those of `run`; with OPENAI_API_KEY the real model answers, which costs money.
    """
    from bot.ops import log
    from sandbox.playground.server import run_playground

    log.configure(log.Redactor(), level="ERROR")  # the page shows what happens
    _run(run_playground(Console(), stand_in=stand_in, browser=browser, env_file=Path(".env")))


@cli.command()
def forget_user(user_id: Annotated[int, typer.Argument(help="The person's Discord id.")]) -> None:
    """Delete a person's words and consents in every server and name them in no bill; running bots learn of it."""
    from bot.cli import people

    async def forget() -> None:
        gone = await people.forget(config.load(Path(".env")), user_id)
        print(f"deleted: {gone.messages} messages, {gone.consents} consents; {gone.charges} bills name them no more")

    _run(forget())


@cli.command()
def export_user(user_id: Annotated[int, typer.Argument(help="The person's Discord id.")]) -> None:
    """Print all that is kept of a person, as JSON."""
    from bot.cli import people

    async def export() -> None:
        print(await people.export(config.load(Path(".env")), user_id))

    _run(export())


@cli.command()
def reseal() -> None:
    """Encrypt all that is kept with the first key of STORE_KEY, beside a running bot; say when the others may go."""
    from bot.cli import sealing

    async def seal() -> None:
        console = Console(stderr=True)
        with console.status("sealing") as status:
            done = await sealing.reseal(
                config.load(Path(".env")), lambda lines: status.update(f"sealed: {lines:,} lines")
            )
        for line in done.report():
            print(line)

    _run(seal())


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of the table.")] = False,
    live: Annotated[bool, typer.Option(help="Have the model speak one word; costs a fraction of a cent.")] = False,
) -> None:
    """Look at everything the bot needs and say what to do where it is missing. Exit code 0: nothing is."""
    from bot import app
    from bot.ops import doctor as doctors
    from bot.ops import doctor_table, log

    async def look() -> None:
        try:
            settings = config.load(Path(".env"))
        except ConfigError as error:
            log.configure(log.Redactor(), level="ERROR")
            report = doctors.misconfigured(error)
        else:
            log.configure(log.Redactor.of(settings), level="ERROR")
            report = await doctors.examine(settings, app.tls_context(), live=live)
        doctor_table.show(report, as_json=as_json)
        if report.unanswered:
            # A thread that still waits (for DNS, for instance) would keep the process alive for minutes.
            sys.stdout.flush()
            os._exit(report.exit_code)
        if report.exit_code:
            sys.exit(report.exit_code)

    _run(look())


@cli.command()
def invite() -> None:
    """Print the link that invites the bot, with the permissions it can use."""
    from bot import app
    from bot.ops import doctor as doctors

    async def ask() -> None:
        settings = config.load(Path(".env"))
        print(await doctors.invite(settings, app.tls_context()))

    _run(ask())


@cli.command()
def drain() -> None:
    """Ask all processes on the same PostgreSQL to let running words end, and go."""
    from bot.ops import shard_slots

    async def ask() -> None:
        await shard_slots.ask_to_drain(config.load(Path(".env")).database_url)
        print("all processes were asked to drain")

    _run(ask())


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date, as `run` does by itself."""
    from bot import app
    from bot.chat.i18n import Catalogues

    async def bring_up() -> None:
        store = await app.open_store(config.load(Path(".env")), Catalogues.load().policy)
        await store.aclose()
        print("the schema is up to date")

    _run(bring_up())


def _add_command(job: Callable[..., jobs.JobRun]) -> None:
    """Make a job a command with its own arguments and help."""

    @cli.command()
    @wraps(job)
    def command(*args: object, **options: object) -> None:
        _run(job(*args, **options))


for _job in (jobs.ask, jobs.analyze, jobs.podcast, jobs.catchup):
    _add_command(_job)


def main() -> None:
    cli()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; print an error as one line and a hint, without a traceback."""
    try:
        asyncio.run(work)
    except BotError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        for fault in error.faults if isinstance(error, ConfigError) else [str(error)]:
            console.print(f"error: {fault}", markup=False)
        if error.hint != str(error):
            console.print(f"hint: {error.hint}", markup=False)
        sys.exit(next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1))
    except KeyboardInterrupt:
        sys.exit(130)
