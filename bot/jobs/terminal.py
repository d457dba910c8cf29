"""A job in the terminal: its expected cost, progress and result. Only the answer itself goes to stdout."""

import os
import sys
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from bot.errors import JobCancelled, JobError
from bot.jobs import output
from bot.jobs.offline import Done
from bot.jobs.output import NotWritten
from bot.jobs.podcast import CONFIRM_ABOVE_DOLLARS

_STEP_TITLES = {
    "asking": "asking",
    "listening": "listening",
    "script": "writing the script",
    "voices": "speaking",
    "joining": "joining the parts",
    "summing": "summing up",
}


class Terminal:
    """Shows one job. A context manager: its progress bars end with it. They appear when stderr is a terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def step(self, name: str, done: int, parts: int | None) -> None:
        """Show that `done` of `parts` of a step are done. `parts` None: unknown."""
        self._bars.start()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(_STEP_TITLES[name], total=parts)
        self._bars.update(self._tasks[name], completed=done, total=parts)

    def agree(self, cost: Decimal | None, *, yes: bool) -> None:
        """Print the expected cost, and ask for confirmation when it is high or unknown.

        Raises JobCancelled when the answer is no, and JobError when stdin is not a terminal.
        """
        self._tell(f"expected cost: {_money(cost)}")
        if yes or (cost is not None and cost <= CONFIRM_ABOVE_DOLLARS):
            return
        if not sys.stdin.isatty():
            raise JobError(hint="That may cost more than a little, and nobody is here to ask: pass --yes to agree.")
        if not typer.confirm("Go on?", err=True):
            raise JobCancelled(hint="Nothing was made.")

    def show(self, done: Done) -> None:
        """Print a result and write its files; only then let go of what would spare its price.

        Raises JobError when something is not in its place, and OSError when whoever read stdout has left.
        """
        self._bars.stop()
        hints: list[str] = []
        gone = lost = None
        try:
            typer.echo(done.text)
        except BrokenPipeError as error:
            gone = error
        except OSError as error:
            self._tell(done.text)
            hints.append(f"The answer can't be printed on standard output ({error.strerror}). It is above.")
        for note in done.notes:
            self._tell(str(note))
        for path, data in done.files.items():
            try:
                output.write(path, data)
            except NotWritten as error:
                hints.append(error.hint)
                lost = lost or error.lost
            else:
                self._tell(f"written: {path}")
        if done.cost != 0:
            self._tell(f"cost: {_money(done.cost)}")
        if not lost:
            done.release()
        if hints:
            raise JobError("not everything is in its place", hint=" ".join(hints))
        if gone is not None:
            raise gone

    def _tell(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def check_writable(out: Path) -> None:
    """Make the folder of `out`. Raises JobError when `out` is not writable, before anything is paid."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JobError(hint=f"{out.parent} cannot be made: {error.strerror}.") from error
    if out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK):
        raise JobError(hint=f"{out} cannot be written. Name another file by --out.")


def _money(cost: Decimal | None) -> str:
    return "unknown" if cost is None else f"${cost:.4f}"
