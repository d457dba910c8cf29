"""What to do when the voice connection breaks: pure policy.

The close codes are those of Discord's developer docs, "Voice close event codes". The negative ones are our own, for
endings without a code.
"""

from collections.abc import Iterator
from enum import Enum, auto

from bot.types import LinkEnd

CONNECTION_BROKEN = -1
"""The connection broke, or could not be made."""
GATEWAY_SILENT = -2
"""The voice gateway sent nothing for too long."""
SERVER_CHANGED = -3
"""We closed, because the main gateway named another server or channel."""
SOUND_BROKEN = -4
"""We closed, because sound does not get through."""
SOUND_STILL_BROKEN = -5
"""The same, after a new session did not help."""
SOUND_GIVEN_UP = -6
"""The same, after nothing helped."""
NORMAL_CLOSURE = 1000
UNKNOWN_PROTOCOL = 4012
DISCONNECTED = 4014
UNKNOWN_ENCRYPTION_MODE = 4016
ENCRYPTION_REFUSED = 4017
RATE_LIMITED = 4021
CALL_TERMINATED = 4022

FATAL_CODES = {
    UNKNOWN_PROTOCOL: LinkEnd.OUTDATED,
    UNKNOWN_ENCRYPTION_MODE: LinkEnd.OUTDATED,
    ENCRYPTION_REFUSED: LinkEnd.REFUSED,
    RATE_LIMITED: LinkEnd.LIMITED,
    SOUND_GIVEN_UP: LinkEnd.LOST,
}
"""Nothing helps against these now: another attempt would be refused too, or is what made it worse."""

EXPLAINED_CODES = frozenset({SERVER_CHANGED, NORMAL_CLOSURE, DISCONNECTED, CALL_TERMINATED})
"""The main gateway says what these mean: a move, another server, or a kick."""
SESSION_OVER_CODES = frozenset({4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4020, SOUND_STILL_BROKEN})
"""The session is over, or useless: only a new one helps. 4001 to 4005 and 4020 refuse a message of ours, and would
refuse it in the same session again."""

EXPLANATION_SECONDS = 3.0
"""How long to wait for the main gateway's explanation."""
REALLOCATION_SECONDS = 20.0
"""How long to wait for a server after a null endpoint."""
REMOVAL_NEWS_SECONDS = 15.0
"""How long to wait for the main gateway to say why the bot is out of the channel. Without an answer it was removed."""
SILENCE_SECONDS = 180.0
"""How long to wait for a main gateway that says nothing: discord.py notices a dead one within two minutes."""
PRESENCE_INTERVAL_SECONDS = 1.0
"""Between two questions whether the bot is still in the channel."""
REJOIN_DELAYS_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Before each attempt. Together with the attempts themselves this is one to two minutes; then the link is lost."""


class RecoveryStep(Enum):
    """From cheap to expensive."""

    WAIT = auto()
    "for the main gateway"
    RESUME = auto()
    "continue the voice gateway's session: keys, UDP and DAVE group stay"
    REOPEN = auto()
    "start a new session with the server that the main gateway named"
    REJOIN = auto()
    "leave the channel and enter it again, once it is certain that nobody removed the bot"


def resumable(code: int) -> bool:
    """Whether the session may still be continued after this close code."""
    return code not in EXPLAINED_CODES | SESSION_OVER_CODES


def plan(code: int, *, awaiting_server: bool = False, shaky: bool = False) -> Iterator[tuple[float, RecoveryStep]]:
    """Yield the steps to try until one works, each with the seconds to wait before it.

    `awaiting_server`: a null endpoint announced that another server will follow. `shaky`: the last recovery was only
    seconds ago, so the cheap step is not trusted again.
    """
    if awaiting_server:
        yield REALLOCATION_SECONDS, RecoveryStep.WAIT
    elif code in EXPLAINED_CODES:
        yield EXPLANATION_SECONDS, RecoveryStep.WAIT
    elif code == SOUND_BROKEN:
        yield 0.0, RecoveryStep.REOPEN
    elif resumable(code) and not shaky:
        yield 0.0, RecoveryStep.RESUME
        yield 0.5, RecoveryStep.RESUME
    for seconds in REJOIN_DELAYS_SECONDS[1:] if shaky else REJOIN_DELAYS_SECONDS:
        yield seconds, RecoveryStep.REJOIN
