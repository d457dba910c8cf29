"""What `doctor` finds: a table for people, a document for programs, an exit code for scripts."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot import __version__
from bot.config import EXIT_CONFIG


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    "works, but somebody should know"
    FAIL = "fail"
    SKIP = "skip"
    "could not be looked at, because of another finding or for want of a setting"


EXIT_CODE_OF_CHECK = {
    "configuration": EXIT_CONFIG,
    "token": 77,
    "discord": 69,
    "store": 74,
    "disk": 74,
    "encryption": 74,
}
"""Exit codes by check (sysexits.h), the first failing one counts; every other check: 1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table."""

    check: str
    status: Status
    detail: str
    "what was seen; never a secret"
    hint: str = ""
    "what to do about it"


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All that was found."""

    findings: tuple[Finding, ...]
    unanswered: bool = False
    "something did not answer in time, and may still keep a thread"

    @property
    def exit_code(self) -> int:
        failed = [finding.check for finding in self.findings if finding.status is Status.FAIL]
        return min((EXIT_CODE_OF_CHECK.get(check.split(" ")[0], 1) for check in failed), key=_rank, default=0)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        code = self.exit_code
        findings = [asdict(finding) for finding in self.findings]
        return {"version": __version__, "ok": code == 0, "exit_code": code, "findings": findings}


def _rank(code: int) -> int:
    """The cause comes before its consequences."""
    return [EXIT_CONFIG, 77, 69, 74, 1].index(code)
