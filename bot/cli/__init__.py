"""The commands of `python -m bot`."""

import os
import sys
from typing import Any

# Before anything imports numpy, whose OpenBLAS otherwise starts a thread for each core. The products here are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# structlog 26.1 loads rich where it finds it, 3 MiB, for tracebacks that no log line here has: let it not find it.
_modules: dict[str, Any] = sys.modules
if "rich" not in _modules:
    _modules["rich"] = None
    import structlog as structlog

    del _modules["rich"]
