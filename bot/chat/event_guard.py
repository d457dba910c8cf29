"""Lets no event of the main gateway end the bot.

discord.py hands each event to a function of its name. What one of them raises ends all shards, and every call with
them; it is enough that Discord sends an object that this discord.py cannot read, and it would do so again at the next
start.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import discord
import structlog

log = structlog.get_logger(__name__)

_SESSION_EVENTS = ("READY", "RESUMED")
"""Without them there is no session, so these may end it: discord.py reads them before it asks us."""


def guard_events(client: discord.Client, counts: Counter[str]) -> None:
    """Count an event that discord.py cannot read, and go on with the next; call before the login."""
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in _SESSION_EVENTS:
            parsers[name] = _guarded(name, parse, counts)


def _guarded(name: str, parse: Callable[[Any], None], counts: Counter[str]) -> Callable[[Any], None]:
    reported = False

    def parse_safely(data: Any) -> None:
        nonlocal reported
        try:
            parse(data)
        except Exception as error:
            counts["unreadable"] += 1
            if not reported:  # its text may quote the event
                reported = True
                log.warning("event_unreadable", event_name=name, kind=type(error).__name__)

    return parse_safely
