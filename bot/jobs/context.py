"""What slash commands and the command line need to run jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.files.box import Box
from bot.jobs.analysis_notes import AnalysisNotes, TalkNotes
from bot.jobs.analyze import Notes
from bot.jobs.job_account import JobAccount
from bot.jobs.job_folder import JobFolder
from bot.jobs.queue import JobQueue
from bot.jobs.services import JobServices
from bot.ports import TextAndSpeech
from bot.types import Usage


@dataclass(frozen=True, slots=True)
class JobContext:
    """The job queue, and what its jobs share."""

    services: JobServices
    studio: TextAndSpeech
    folder: JobFolder
    "of unfinished podcasts"
    queue: JobQueue = field(default_factory=JobQueue)
    notes: Notes = field(default_factory=AnalysisNotes)
    "of analyses that failed halfway"
    minutes_parts: TalkNotes = field(default_factory=TalkNotes)
    "of minutes that failed halfway, or were not told"
    box: Box = field(default_factory=Box)
    "opens the files that people send"

    def bill(
        self,
        guild_id: int,
        channel_id: int,
        user_id: int,
        estimate: Mapping[str, Usage] | None = None,
        *,
        name: str = "",
    ) -> JobAccount:
        """Return a new account for one job; `name`: of one that a later process may go on with."""
        return JobAccount(self.services, guild_id, channel_id, user_id, estimate, name=name)

    async def aclose(self) -> None:
        """Cancel the running jobs. A podcast continues after the next start."""
        await self.queue.aclose()
        await self.box.aclose()
