"""The folder of unfinished jobs. What people sent and what is made of it is sealed there as in the database."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

from bot.config import Settings
from bot.errors import ConfigError, Damaged
from bot.store.inspection import sqlite_file
from bot.store.private_files import PASSING_SUFFIX, PRIVATE_FOLDER_MODE, make_private_folder, write_private_file
from bot.store.seal import Seal, file_key

WRITING_SECONDS = 60.0
"""No file takes as long to write."""
NO_KEY = "no key"
SEALED_FILES = ("*/plan.json", "*/*.pcm", "notes-*.json", "minutes-*.json")


@dataclass(frozen=True, slots=True)
class ResealedFiles:
    """What was sealed with the first key."""

    files: int
    older_keys: frozenset[str]
    "names of the keys of files that could not be written"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """A folder whose files only the bot's user may read, and only with STORE_KEY where there is one."""

    path: Path
    seal: Seal = field(default_factory=Seal)

    def read(self, name: str) -> bytes:
        """Return what a file holds; `name` is relative to the folder. Raises OSError, WrongKey and Damaged."""
        return self.seal.open_file((self.path / name).read_bytes(), name)

    def write(self, name: str, data: bytes) -> None:
        """Write a file atomically. Raises OSError."""
        file = self.path / name
        for folder in {self.path, file.parent}:
            make_private_folder(folder)
        write_private_file(file, self.seal.seal_file(data, name))

    def names(self) -> Iterator[str]:
        """Yield the files that are sealed."""
        for pattern in SEALED_FILES:
            for file in sorted(self.path.glob(pattern)):
                yield file.relative_to(self.path).as_posix()

    def reseal(self) -> ResealedFiles:
        """Seal every file with the first key. Leaves damaged ones alone. Raises WrongKey."""
        done, older = 0, set[str]()
        for name in self.names():
            with suppress(FileNotFoundError, Damaged):  # a job may be over, or its words be forgotten
                key = "unreadable file"
                try:
                    key = file_key((self.path / name).read_bytes()) or NO_KEY
                    if key == self.seal.key:
                        continue
                    data = self.read(name)
                    if (self.path / name).exists():
                        self.write(name, data)
                        done += 1
                except FileNotFoundError:
                    raise
                except OSError:
                    older.add(key)
        return ResealedFiles(done, frozenset(older))

    def sweep(self) -> None:
        """Delete what a process that was killed left half-written."""
        for pattern in (f"*{PASSING_SUFFIX}", f"*/*{PASSING_SUFFIX}"):
            for file in self.path.glob(pattern):
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > WRITING_SECONDS:
                        file.unlink()


def folder_beside(settings: Settings) -> JobFolder:
    """Return the folder for unfinished jobs: beside a SQLite file, else in the system's temporary folder.

    Raises ConfigError.
    """
    seal = Seal.of(settings.store_key.get_secret_value() if settings.store_key else None)
    if (file := sqlite_file(settings.database_url)) is not None:
        return JobFolder(file.parent / "jobs", seal)
    folder = Path(gettempdir()) / "kikite-jobs"
    with suppress(OSError):  # whoever writes there says so
        folder.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)
        made = folder.lstat()
        if not stat.S_ISDIR(made.st_mode) or (os.name == "posix" and made.st_uid != os.geteuid()):
            raise ConfigError([f"TMPDIR: {folder} is somebody else's, who could put jobs there: name another folder"])
    return JobFolder(folder, seal)
