"""The commands of `python -m bot`."""

import os

# Before anything imports numpy, whose OpenBLAS otherwise starts a thread for each core. The products here are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
