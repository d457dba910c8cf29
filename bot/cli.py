"""The commands of `python -m bot`. Nothing else ends the process."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot import config
from bot.errors import BotError, ConfigError, LoginError, StartError, StoreError

EXIT_CODES: tuple[tuple[type[BotError], int], ...] = (
    (ConfigError, config.EXIT_CONFIG),
    (LoginError, 77),
    (StartError, 69),
    (StoreError, 74),
)
"""By sysexits.h: EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE, EX_IOERR; anything else is 1."""

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
    from bot.ops import log

    async def serve() -> None:
        settings = config.load(Path(".env"))
        log.configure(log.Redactor.of(settings), settings.log_format, settings.log_level)
        stop = asyncio.Event()
        app.stop_on_signals(stop)
        async with app.build(settings) as running:
            await running.run(stop)

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
    from bot.sandbox.demo import run_demo

    log.configure(log.Redactor(), level="ERROR")  # what happens is shown by the demo itself
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
    from bot.sandbox.playground.server import run_playground

    log.configure(log.Redactor(), level="ERROR")  # what happens is shown on the page
    _run(run_playground(Console(), stand_in=stand_in, browser=browser, env_file=Path(".env")))


def main() -> None:
    cli()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; what failed is told in a line and a hint, without a traceback."""
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
