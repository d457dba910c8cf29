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

from bot import config
from bot.cli import jobs, models
from bot.cli.exits import exit_code
from bot.cli.wording import counted
from bot.errors import BotError, ConfigError

ENV_FILE = Path(".env")
LOCAL_HELP = "Really hear and speak, on this machine; only the words are a stand-in's (needs the extra \\[local])."
DATABASE_SETTINGS = ("database_url", "store_key")
"""What the commands need that read or write nothing but what is kept."""

cli = typer.Typer(
    help="Kikite: a self-hosted AI voice bot for Discord.",
    epilog="Exit codes: 0 done · 2 wrong usage · 65 unreadable file · 69 Discord or the model unavailable · "
    "74 database · 75 try again later · 77 token or key rejected · 78 settings · 1 anything else",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.command()
def run() -> None:
    """Run the bot with settings from the environment or `.env` (see .env.example)."""
    from bot import app
    from bot.ops import log, memory, shard_slots, stop_signals

    async def settle(running: app.App) -> None:
        await running.ready()
        memory.settle()

    async def serve() -> None:
        settings = config.load(ENV_FILE)
        log.configure(log.Redactor.of(settings), settings.log_format, settings.log_level)
        stop = asyncio.Event()
        stop_signals.stop_on_signals(stop)
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
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo-out"),
    wav: Annotated[
        list[Path] | None, typer.Option(help="Audio files to play instead of the shipped sentences.")
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(help="More audio files after --wav.", metavar="[FILE]...")
    ] = None,
    live: Annotated[bool, typer.Option(help="Use the real model (needs OPENAI_API_KEY and costs money).")] = False,
    local: Annotated[bool, typer.Option("--local", help=LOCAL_HELP)] = False,
) -> None:
    """See the bot at work: a local Discord, two people and the whole audio path."""
    from rich.console import Console

    from bot.ops import log
    from sandbox.demo.run import run_demo

    log.configure(log.Redactor(), level="ERROR")  # the demo shows what happens
    _run(run_demo(out, [*(wav or []), *(more or [])], live=live, local=local, console=Console()))


@cli.command()
def playground(
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="Use the stand-in model even if OPENAI_API_KEY is set.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    local: Annotated[bool, typer.Option("--local", help=LOCAL_HELP)] = False,
) -> None:
    """Talk to the bot in your browser, with your own microphone and no account.

    The settings are those of `run`; with OPENAI_API_KEY the real model answers, which costs money.
    """
    from rich.console import Console

    from bot.ops import log
    from sandbox.playground.server import run_playground

    log.configure(log.Redactor(), level="ERROR")  # the page shows what happens
    _run(run_playground(Console(), stand_in=stand_in, local=local, browser=browser, env_file=ENV_FILE))


@cli.command()
def forget_user(user_id: Annotated[int, typer.Argument(help="The person's Discord ID.")]) -> None:
    """Delete a person's data in every server; running bots are told."""
    from bot.cli import people

    async def forget() -> None:
        gone = await people.forget(config.load(ENV_FILE, needs=DATABASE_SETTINGS), user_id)
        print(f"deleted: {counted(gone.messages, 'message')}, {counted(gone.consents, 'consent')}")
        print(f"cost records that no longer name this person: {gone.charges}")

    _run(forget())


@cli.command()
def export_user(user_id: Annotated[int, typer.Argument(help="The person's Discord ID.")]) -> None:
    """Export everything stored about a person, as JSON."""
    from bot.cli import people

    async def export() -> None:
        print(await people.export(config.load(ENV_FILE, needs=DATABASE_SETTINGS), user_id))

    _run(export())


@cli.command()
def reseal() -> None:
    """Re-encrypt the database with the first key of STORE_KEY; works while the bot runs."""
    from rich.console import Console

    from bot.cli import sealing

    async def seal() -> None:
        console = Console(stderr=True)
        with console.status("encrypting") as status:
            done = await sealing.reseal(
                config.load(ENV_FILE, needs=DATABASE_SETTINGS),
                lambda lines: status.update(f"encrypted: {lines:,} lines"),
            )
        for line in done.report():
            print(line)

    _run(seal())


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write; an older backup there is replaced.")]) -> None:
    """Save the database to a file; the bot can keep running. Restores into SQLite or PostgreSQL."""
    from bot.cli import backups

    async def save() -> None:
        for line in await backups.backup(config.load(ENV_FILE, needs=DATABASE_SETTINGS), file):
            print(line)

    _run(save())


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.", exists=True, dir_okay=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
) -> None:
    """Replace the whole database with a backup; stop the bot first. What was deleted since stays deleted."""
    from bot.cli import backups

    if not yes:
        typer.confirm("Replace everything in the database?", abort=True, err=True)

    async def load() -> None:
        for line in await backups.restore(config.load(ENV_FILE, needs=DATABASE_SETTINGS), file):
            print(line)

    _run(load())


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    live: Annotated[bool, typer.Option(help="Also have the model say one word (costs a fraction of a cent).")] = False,
) -> None:
    """Check the setup and say how to fix what is missing. Exits 0 if all is well."""
    from bot import app
    from bot.ops import doctor as doctors
    from bot.ops import doctor_table, log

    async def look() -> None:
        settings, faults = config.load_sound(ENV_FILE)
        log.configure(log.Redactor.of(settings), level="ERROR")
        report = await doctors.examine(settings, app.tls_context(settings.ssl_cert_file), faults, live=live)
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
    """Print the link that invites the bot, with the permissions it uses."""
    from bot import app
    from bot.ops import doctor as doctors

    async def ask() -> None:
        settings = config.load(ENV_FILE, needs=("discord_token", "discord_api_base", "ssl_cert_file"))
        print(await doctors.invite(settings, app.tls_context(settings.ssl_cert_file)))

    _run(ask())


@cli.command()
def drain() -> None:
    """Ask all processes on the same PostgreSQL to finish speaking and exit."""
    from bot.ops import shard_slots

    async def ask() -> None:
        await shard_slots.ask_to_drain(config.load(ENV_FILE, needs=("database_url",)).database_url)
        print("asked all processes to finish speaking and exit")

    _run(ask())


@cli.command()
def migrate() -> None:
    """Update the database schema (`run` also does this)."""
    from bot import app
    from bot.chat.i18n import Catalogues

    async def bring_up() -> None:
        settings = config.load(ENV_FILE, needs=DATABASE_SETTINGS)
        store = await app.open_store(settings, Catalogues.load().policy)
        await store.aclose()
        print("the schema is up to date")

    _run(bring_up())


def _add_command(job: Callable[..., jobs.JobRun]) -> None:
    """Make a job a command with its own arguments and help."""

    @cli.command()
    @wraps(job)
    def command(*args: object, **options: object) -> None:
        _run(job(*args, **options))


for _job in (jobs.ask, jobs.analyze, jobs.podcast, jobs.catchup, models.models):
    _add_command(_job)


def main() -> None:
    cli()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; print an error as one line and a hint, without a traceback."""
    try:
        asyncio.run(work)
    except BotError as error:
        for fault in error.faults if isinstance(error, ConfigError) else [str(error)]:
            typer.echo(f"error: {fault}", err=True)
        if error.hint != str(error):
            typer.echo(f"hint: {error.hint}", err=True)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)
