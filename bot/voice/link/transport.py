"""What a link needs of a voice connection; discord_transport.py provides it with discord.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.voice.dave import DaveSession
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.ip_discovery import IpDiscovery
from bot.voice.link.presence import Presence


class ConnectionBroken(Exception):
    """The connection broke, or could not be made; `code` as in recovery.py."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class RemovedFromChannel(Exception):
    """Somebody took the bot out of the channel while it was connecting."""


@dataclass(slots=True)
class TransportStats:
    """Counts since the link began."""

    resumed: int = 0
    reopened: int = 0
    rejoined: int = 0
    failed: int = 0
    "recovery attempts that did not work"
    unreadable: int = 0
    "messages of the voice gateway that could not be handled"
    regrouped: int = 0
    "times the DAVE group was asked to admit us again"
    receive_broken: int = 0
    "times the watchdog found that no sound arrives"
    send_broken: int = 0
    "times the watchdog found that what we send is sealed with other keys than people have, or not sealed"


class Transport(Protocol):
    """The connection that a link keeps up."""

    stats: TransportStats
    events: GatewayEvents
    discovery: IpDiscovery
    left: bool
    "the bot left for good"

    @property
    def channel_id(self) -> int: ...

    @property
    def connected(self) -> bool: ...

    @property
    def in_group(self) -> bool:
        """Whether we can open and seal sound: as a member of the DAVE group, or because there is none."""
        ...

    @property
    def out_of_step(self) -> bool:
        """Whether what we seal now differs from what the voice gateway announced; true briefly at every change."""
        ...

    @property
    def channel_exists(self) -> bool: ...

    @property
    def gateway_lag_seconds(self) -> float:
        """How long the main gateway took to answer the last `presence`."""
        ...

    def people(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the humans and the bots in the channel."""
        ...

    def keys(self) -> tuple[Sequence[int] | None, DaveSession | None, int]:
        """Return the transport key, the DAVE session and the protocol version in force."""
        ...

    async def poll(self) -> int:
        """Serve the voice gateway until the connection ends; return why (see recovery.py)."""
        ...

    async def presence(self) -> Presence:
        """Ask Discord whether the bot is still in the channel; its answer may take PRESENCE_TIMEOUT_SECONDS."""
        ...

    @property
    def superseded(self) -> bool:
        """Whether the main gateway has a new session, while the bot's place in the channel belongs to the old one."""
        ...

    async def take_over(self) -> None:
        """Enter the channel in place, if the bot is still in it; may take as long as `presence`."""
        ...

    async def cut(self, code: int) -> None:
        """Close the connection and make `poll` return `code`."""
        ...

    async def resume(self) -> None:
        """Continue the session on a new WebSocket. Raises ConnectionBroken."""
        ...

    async def open(self) -> None:
        """Start a new session with the server that the main gateway named. Raises ConnectionBroken."""
        ...

    async def rejoin(self) -> None:
        """Leave the channel and enter it again. Raises ConnectionBroken or RemovedFromChannel."""
        ...

    async def regroup(self) -> None:
        """Ask the DAVE group to admit us again."""
        ...

    def keep_alive(self) -> None:
        """Keep the NAT mapping open, and check that the voice server answers; called twice a second."""
        ...

    async def leave(self) -> None:
        """Leave the channel and release everything. Idempotent."""
        ...

    async def drop(self) -> None:
        """Release everything after the bot was removed from the channel."""
        ...
