"""What can go wrong with work outside a call."""

from typing import ClassVar

from bot.errors.base import BotError


class JobError(BotError):
    code = "job"
    default_hint = "That request couldn't be completed."


class JobsFull(JobError):
    code = "jobs_full"
    default_hint = "Too many jobs are running. Wait until your earlier ones are done."


class ShortOfMemory(JobError):
    code = "short_of_memory"
    default_hint = "I'm low on memory and can't start anything new. Try again in a few minutes."


class AlreadyAtIt(JobError):
    code = "already_at_it"
    default_hint = "I'm already working on exactly that."


class JobCancelled(JobError):
    code = "job_cancelled"
    default_hint = "Cancelled."


class PartFailed(JobError):
    """`part` counts from 1; `step` names the stage, "script" for instance. Finished parts are kept."""

    code = "part_failed"
    default_hint = "{what} failed. Finished parts are kept: run the same command again to continue. ({reason})"
    steps: ClassVar[dict[str, str]] = {
        "script": "Part {part} of {parts} of the script",
        "voices": "Part {part} of {parts} of the audio",
        "listening": "Part {part} of {parts} of the recording",
        "summing": "The summary of the {parts} parts",
        "minutes": "Part {part} of {parts} of the minutes",
    }

    def __init__(self, step: str, part: int, parts: int, reason: BotError) -> None:
        what = self.steps[step].format(part=part, parts=parts)
        hint = self.default_hint.format(what=what, reason=reason.hint)
        super().__init__(f"{step}: part {part} of {parts}: {reason.code}", hint=hint)
        self.step = step
        self.part = part
        self.parts = parts
        self.reason = reason


class NothingSaid(JobError):
    code = "nothing_said"
    default_hint = "I don't remember anything being said there in that time."
