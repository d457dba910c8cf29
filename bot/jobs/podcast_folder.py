"""An unfinished podcast on disk: the plan, the script and the finished parts, so that a restart loses nothing.

    <folder>/<id>/plan.json     the request, who made it, the text and its script
                  0001.pcm      a part, s16le mono 24 kHz, written atomically

The folder contains the text that people sent and what was made of it, never speech of people.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.jobs.script import Chapter, ScriptPiece
from bot.ports.holder import Holder

UNFINISHED_LIFETIME_SECONDS = 7 * 86_400.0
"""How long a podcast that nobody finishes is kept."""


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

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan = plan
        self.path = folder / plan.id
        self.path.mkdir(parents=True, exist_ok=True)
        os.chmod(self.path, 0o700)

    @classmethod
    def open(cls, folder: Path, plan: Plan) -> "PodcastFolder":
        """Open the folder of the same request if there is one, else make a new one."""
        try:
            kept = _plan(json.loads((folder / plan.id / "plan.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return cls(folder, plan)
        kept.channel_id, kept.message_id, kept.limit, kept.paused = plan.channel_id, 0, plan.limit, False
        return cls(folder, kept)

    def save(self) -> None:
        """Write the plan to disk."""
        _write(self.path / "plan.json", json.dumps(asdict(self.plan), ensure_ascii=False).encode())

    def part(self, number: int) -> Path:
        return self.path / f"{number:04}.pcm"

    def has(self, number: int) -> bool:
        return self.part(number).exists()

    def put(self, number: int, pcm: bytes) -> None:
        _write(self.part(number), pcm)

    def done(self) -> int:
        """Return the number of finished parts."""
        return sum(self.has(number) for number in range(len(self.plan.pieces)))

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def unfinished(folder: Path) -> Iterator[PodcastFolder]:
    """Yield the podcasts that an earlier process left unfinished, and delete those too old or unreadable."""
    for found in sorted(folder.glob("*/plan.json")) if folder.is_dir() else ():
        try:
            if time.time() - found.stat().st_mtime > UNFINISHED_LIFETIME_SECONDS:
                raise ValueError("too old")
            yield PodcastFolder(folder, _plan(json.loads(found.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, KeyError):
            shutil.rmtree(found.parent, ignore_errors=True)


def prune(folder: Path) -> None:
    """Delete unfinished podcasts that are too old."""
    for _ in unfinished(folder):
        pass


class FailedPodcasts(Holder):
    """The texts of podcasts that failed, as a holder of personal data."""

    reads_disk = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def forget_person(self, user_id: int) -> None:
        """Delete the failed podcasts of a person. A podcast in progress is kept."""
        for found in unfinished(self._folder):
            if found.plan.user_id == user_id and found.plan.paused:
                found.clear()


def _plan(kept: dict[str, Any]) -> Plan:
    return Plan(**{**kept, "written": [section and _section(section) for section in kept["written"]]})


def _section(kept: dict[str, Any]) -> Section:
    chapter = kept["chapter"]
    return Section(Chapter(chapter["title"], tuple(ScriptPiece(**piece) for piece in chapter["pieces"])), kept["note"])


def _write(path: Path, data: bytes) -> None:
    passing = path.with_suffix(".new")
    passing.write_bytes(data)
    os.replace(passing, path)
