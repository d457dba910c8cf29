"""What to do when the voice connection broke: pure policy.

The close codes are those of Discord's developer docs, "Voice close event codes"; what was seen to cure each is noted
with it.
"""

from collections.abc import Iterator
from enum import Enum, auto

from bot.types import LinkEnd

SILENT = 0
"""Stands for a close code: nothing came from the voice gateway for too long."""
NEWS = -2
"""Stands for a close code: we closed, because the main gateway told of another server or channel."""
DEAF = -3
"""Stands for a close code: we closed, because nothing could be heard."""
DISCONNECTED = 4014
ENCRYPTION_REFUSED = 4017
RATE_LIMITED = 4021
CALL_TERMINATED = 4022

FATAL = {ENCRYPTION_REFUSED: LinkEnd.REFUSED, RATE_LIMITED: LinkEnd.LOST}
"""Nothing cures these now: trying again is refused too, or what made it worse."""

_TOLD = {NEWS, DISCONNECTED, CALL_TERMINATED, 1000}
"""The main gateway says what it means: a move, another server, or that we were thrown out."""
_NEW_SESSION = {4004, 4006, 4009, 4011, DEAF}
"""The session is gone (or no good): resuming it would be refused."""

TOLD_WITHIN = 3.0
"""Seconds to wait for the main gateway's word."""
REALLOCATED_WITHIN = 20.0
"""Seconds to wait for a server after a null endpoint."""
REJOIN_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds before each attempt; with the attempts' own time about a minute, then the link is lost."""


class Cure(Enum):
    """From cheap to dear."""

    WAIT = auto()
    "for word from the main gateway"
    RESUME = auto()
    "the voice gateway's session goes on: keys, UDP and DAVE group stay"
    REOPEN = auto()
    "a new session with the server we have been told of"
    REJOIN = auto()
    "leave the channel and enter it again"


def plan(code: int, *, awaiting_server: bool = False, shaky: bool = False) -> Iterator[tuple[float, Cure]]:
    """Yield what to try, with the seconds to wait before it, until something works.

    `awaiting_server`: Discord said with a null endpoint that another server will follow. `shaky`: the last cure is
    only seconds old, so the cheap one is not believed again.
    """
    if awaiting_server:
        yield REALLOCATED_WITHIN, Cure.WAIT
    elif code in _TOLD:
        yield TOLD_WITHIN, Cure.WAIT
    elif code not in _NEW_SESSION and not shaky:
        yield 0.0, Cure.RESUME
        yield 0.5, Cure.RESUME
    for seconds in REJOIN_AFTER[1:] if shaky else REJOIN_AFTER:
        yield seconds, Cure.REJOIN
