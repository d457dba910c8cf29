"""A request without an answer for long is sent again, as tests/engine/test_transport.py tries.

Elsewhere it is in the way: on a busy machine the second request would take the answer that a script has for the next.
"""

from bot.engine import transport

PATIENCE_SECONDS = 60.0
NAMES = ("MIN_PATIENCE_SECONDS", "MIN_FRESH_PATIENCE_SECONDS")


def ask_once() -> None:
    """Let this process's engines send no request twice."""
    for name in NAMES:
        setattr(transport, name, PATIENCE_SECONDS)
