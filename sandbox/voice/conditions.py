"""What goes wrong between one person and the voice server: every knob of the voice half, all off by default."""

import random
from dataclasses import dataclass, field
from typing import Literal

Mishap = Literal["spoilt", "lost", "doubled", "late"]
"Unprocessable (binary ops), never sent, sent twice, sent `LATE` seconds after what follows it"
LATE = 0.3


@dataclass(slots=True)
class Path:
    """One direction of a person's UDP. Shares are 0 to 1 per packet, times are seconds."""

    loss: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    "share that comes 20 to 100 ms late, so up to five packets overtake it"
    delay: float = 0.0
    jitter: float = 0.0
    "up to this much more delay; order is kept"
    burst: float = 0.0
    "share of packets that begin a stall of `burst_length`, after which all that waited comes at once"
    burst_length: float = 0.2
    dead: bool = False
    "nothing passes"

    @property
    def clear(self) -> bool:
        return not (self.loss or self.double or self.reorder or self.delay or self.jitter or self.burst or self.dead)


@dataclass(slots=True)
class Conditions:
    """The knobs of one person."""

    up: Path = field(default_factory=Path)
    "from the person to the SFU"
    down: Path = field(default_factory=Path)
    "from the SFU to the person"
    padding: float = 0.05
    "share of forwarded packets with RTP padding, as Discord's SFU does"
    extension: bool = True
    "forwarded packets carry an RTP header extension"
    oddities: float = 0.0
    """share of forwarded packets in the shapes that are legal and rare (marker bit, contributing sources, two-byte
    extensions), each followed by a sender report (RTCP) and a retransmission"""
    nat_timeout: float | None = None
    "seconds after the person's last datagram when nothing passes down any more, until the next one"
    unforwarded: bool = False
    "the SFU answers this person's IP discovery, but sends them nobody's sound"
    speaking_delay: float = 0.0
    "op 5 about this person reaches the others this much later"
    speaking_absent: bool = False
    "op 5 about this person never reaches the others"
    gateway_lag: float = 0.0
    "every voice-gateway message to this person comes this much later"
    frozen: bool = False
    "the voice gateway's TCP is dead without a sign: nothing passes either way"
    heartbeat_acks: bool = True
    introduced_early: bool = False
    "op 25 comes before op 4 rather than after it; which of them Discord means to be first is not documented"
    mishaps: dict[int, list[Mishap]] = field(default_factory=dict)
    "what becomes of the next DAVE messages to this person, by op (21 to 30)"
    bad_proposals: int = 0
    "so many of the next ops 27 to this person are unprocessable"
    bad_commits: int = 0
    "the same for op 29"
    bad_welcomes: int = 0
    "the same for op 30"

    def mishap(self, op: int) -> Mishap | None:
        """Return what becomes of a DAVE message to this person, and count it off."""
        if self.mishaps.get(op):
            return self.mishaps[op].pop(0)
        name = {27: "bad_proposals", 29: "bad_commits", 30: "bad_welcomes"}.get(op)
        if name is None or not getattr(self, name):
            return None
        setattr(self, name, getattr(self, name) - 1)
        return "spoilt"


class Weather:
    """Decides the fate of one direction's packets; the same seed and the same packets meet the same fate."""

    def __init__(self, path: Path, seed: str) -> None:
        self.path = path
        self._random = random.Random(seed)
        self._stalled_until = 0.0
        self._last_due = 0.0

    def due(self, now: float) -> list[float]:
        """Return when a packet sent at `now` arrives: no time when lost, two when doubled."""
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
