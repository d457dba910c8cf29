"""What every child process of the bot gets, and gives up."""

import os
import resource
import signal
import sys
from collections.abc import Mapping
from ctypes import CDLL

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVILEGES = 1, 38
"""Options of prctl(2)."""
_CHILD_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
"""No secret, and one thread of linear algebra, which otherwise reserves memory for each core."""
_PASSED_VARIABLES = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""What an interpreter may need in order to start."""


def child_environment() -> dict[str, str]:
    """Return all of a child's environment."""
    return _CHILD_ENVIRONMENT | {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}


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
