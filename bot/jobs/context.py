"""What the face and the command line are given to have work done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

from bot.jobs.analysis_notes import AnalysisNotes
from bot.jobs.analyze import Notes
from bot.jobs.job_account import JobAccount
from bot.jobs.queue import JobQueue
from bot.jobs.services import JobServices
from bot.ports import TextAndSpeech
from bot.types import Usage


@dataclass(frozen=True, slots=True)
class JobContext:
    """The queue, and what the jobs in it work with."""

    services: JobServices
    studio: TextAndSpeech
    folder: Path
    "where podcasts are kept until they are done"
    queue: JobQueue = field(default_factory=JobQueue)
    notes: Notes = field(default_factory=AnalysisNotes)
    "of analyses that failed on the way"

    def bill(
        self, guild_id: int, channel_id: int, user_id: int, estimate: Mapping[str, Usage] | None = None
    ) -> JobAccount:
        """Open the accounts of a job."""
        return JobAccount(self.services, guild_id, channel_id, user_id, estimate)

    async def aclose(self) -> None:
        """End what runs; a podcast goes on from there after the next start."""
        await self.queue.aclose()


def folder_beside(database_url: str) -> Path:
    """Return the folder for work in progress: beside a SQLite file, else in the system's temporary folder."""
    scheme, _, path = database_url.partition(":///")
    if scheme.startswith("sqlite") and path and ":memory:" not in path:
        return Path(path.split("?")[0]).parent / "jobs"
    return Path(gettempdir()) / "kikite-jobs"
