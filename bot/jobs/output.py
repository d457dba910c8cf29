"""The files that a job on the command line writes: what is paid and cannot be written in its place goes elsewhere."""

from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from bot.errors import JobError


class NotWritten(JobError):
    """A file is not where it was wanted; the hint says where it is."""

    def __init__(self, path: Path, error: OSError, elsewhere: Path | None) -> None:
        kept = f"It is in {elsewhere} instead." if elsewhere else "No other place would take it."
        super().__init__(hint=f"{path} can't be written ({error.strerror or type(error).__name__}). {kept}")
        self.lost = elsewhere is None


def write(path: Path, data: bytes) -> None:
    """Write a file, and make its folder. Raises NotWritten."""
    begun = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            begun = True
            file.write(data)
    except OSError as error:
        with suppress(OSError):
            if begun and path.is_file():
                path.unlink()  # a part of it would pass for the whole
        raise NotWritten(path, error, _elsewhere(path.name, data)) from error


def _elsewhere(name: str, data: bytes) -> Path | None:
    """Write a file into a new folder for temporary files; return where, None if that fails, too."""
    with suppress(OSError):
        path = Path(mkdtemp(prefix="kikite-")) / name
        path.write_bytes(data)
        return path
    return None
