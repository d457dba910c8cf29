"""How much memory there is left for new jobs: calls, which need little, go on where jobs no longer begin.

Source: Linux's documentation, "Control Group v2", memory.max, memory.current and memory.stat. Elsewhere there is no
limit to read; MEMORY_LIMIT_MB sets one.
"""

import os
from pathlib import Path

JOB_MEMORY_SHARE = 0.85
"""Of the limit; above it no job begins. A job takes tens of megabytes, and beyond the limit the kernel ends us."""
MEGABYTE_BYTES = 1_000_000


class MemoryGauge:
    """Compares the memory in use with its limit, each time it is asked."""

    def __init__(self, limit_mb: int | None = None, root: Path = Path("/")) -> None:
        """`limit_mb`: megabytes for this process; None: the limit of its control group, if it has one.

        `root` is the folder with /proc and /sys.
        """
        self._limit_mb = limit_mb
        self._root = root

    def is_short(self) -> bool:
        """Whether more than JOB_MEMORY_SHARE of the memory is in use; False where there is no limit."""
        if self._limit_mb is not None:
            return self._own_bytes() > JOB_MEMORY_SHARE * self._limit_mb * MEGABYTE_BYTES
        return any(self._is_full(group) for group in self._groups())

    def _groups(self) -> list[Path]:
        """Return our control group and those around it, each of which may have a limit."""
        top = self._root / "sys/fs/cgroup"
        lines = _read(self._root / "proc/self/cgroup").splitlines()
        path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")
        own = top / path.strip("/")
        return [group for group in (own, *own.parents) if group == top or top in group.parents]

    def _is_full(self, group: Path) -> bool:
        limit, used = _number(_read(group / "memory.max")), _number(_read(group / "memory.current"))
        if limit is None or used is None:
            return False
        stat = dict(line.split(" ", 1) for line in _read(group / "memory.stat").splitlines() if " " in line)
        cache = _number(stat.get("inactive_file", "")) or 0  # pages of files, which the kernel gives up first
        return used - cache > JOB_MEMORY_SHARE * limit

    def _own_bytes(self) -> int:
        """Return the memory of this process; 0 where it cannot be read."""
        fields = _read(self._root / "proc/self/statm").split()
        pages = _number(fields[1]) if len(fields) > 1 else None
        return (pages or 0) * os.sysconf("SC_PAGE_SIZE")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _number(text: str) -> int | None:
    """Return a number of bytes; None for "max" and what is not there."""
    return int(text) if text.strip().isdecimal() else None
