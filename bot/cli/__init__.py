"""The commands of `python -m bot`."""

import os
import sys
from importlib import import_module

# Before anything imports numpy, whose OpenBLAS otherwise starts a thread for each core. The products here are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# structlog's console would draw tracebacks with rich and pygments, which take 1 MiB. Ours are plain (bot/ops/log.py).
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment] # such an import fails
    import_module("structlog")
    del sys.modules["rich"]
