"""What a process does once for its memory, when it has started."""

import ctypes
import gc
import mmap
import re
from contextlib import suppress
from pathlib import Path

_UNCHANGED = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* .*\n(?:[A-Z]\w*:.*\n)*?Anonymous: +0 kB", re.MULTILINE
)
"""A mapping in /proc/self/smaps that is part of a file, cannot be written and never was."""


def settle() -> None:
    """Take what lives now out of the garbage collector's sight, and return what starting freed to the system.

    A full collection of the started bot looks at some 200,000 objects, and holds every thread, the pacer's too, for
    about 100 ms. What is frozen lives until the process ends anyway: modules, settings, the servers in the cache.
    """
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    _release_libraries()


def _release_libraries() -> None:
    """Let go of the pages of libraries that only starting needed; one that is used again comes from the page cache."""
    with suppress(OSError, AttributeError):  # only Linux has it
        advise, mappings = ctypes.CDLL(None).madvise, Path("/proc/self/smaps").read_text()
        for begin, end in _UNCHANGED.findall(mappings):
            first = int(begin, 16)
            advise(ctypes.c_void_p(first), ctypes.c_size_t(int(end, 16) - first), mmap.MADV_DONTNEED)
