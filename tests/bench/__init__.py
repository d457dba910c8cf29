"""Figures for eyes: `./dev pytest tests/bench -n 0`."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the bot does: on a busy machine threads wait for each other
BRIEF = "PYTEST_XDIST_WORKER" in os.environ
"""Whether workers share the machine: figures are then neither right nor shown; it is enough to see that all works."""
