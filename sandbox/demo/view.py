"""What the demo prints while it runs: a line for each event, and the call's state below."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.call.call import Call
from sandbox.demo.report import DemoReport, DemoTurn

CALL_POLL_SECONDS = 0.1
"""Seconds between two looks at the call."""


class DemoView:
    """Prints events as they happen. On a terminal it also shows the state of the call."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._status = console.status("starting")
        self._status.start()

    def close(self) -> None:
        self._status.stop()

    def note(self, who: str, what: str, style: str = "") -> None:
        """Print one line with the time since the start."""
        at = f"{time.monotonic() - self._began:6.2f} s"
        self._console.print(f"[dim]{at}[/]  [bold {style}]{escape(who):>9}[/]  {escape(what)}", soft_wrap=True)

    def opening(self, live: bool, local: bool) -> None:
        self.note("sandbox", "a Discord on 127.0.0.1: REST, gateways, UDP, end-to-end encryption (DAVE)")
        if live:
            self.note("model", "the real one answers (--live): this costs money", "yellow")
        elif local:
            self.note("model", "hears and speaks on this machine (--local); only its words are a stand-in's", "yellow")
        else:
            self.note(
                "model",
                "a stand-in on this machine, not an AI: it says a shipped sentence and plays back what it heard",
                "yellow",
            )

    def came(self, name: str) -> None:
        self.note(name, "joins the voice channel", "green")

    def joined(self, channel: str) -> None:
        self.note("Kikite", f"joins {channel}: Anna typed /join, which counts as her consent", "cyan")

    def agreed(self, name: str) -> None:
        self.note(name, "presses “Let the bot hear me”", "green")

    def says(self, name: str, words: str, *, over: bool) -> None:
        self.note(name, ("interrupts: " if over else "says: ") + words, "green")

    def answers(self, turn: DemoTurn) -> None:
        timing = turn.timing()
        self.note(
            "Kikite",
            f"answers {turn.who}: request {_ms(timing.packet_to_request)} after the last voice packet, model "
            f"{_ms(timing.model)}, first packet {_ms(timing.event_to_wire)} after the first audio event",
            "cyan",
        )

    async def watch(self, call: Call, lines: Callable[[], list[str]]) -> None:
        """Show the call's state, and each finished line of the text chat, until cancelled."""
        shown: set[str] = set()
        while True:
            self._status.update(f"Kikite: {call.state.value}")
            for line in lines():
                if line and line not in shown and _finished(line):
                    shown.add(line)
                    self.note("chat", " ".join(line.split()))
            await asyncio.sleep(CALL_POLL_SECONDS)

    def summary(self, report: DemoReport, out: Path, written: Iterable[str]) -> None:
        table = Table(title="Response times (milliseconds)", title_justify="left")
        for column in ("turn", "speaker", "voice -> request", "model", "event -> packet", "total less model"):
            table.add_column(column, justify="right")
        for number, turn in enumerate(report.turns, 1):
            timing = turn.timing()
            figures = (timing.packet_to_request, timing.model, timing.event_to_wire, timing.total_less_model)
            table.add_row(str(number), turn.who, *("-" if figure is None else f"{figure:.0f}" for figure in figures))
        self._console.print(table)
        self._console.print(f"Saved in {out}: {', '.join(written)}", soft_wrap=True)


def _finished(line: str) -> bool:
    """Return whether a chat line is final. A line of the bot grows until it gets its small print."""
    return not line.startswith("**Kikite**") or "-#" in line


def _ms(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} ms"
