"""What `doctor` finds: rows for a table, a JSON document, an exit code."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot import __version__
from bot.config import EXIT_CONFIG


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    "works, but the operator should know"
    FAIL = "fail"
    SKIP = "skip"
    "could not be checked, because of another finding or a missing setting"


EXIT_CODE_OF_CHECK = {
    "configuration": EXIT_CONFIG,
    "token": 77,
    "discord": 69,
    "store": 74,
    "disk": 74,
    "encryption": 74,
}
"""Exit codes by check (sysexits.h); the first one that fails counts. Every other check: 1."""


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
    """All findings."""

    findings: tuple[Finding, ...]
    unanswered: bool = False
    "a check did not answer in time, and may still occupy a thread"

    @property
    def exit_code(self) -> int:
        failed = [finding.check for finding in self.findings if finding.status is Status.FAIL]
        return min((EXIT_CODE_OF_CHECK.get(check.split(" ")[0], 1) for check in failed), key=_rank, default=0)

    def as_json(self) -> dict[str, Any]:
        """Return the report for JSON."""
        code = self.exit_code
        findings = [asdict(finding) for finding in self.findings]
        return {"version": __version__, "ok": code == 0, "exit_code": code, "findings": findings}


def _rank(code: int) -> int:
    """Order exit codes: causes come before their consequences."""
    return [EXIT_CONFIG, 77, 69, 74, 1].index(code)
