"""What a link needs of a voice connection; connection.py makes one of discord.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.voice.dave import DaveSession
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.ip_discovery import IpDiscovery


class Broken(Exception):
    """The connection broke, or could not be made; `code` as in recovery.py."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Removed(Exception):
    """Somebody took the bot out of the channel while it was connecting."""


@dataclass(slots=True)
class LinkStats:
    """What befell a link."""

    resumed: int = 0
    reopened: int = 0
    rejoined: int = 0
    failed: int = 0
    "attempts to recover that did not work"
    unreadable: int = 0
    "messages of the voice gateway that could not be handled"
    regrouped: int = 0
    "times the DAVE group was asked to take us in anew"
    deaf: int = 0
    "times the watchdog found that no sound comes through"
    dumb: int = 0
    "times the watchdog found that what is said is sealed with other keys than people have, or not sealed"


class Transport(Protocol):
    """The connection that a link keeps up; made of discord.py in connection.py."""

    stats: LinkStats
    news: GatewayEvents
    discovery: IpDiscovery
    left: bool
    "we left for good"

    @property
    def channel_id(self) -> int: ...

    @property
    def connected(self) -> bool: ...

    @property
    def in_group(self) -> bool:
        """Whether we can open and seal sound: a member of the DAVE group, or there is none."""
        ...

    @property
    def apart(self) -> bool:
        """Whether what we seal now is not what the voice gateway announced; for a moment at every change."""
        ...

    @property
    def channel_exists(self) -> bool: ...

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the humans and the bots in the channel."""
        ...

    def keys(self) -> tuple[Sequence[int] | None, DaveSession | None, int]:
        """Return the transport's key, the DAVE session and the protocol version in force."""
        ...

    async def poll(self) -> int:
        """Serve the voice gateway until it is over; return why (see recovery.py)."""
        ...

    async def cut(self, code: int) -> None:
        """Make `poll` return `code`."""
        ...

    async def resume(self) -> None:
        """Go on with the session on a new WebSocket. Raises Broken."""
        ...

    async def open(self) -> None:
        """Begin a new session with the server we were told of. Raises Broken."""
        ...

    async def rejoin(self) -> None:
        """Leave the channel and enter it again. Raises Broken or Removed."""
        ...

    async def regroup(self) -> None:
        """Ask the DAVE group to take us in anew."""
        ...

    def keep_alive(self) -> None:
        """Keep the way back through a NAT open, and see whether the voice server answers; called twice a second."""
        ...

    async def leave(self) -> None:
        """Leave the channel and let go of everything. Idempotent."""
        ...

    async def drop(self) -> None:
        """Let go of everything; the channel was left before."""
        ...
