"""What to do when the voice connection broke: pure policy.

The close codes are those of Discord's developer docs, "Voice close event codes"; the negative ones are our own words
for endings without a code.
"""

from collections.abc import Iterator
from enum import Enum, auto

from bot.types import LinkEnd

BROKEN = -1
"""The connection broke, or could not be made."""
SILENT = -2
"""Nothing came from the voice gateway for too long."""
NEWS = -3
"""We closed, because the main gateway told of another server or channel."""
DEAF = -4
"""We closed, because no sound comes through."""
STILL_DEAF = -5
"""The same, after a new session did not help."""
GIVEN_UP = -6
"""The same, after nothing did."""
NORMAL = 1000
DISCONNECTED = 4014
ENCRYPTION_REFUSED = 4017
RATE_LIMITED = 4021
CALL_TERMINATED = 4022

FATAL = {ENCRYPTION_REFUSED: LinkEnd.REFUSED, RATE_LIMITED: LinkEnd.LOST, GIVEN_UP: LinkEnd.LOST}
"""Nothing cures these now: trying again would be refused too, or is what made it worse."""

TOLD = frozenset({NEWS, NORMAL, DISCONNECTED, CALL_TERMINATED})
"""The main gateway says what it means: a move, another server, or that we were thrown out."""
OVER = frozenset({4004, 4006, 4009, 4011, STILL_DEAF})
"""The session is over, or no good: only a new one helps."""

TOLD_WITHIN = 3.0
"""Seconds to wait for the main gateway's word."""
REALLOCATED_WITHIN = 20.0
"""Seconds to wait for a server after a null endpoint."""
REJOIN_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds before each attempt; with the attempts' own time one to two minutes, then the link is lost."""


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
    elif code in TOLD:
        yield TOLD_WITHIN, Cure.WAIT
    elif code == DEAF:
        yield 0.0, Cure.REOPEN
    elif code not in OVER and not shaky:
        yield 0.0, Cure.RESUME
        yield 0.5, Cure.RESUME
    for seconds in REJOIN_AFTER[1:] if shaky else REJOIN_AFTER:
        yield seconds, Cure.REJOIN
