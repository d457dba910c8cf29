"""Lets nothing that the main gateway says end the bot.

discord.py hands each event to a function of its name. What one of them raises, or a message that has no form that it
knows, ends all shards, and every call with them; it is enough that Discord sends an object that this discord.py cannot
read, and it would do so again at the next start.
"""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import discord
import structlog
from discord import shard
from discord.gateway import DiscordWebSocket, ReconnectWebSocket, WebSocketClosure

log = structlog.get_logger(__name__)

_SESSION_EVENTS = ("READY", "RESUMED")
"""discord.py reads them before it asks the functions: see `_GuardedSocket`."""
_HANDLED = (ReconnectWebSocket, WebSocketClosure, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""Ends of a connection, after which discord.py makes another."""
MIN_HEARTBEAT_MS, MAX_HEARTBEAT_MS = 100, 3_600_000
"""Discord asks for 41,250."""

_counts: WeakKeyDictionary[object, Counter[str]] = WeakKeyDictionary()
"""By the state of a client."""


def guard_events(client: discord.Client, counts: Counter[str]) -> None:
    """Count an event that discord.py cannot read, and go on with the next; call before the login."""
    parsers = client._connection.parsers
    for name, parse in parsers.items():
        if name not in _SESSION_EVENTS:
            parsers[name] = _guarded(name, parse, counts)
    _counts[client._connection] = counts
    shard.DiscordWebSocket = _GuardedSocket  # pyright: ignore[reportPrivateImportUsage]


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


class _GuardedSocket(DiscordWebSocket):
    """Passes over a message that it cannot read; without a session, or a pulse, it connects anew after a while."""

    _text: object = None
    "of the newest message, decompressed"

    def log_receive(self, data: Any, /) -> None:
        self._text = data
        if "heartbeat_interval" in data:
            _check_pulse(json.loads(data))

    async def received_message(self, msg: Any, /) -> None:
        self._text = None
        try:
            await super().received_message(msg)
        except _HANDLED:
            raise
        except Exception as error:
            if (counts := _counts.get(self._connection)) is not None:
                counts["unreadable"] += 1
            kind = _kind(self._text)
            log.warning("message_unreadable", message_kind=kind, kind=type(error).__name__)
            if kind not in ("HELLO", "READY", "compressed"):
                return
            if self._keep_alive is not None:
                self._keep_alive.stop()
            await self.close(code=4000)
            raise ConnectionError(f"{kind} cannot be read") from None


def _check_pulse(message: Any) -> None:
    """Raise ValueError when a message asks for heartbeats at times that nobody can keep to."""
    if message.get("op") != DiscordWebSocket.HELLO:
        return
    wanted = message["d"]["heartbeat_interval"]
    if not (isinstance(wanted, int | float) and MIN_HEARTBEAT_MS <= wanted <= MAX_HEARTBEAT_MS):
        raise ValueError("heartbeat_interval")


def _kind(text: object) -> str:
    """Return what a message is; what the gateway made up is only "other"."""
    if text is None:
        return "compressed"  # and what follows cannot be decompressed
    message: Any = None
    with suppress(ValueError):
        message = json.loads(str(text))
    if not isinstance(message, dict):
        return "other"
    if message.get("op") == DiscordWebSocket.HELLO:
        return "HELLO"
    return str(message.get("t")) if message.get("t") in _SESSION_EVENTS else "other"
