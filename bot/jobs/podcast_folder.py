"""An unfinished podcast on disk: the plan, the script and the finished parts, so that a restart loses nothing.

    <folder>/<id>/plan.json     the request, who made it, the text and its script
                  0001.pcm      a part, s16le mono 24 kHz, written atomically

The folder contains the text that people sent and what was made of it, never speech of people. Plan and parts are sealed
(job_folder.py); the finished sound is never written to disk.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog

from bot.errors import StoreError, WrongKey
from bot.jobs.job_folder import JobFolder
from bot.jobs.script import Chapter, ScriptPiece
from bot.ports.holder import Holder
from bot.store.private_files import make_private_folder

log = structlog.get_logger("jobs")

PLAN_FILE = "plan.json"
UNFINISHED_LIFETIME_SECONDS = 7 * 86_400.0
"""How long a podcast that nobody finishes is kept."""
PLANNING_SECONDS = 3_600.0
"""The longest that a folder can be without its plan, before the one is written or after it was deleted."""


@dataclass(frozen=True, slots=True)
class Section:
    """The finished script and summary of one section of the text."""

    chapter: Chapter
    note: str
    "the section's summary, Markdown"


@dataclass(slots=True)
class Plan:
    """The request for a podcast, and what is written of it so far."""

    title: str
    sections: list[str]
    "of the text"
    language: str
    "BCP 47; empty: the language of the text"
    voices: list[str]
    container: str
    "ogg or mp3"
    limit: int
    "bytes of one file"
    guild_id: int = 0
    channel_id: int = 0
    user_id: int = 0
    message_id: int = 0
    "of the message that shows the progress"
    paused: bool = False
    "the podcast failed: it continues only when the person asks for the same again"
    written: list[Section | None] = field(default_factory=list)
    "one for each section; None: not written yet"
    summary: str = ""
    notes: str = ""
    "on how the text was read, to be shown with the plan"
    spent: str = "0"
    "US dollars so far, as a decimal number; empty: unknown"

    def __post_init__(self) -> None:
        self.written += [None] * (len(self.sections) - len(self.written))

    @property
    def done(self) -> list[Section]:
        """The sections that are written, in order."""
        return [section for section in self.written if section is not None]

    @property
    def id(self) -> str:
        """The same for the same request of the same person."""
        request = (self.guild_id, self.user_id, self.sections, self.language, self.voices, self.container)
        return hashlib.sha256(repr(request).encode()).hexdigest()[:16]

    @property
    def pieces(self) -> list[ScriptPiece]:
        return [piece for section in self.done for piece in section.chapter.pieces]


class PodcastFolder:
    """One podcast's folder."""

    def __init__(self, folder: JobFolder, plan: Plan) -> None:
        self.plan = plan
        self.path = folder.path / plan.id
        self._folder = folder
        make_private_folder(folder.path)
        make_private_folder(self.path)

    @classmethod
    def open(cls, folder: JobFolder, plan: Plan) -> "PodcastFolder":
        """Open the folder of the same request if there is one, else make a new one."""
        try:
            kept = _plan(folder, plan.id)
        except (OSError, ValueError, TypeError, KeyError, StoreError):
            return cls(folder, plan)
        kept.channel_id, kept.message_id, kept.limit, kept.paused = plan.channel_id, 0, plan.limit, False
        opened = cls(folder, kept)
        opened._drop_outcome()
        return opened

    def save(self) -> None:
        """Write the plan to disk."""
        data = json.dumps(asdict(self.plan), ensure_ascii=False).encode()
        self._folder.write(f"{self.plan.id}/{PLAN_FILE}", data)
        if self.plan.paused:
            self._drop_outcome()

    def has(self, number: int) -> bool:
        return (self.path / _part(number)).exists()

    def put(self, number: int, pcm: bytes) -> None:
        self._folder.write(f"{self.plan.id}/{_part(number)}", pcm)

    def read(self, number: int) -> bytes:
        """Return a finished part. Raises StoreError when it cannot be decrypted: then it is to be made again."""
        try:
            return self._folder.read(f"{self.plan.id}/{_part(number)}")
        except StoreError:
            (self.path / _part(number)).unlink(missing_ok=True)
            raise

    def done(self) -> int:
        """Return the number of finished parts."""
        return sum(self.has(number) for number in range(len(self.plan.pieces)))

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _drop_outcome(self) -> None:
        """Delete what an earlier version left there of the finished sound and summary, which it did not seal."""
        for file in self.path.iterdir():
            if file.name != PLAN_FILE and file.suffix != ".pcm":
                file.unlink(missing_ok=True)


def unfinished(folder: JobFolder) -> Iterator[PodcastFolder]:
    """Yield the podcasts that an earlier process left unfinished, and delete those too old or unreadable."""
    for found in sorted(folder.path.glob(f"*/{PLAN_FILE}")):
        try:
            if time.time() - found.stat().st_mtime > UNFINISHED_LIFETIME_SECONDS:
                raise ValueError("too old")
            yield PodcastFolder(folder, _plan(folder, found.parent.name))
        except WrongKey:
            log.warning("podcast_sealed", hint=WrongKey.default_hint)  # it opens again when the key is back
        except (OSError, ValueError, TypeError, KeyError, StoreError):
            shutil.rmtree(found.parent, ignore_errors=True)


def prune(folder: JobFolder) -> None:
    """Delete unfinished podcasts that are too old, and what a process that was killed left of others."""
    folder.sweep()
    for _ in unfinished(folder):
        pass
    for found in folder.path.glob("*/"):
        with suppress(OSError):
            if not (found / PLAN_FILE).exists() and time.time() - found.stat().st_mtime > PLANNING_SECONDS:
                shutil.rmtree(found, ignore_errors=True)


class FailedPodcasts(Holder):
    """The texts of podcasts that failed, as a holder of personal data."""

    reads_disk = True

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder

    def forget_person(self, user_id: int) -> None:
        """Delete the failed podcasts of a person. A podcast in progress is kept."""
        self._folder.sweep()
        for found in unfinished(self._folder):
            if found.plan.user_id == user_id and found.plan.paused:
                found.clear()


def _plan(folder: JobFolder, plan_id: str) -> Plan:
    """Raises OSError, StoreError, and ValueError, TypeError or KeyError when it is no plan."""
    kept = json.loads(folder.read(f"{plan_id}/{PLAN_FILE}"))
    return Plan(**{**kept, "written": [section and _section(section) for section in kept["written"]]})


def _part(number: int) -> str:
    return f"{number:04}.pcm"


def _section(kept: dict[str, Any]) -> Section:
    chapter = kept["chapter"]
    return Section(Chapter(chapter["title"], tuple(ScriptPiece(**piece) for piece in chapter["pieces"])), kept["note"])
