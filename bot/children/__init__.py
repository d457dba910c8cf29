"""What every child process of the bot gets, and gives up."""

import os
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from ctypes import CDLL
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVILEGES = 1, 36, 38
"""Options of prctl(2)."""
_CHILD_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
"""No secret, and one thread of linear algebra, which otherwise reserves memory for each core."""
_PASSED_VARIABLES = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""What an interpreter may need in order to start."""


def child_environment() -> dict[str, str]:
    """Return all of a child's environment."""
    return _CHILD_ENVIRONMENT | {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}


def adopt_orphans() -> None:
    """Become the parent of whatever the children of this process leave behind, where the system can do that: Linux."""
    if sys.platform == "linux":
        CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """Kill the children of this process with their groups, and theirs, where the system tells who they are."""
    own = os.getpid()
    with suppress(OSError, ValueError):
        while found := Path(f"/proc/self/task/{own}/children").read_text(encoding="ascii").split():
            for pid in map(int, found):
                with suppress(ProcessLookupError):
                    group = os.getpgid(pid)
                    if group == os.getpgid(own):
                        os.kill(pid, signal.SIGKILL)
                    else:
                        os.killpg(group, signal.SIGKILL)
                os.waitpid(pid, 0)


def confine(parent: int, niceness: int, limits: Mapping[int, int]) -> None:
    """In the child: give up what it does not need, write no file, and end together with the bot.

    `parent` is the bot's process; `limits` are by the names of setrlimit(2).
    """
    os.nice(niceness)
    if sys.platform == "linux":
        prctl = CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        if os.getppid() != parent:  # it ended before that
            os._exit(1)
    for limit, value in {**limits, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}.items():
        most = resource.getrlimit(limit)[1]
        soft = value if most == resource.RLIM_INFINITY else min(value, most)
        # A hard limit of CPU time above the soft one, so that the signal of the soft one tells what happened.
        resource.setrlimit(limit, (soft, soft + 1 if limit == resource.RLIMIT_CPU and soft < most else most))
