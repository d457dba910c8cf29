"""Notes on the parts of a recording. When an analysis fails halfway, the next attempt continues from them.

The notes paraphrase what people said, so the bot keeps them in memory only, for a short time. The process of the
command line ends, so it keeps them in files that only its user may read, until the analysis is done.
"""

import hashlib
import json
import time
from collections.abc import Callable, Set
from contextlib import suppress

import structlog

from bot.errors import StoreError
from bot.jobs.job_folder import JobFolder
from bot.ports.holder import Holder
from bot.types import Message

log = structlog.get_logger("jobs")

MAX_KEPT_CHARACTERS = 4_000_000
"""Of all notes: some hundred long recordings, or meetings of any length. More takes the oldest away."""
NOTES_LIFETIME_SECONDS = 1800.0
"""How long the bot keeps notes."""
NOTES_ON_DISK_LIFETIME_SECONDS = 7 * 86_400.0


def request_key(recording: bytes, *about: object) -> str:
    """Return the same key for the same request of the same person. Reads the whole recording."""
    digest = hashlib.sha256(recording)
    digest.update(repr(about).encode())
    return digest.hexdigest()[:32]


class AnalysisNotes(Holder):
    """Keeps notes in memory, by key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, list[str], Set[int]]] = {}
        "by key: time of the last write, notes on the first parts, and whose they are; oldest first"

    def begin(self, key: str, people: Set[int] = frozenset()) -> list[str]:
        """Begin an analysis, and return the notes on its first parts so far.

        `people` are who asked for it and whose recording it is. If one of them is forgotten, nothing more is written.
        """
        self._expire()
        _, notes, others = self._kept.pop(key, (0.0, [], frozenset()))
        self._kept[key] = self._clock(), notes, people | others
        return list(notes)

    def write(self, key: str, notes: list[str]) -> None:
        """Replace the notes of an analysis."""
        if kept := self._kept.pop(key, None):
            self._kept[key] = self._clock(), list(notes), kept[2]
            self._expire()

    def read(self, key: str) -> list[str]:
        """Return the notes of an analysis so far, without beginning it."""
        self._expire()
        return list(self._kept[key][1]) if key in self._kept else []

    def drop(self, key: str) -> None:
        self._kept.pop(key, None)

    def forget_person(self, user_id: int) -> None:
        """Drop the notes of all analyses that this person asked for or is heard in."""
        for key in [key for key, (_, _, people) in list(self._kept.items()) if user_id in people]:
            del self._kept[key]

    def _expire(self) -> None:
        oldest = self._clock() - NOTES_LIFETIME_SECONDS
        for key in [key for key, (since, _, _) in self._kept.items() if since < oldest]:
            del self._kept[key]
        size = sum(len(note) for _, notes, _ in self._kept.values() for note in notes)
        for key, (_, notes, _) in list(self._kept.items()):
            if size <= MAX_KEPT_CHARACTERS:
                return
            if notes:  # what has only begun takes no room
                size -= sum(map(len, notes))
                del self._kept[key]


class TalkNotes(AnalysisNotes):
    """Keeps notes on what was said in voice channels; they do not say in which, so every deletion takes all of them."""

    def clear_channel(self, channel_id: int) -> None:
        self._kept.clear()

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._kept.clear()

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self._kept.clear()


class AnalysisNotesOnDisk(Holder):
    """Keeps notes on disk, one file for each key."""

    reads_disk = True

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder

    def begin(self, key: str, people: Set[int] = frozenset()) -> list[str]:
        try:
            return [str(note) for note in json.loads(self._folder.read(_file(key)))]
        except (OSError, ValueError, TypeError, StoreError):
            return []

    def write(self, key: str, notes: list[str]) -> None:
        """Replace the notes of an analysis. A disk that does not take them costs only that they are not kept."""
        if len(notes) > 1 and not (self._folder.path / _file(key)).exists():
            return  # somebody was forgotten in the meantime
        for old in self._folder.path.glob("notes-*"):
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > NOTES_ON_DISK_LIFETIME_SECONDS:
                    old.unlink()
        try:
            self._folder.write(_file(key), json.dumps(notes, ensure_ascii=False).encode())
        except OSError as error:
            log.warning("notes_not_kept", error=type(error).__name__)

    def drop(self, key: str) -> None:
        (self._folder.path / _file(key)).unlink(missing_ok=True)

    def forget_person(self, user_id: int) -> None:
        """Drop all notes: the files do not say whose words they contain, and a recording can be analysed again."""
        for file in self._folder.path.glob("notes-*"):
            file.unlink(missing_ok=True)


def _file(key: str) -> str:
    return f"notes-{key}.json"
