"""Prints a report of `doctor` for people or programs."""

import json
import sys

from rich.console import Console
from rich.table import Table

from bot.ops.doctor_report import DoctorReport, Status

STATUS_LABELS = {
    Status.OK: "[green]ok",
    Status.WARN: "[yellow]warn",
    Status.FAIL: "[red]FAIL",
    Status.SKIP: "[dim]skip",
}

CHECK_WIDTH = 20
"""Characters; the name of a server or channel in it wraps."""


def show(report: DoctorReport, *, as_json: bool) -> None:
    """Print one JSON document, or a table with hints, to stdout."""
    if as_json:
        json.dump(report.as_json(), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for column, width in (("", None), ("check", CHECK_WIDTH), ("found and what to do", None)):
        table.add_column(column, overflow="fold", max_width=width)
    for finding in report.findings:
        table.add_row(STATUS_LABELS[finding.status], finding.check, _plain(finding.detail))
        if finding.hint and finding.status is not Status.OK:
            table.add_row("", "", "[dim]→[/] " + _plain(finding.hint))
    console.print(table)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
