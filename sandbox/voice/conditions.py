"""Simulated faults between one person and the voice server. All are off by default."""

import random
from dataclasses import dataclass, field
from typing import Literal

from sandbox.voice.opcodes import ANNOUNCE_COMMIT, PROPOSALS, WELCOME

MessageFault = Literal["corrupted", "lost", "doubled", "late"]
"Unprocessable (binary ops only), never sent, sent twice, sent LATE_SECONDS late and so after the next messages"
LATE_SECONDS = 0.3


@dataclass(slots=True)
class NetworkPath:
    """One direction of a person's UDP path. Shares are 0 to 1 per packet; times are in seconds."""

    loss: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    "share that arrives 20 to 100 ms late, so up to five packets overtake it"
    delay: float = 0.0
    jitter: float = 0.0
    "up to this much additional delay; the order is kept"
    burst: float = 0.0
    "share of packets that start a stall of `burst_length`; at its end all waiting packets arrive at once"
    burst_length: float = 0.2
    dead: bool = False
    "nothing passes"

    @property
    def clear(self) -> bool:
        return not (self.loss or self.double or self.reorder or self.delay or self.jitter or self.burst or self.dead)


@dataclass(slots=True)
class Conditions:
    """The simulated network and gateway faults of one person."""

    up: NetworkPath = field(default_factory=NetworkPath)
    "from the person to the SFU"
    down: NetworkPath = field(default_factory=NetworkPath)
    "from the SFU to the person"
    padding: float = 0.05
    "share of forwarded packets with RTP padding, which Discord's SFU sends"
    extension: bool = True
    "forwarded packets carry an RTP header extension"
    oddities: float = 0.0
    """share of forwarded packets in legal but rare forms (marker bit, contributing sources, two-byte extensions), each
    followed by a sender report (RTCP) and a retransmission"""
    nat_timeout: float | None = None
    "seconds after the person's last datagram until nothing passes down any more; their next datagram reopens the path"
    unforwarded: bool = False
    "the SFU answers this person's IP discovery, but forwards no audio to them"
    speaking_delay: float = 0.0
    "op 5 about this person reaches the others this many seconds late"
    speaking_absent: bool = False
    "op 5 about this person never reaches the others"
    gateway_lag: float = 0.0
    "every voice gateway message to this person arrives this many seconds late"
    frozen: bool = False
    "the voice gateway's TCP connection is silently dead: nothing passes either way"
    heartbeat_acks: bool = True
    external_sender_early: bool = False
    "op 25 comes before op 4 rather than after it; Discord does not document which comes first"
    message_faults: dict[int, list[MessageFault]] = field(default_factory=dict)
    "faults of the next DAVE messages to this person, by op (21 to 30)"
    bad_proposals: int = 0
    "this many of the next op 27 messages to this person are unprocessable"
    bad_commits: int = 0
    "the same for op 29"
    bad_welcomes: int = 0
    "the same for op 30"

    def next_message_fault(self, op: int) -> MessageFault | None:
        """Return the fault of the next DAVE message to this person, and use it up."""
        if self.message_faults.get(op):
            return self.message_faults[op].pop(0)
        name = {PROPOSALS: "bad_proposals", ANNOUNCE_COMMIT: "bad_commits", WELCOME: "bad_welcomes"}.get(op)
        if name is None or not getattr(self, name):
            return None
        setattr(self, name, getattr(self, name) - 1)
        return "corrupted"


class PathSimulator:
    """Decides when the packets of one direction arrive. The same seed and packets give the same result."""

    def __init__(self, path: NetworkPath, seed: str) -> None:
        self.path = path
        self._random = random.Random(seed)
        self._stalled_until = 0.0
        self._last_due = 0.0

    def due(self, now: float) -> list[float]:
        """Return when a packet sent at `now` arrives: no time if it is lost, two if it is doubled."""
        path, chance = self.path, self._random.random
        if path.dead or chance() < path.loss:
            return []
        if chance() < path.burst and now >= self._stalled_until:
            self._stalled_until = now + path.burst_length
        due = max(now + path.delay + chance() * path.jitter, self._stalled_until, self._last_due)
        self._last_due = due
        if chance() < path.reorder:
            due += self._random.uniform(0.02, 0.1)
        return [due, due + 0.001] if chance() < path.double else [due]
