"""Folders and files that only the bot's user may read."""

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FOLDER_MODE, PRIVATE_FILE_MODE = 0o700, 0o600
"""Permissions on POSIX; elsewhere the user's own folders are private by themselves."""
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")
"""Of a database's files; SQLite gives the later ones the permissions of the first."""
PASSING_SUFFIX = ".new"
"""Of a file until it is whole."""


def make_private_folder(folder: Path) -> None:
    """Make a folder, or take its permissions away from others. Raises OSError when it cannot be made."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER_MODE)
    _restrict(folder, PRIVATE_FOLDER_MODE)


def write_private_file(path: Path, data: bytes) -> None:
    """Write a file atomically; where that fails, nothing of it stays. Raises OSError."""
    passing = path.with_suffix(PASSING_SUFFIX)
    with suppress(FileNotFoundError):
        passing.unlink()  # its permissions could be others'
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE), "wb") as file:
            file.write(data)
        os.replace(passing, path)
    except BaseException:
        with suppress(OSError):
            passing.unlink()
        raise


def protect_database(file: Path) -> None:
    """Make a SQLite database's files private, before SQLite opens or makes them, and its folder if that is its own.

    What is no file, a folder or a device that was named by mistake, stays as it is.
    """
    if file.exists() and not file.is_file():
        return
    if not file.parent.exists():
        with suppress(OSError):  # whoever opens the database says so
            make_private_folder(file.parent)
    elif _only_for(file):
        _restrict(file.parent, PRIVATE_FOLDER_MODE)
    with suppress(OSError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE))
    for suffix in SQLITE_SUFFIXES:
        _restrict(file.with_name(file.name + suffix), PRIVATE_FILE_MODE)


def _only_for(file: Path) -> bool:
    """Whether a folder holds nothing but a database and what the bot keeps beside it: others may need a shared one."""
    known = (f"{file.name}", "jobs", "lost+found", ".")
    try:
        return all(entry.name.startswith(known) for entry in file.parent.iterdir()) and (
            not Path.cwd().is_relative_to(file.parent.resolve())
        )
    except OSError:
        return False


def _restrict(path: Path, mode: int) -> None:
    """Take permissions away, never add any; what is not ours stays as it is."""
    with suppress(OSError):
        old = stat.S_IMODE(path.stat().st_mode)
        if old & ~mode:
            path.chmod(old & mode)
