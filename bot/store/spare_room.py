"""Room on the disk that is kept aside, so that what must be deleted can be deleted when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path

from bot.store.private_files import PRIVATE_FILE_MODE

SPARE_ROOM_BYTES = 4 * 2**20
"""What deleting a batch of lines writes to the log, several times over."""


class SpareRoom:
    """A file of nothing beside a SQLite database."""

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(f"{database.name}-room")

    def keep(self) -> None:
        """Set the room aside, where there is some and the system can."""
        with suppress(OSError):
            if self._file.exists() and self._file.stat().st_size == SPARE_ROOM_BYTES:
                return
            file = os.open(self._file, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
            try:
                os.posix_fallocate(file, 0, SPARE_ROOM_BYTES)  # absent on Windows and, as a method, on macOS
            except (OSError, AttributeError):
                self._file.unlink()
            finally:
                os.close(file)

    def release(self) -> bool:
        """Give the room to the database; return whether there was any."""
        with suppress(OSError):
            self._file.unlink()
            return True
        return False
