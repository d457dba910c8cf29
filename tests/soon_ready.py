"""discord.py is ready when no server came for a while: 2 s, in which most tests that log in would only wait."""

import functools
from typing import Any

from discord.state import ConnectionState

LAST_SERVER_SECONDS = 0.4


def be_ready_soon() -> None:
    """Let this process's clients wait less."""
    real = ConnectionState.__init__

    @functools.wraps(real)
    def init(self: Any, **options: Any) -> None:
        real(self, **{"guild_ready_timeout": LAST_SERVER_SECONDS, **options})

    ConnectionState.__init__ = init
