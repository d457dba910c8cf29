"""A podcast's work on disk: the plan, the script and the parts that are done, so that a restart loses none of it.

    <folder>/<id>/plan.json     what was asked for, and by whom; the text and its script
                  0001.pcm      a part, s16le mono 24 kHz, written whole or not at all

Only what people gave to be read aloud is kept, and what was made of it: never speech of people.
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
"""Seconds until work that nobody finished is thrown away."""


@dataclass(frozen=True, slots=True)
class Section:
    """What was made of one section of the text."""

    chapter: Chapter
    note: str
    "its summary, Markdown"


@dataclass(slots=True)
class Plan:
    """What a podcast is to be."""

    title: str
    sections: list[str]
    "of the text"
    language: str
    "BCP 47, or empty: as the text is"
    voices: list[str]
    container: str
    "ogg or mp3"
    limit: int
    "bytes of one file"
    guild_id: int = 0
    channel_id: int = 0
    user_id: int = 0
    message_id: int = 0
    "that shows the progress"
    paused: bool = False
    "it failed: it goes on when the same is asked for again, and not by itself"
    written: list[Section | None] = field(default_factory=list)
    "as many as sections; None: not written yet"
    summary: str = ""
    spent: str = "0"
    "US dollars so far, a decimal number; empty: not known"

    def __post_init__(self) -> None:
        self.written += [None] * (len(self.sections) - len(self.written))

    @property
    def done(self) -> list[Section]:
        """The sections that are written, in order."""
        return [section for section in self.written if section is not None]

    @property
    def id(self) -> str:
        """The same for the same wish of the same person."""
        wish = (self.guild_id, self.user_id, self.sections, self.language, self.voices, self.container)
        return hashlib.sha256(repr(wish).encode()).hexdigest()[:16]

    @property
    def pieces(self) -> list[ScriptPiece]:
        return [piece for section in self.done for piece in section.chapter.pieces]


class PodcastFolder:
    """One podcast's folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan = plan
        self.folder = folder / plan.id
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o700)

    @classmethod
    def open(cls, folder: Path, plan: Plan) -> "PodcastFolder":
        """Go on with what is there of the same wish, or begin."""
        try:
            kept = _plan(json.loads((folder / plan.id / "plan.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return cls(folder, plan)
        kept.channel_id, kept.message_id, kept.limit, kept.paused = plan.channel_id, 0, plan.limit, False
        return cls(folder, kept)

    def save(self) -> None:
        """Keep the plan as it stands."""
        _write(self.folder / "plan.json", json.dumps(asdict(self.plan), ensure_ascii=False).encode())

    def part(self, number: int) -> Path:
        return self.folder / f"{number:04}.pcm"

    def has(self, number: int) -> bool:
        return self.part(number).exists()

    def put(self, number: int, pcm: bytes) -> None:
        _write(self.part(number), pcm)

    def done(self) -> int:
        """Return how many parts are there."""
        return sum(self.has(number) for number in range(len(self.plan.pieces)))

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def unfinished(folder: Path) -> Iterator[PodcastFolder]:
    """Yield the work that an earlier process left; what is too old or unreadable is thrown away."""
    for found in sorted(folder.glob("*/plan.json")) if folder.is_dir() else ():
        try:
            if time.time() - found.stat().st_mtime > UNFINISHED_LIFETIME_SECONDS:
                raise ValueError("too old")
            yield PodcastFolder(folder, _plan(json.loads(found.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, KeyError):
            shutil.rmtree(found.parent, ignore_errors=True)


def prune(folder: Path) -> None:
    """Throw away what is too old."""
    for _ in unfinished(folder):
        pass


class FailedPodcasts(Holder):
    """What people gave for podcasts that failed."""

    reads_disk = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def forget_person(self, user_id: int) -> None:
        """Delete a person's; a podcast that is being made is not touched."""
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
