"""Notices a link that has gone deaf or dumb without a sign: pure, fed with samples twice a second.

The voice gateway's own silence is noticed where it is read; here it is about sound. Evidence is: nothing that
arrives can be opened; the DAVE group does not take us in, or goes on without us; people begin to speak and nothing
arrives; the voice server no longer answers IP discovery, which is asked again and again as long as it has answered once
on this connection (that Discord's servers always do is not documented).
"""

from dataclasses import dataclass
from enum import Enum, auto

SHUT_PACKETS = 25
"""Packets, 0.5 s of one speaker, each already held for 0.5 s: more than any change of keys takes."""
SHUT_FOR = 1.0
"""Seconds in which none opened."""
OUTSIDE_FOR = 3.0
"""Seconds among people without being one of their DAVE group: joining takes one."""
APART_FOR = 2.5
"""Seconds of sealing otherwise than was announced: a transition waits two for those who are slow."""
UNANSWERED_FOR = 6.0
"""Seconds in which no discovery was answered: where half of them are lost, twelve in a row are no chance."""
UNHEARD_FOR = 5.0
"""Seconds in which no datagram came after somebody was announced as speaking."""
ASLEEP = 2.0
"""Seconds between samples after which they prove nothing: the process itself stood still."""
WELL_FOR = 20.0
"""Seconds without an ailment after which the next one is treated as the first."""
CALM = 120.0
"""Seconds between attempts for somebody whom no key opens: it may be their client."""


class Order(Enum):
    """What is to be done, from cheap to dear."""

    REGROUP = auto()
    "have the DAVE group take us in anew"
    REOPEN = auto()
    "begin a new voice session"
    REJOIN = auto()
    "leave the channel and enter it again"
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Sample:
    """Counters, since the link began."""

    now: float
    "seconds"
    received: int
    "datagrams that may be sound"
    opened: int
    "packets that the keys opened"
    shut: int
    "packets of people who are heard that they did not open in time"
    announced: int
    "times that somebody began to speak, by the voice gateway's word"
    outside: bool
    "there are people, sound is end-to-end encrypted, and we have no part in it"
    apart: bool
    "what we seal is not what the voice gateway announced: another version, or the keys of another epoch"
    asked: float | None
    "when this connection's first unanswered discovery was sent; None: all were answered, or none ever was"


class _Spell:
    """How long something has been so."""

    def __init__(self) -> None:
        self._since: float | None = None

    def lasts(self, so: bool, now: float) -> float:
        """Return the seconds since it was first seen to be so, without a break."""
        if not so:
            self._since = None
            return 0.0
        self._since = now if self._since is None else self._since
        return now - self._since


class Watchdog:
    """Judges one link. `reset` it whenever the connection was made anew."""

    LADDER = (Order.REOPEN, Order.REJOIN, Order.REJOIN, Order.REJOIN, Order.GIVE_UP)
    KEYS = (Order.REGROUP, Order.REOPEN, Order.REJOIN)
    PATIENCE = (3.0, 5.0, 10.0, 20.0, 30.0)
    """Seconds that the order of each step has to work."""

    def __init__(self, now: float) -> None:
        self._step = 0
        self._ordered_at = float("-inf")
        self._quiet_until = now
        self._last: Sample | None = None
        self._shut_since: tuple[float, int] | None = None
        self._outside = _Spell()
        self._apart = _Spell()
        self._unheard_since: float | None = None

    def reset(self, now: float) -> None:
        """Judge from here on: the counters' past belongs to another connection."""
        self._last = None
        self._forget()
        self._quiet_until = max(self._quiet_until, now + 1.0)

    def check(self, sample: Sample) -> Order | None:
        """Return what is to be done now, mostly nothing."""
        last, self._last = self._last, sample
        if last is None or sample.now - last.now > ASLEEP or sample.now < self._quiet_until:
            self._forget()
            return None
        well = sample.opened > last.opened and sample.asked is None and not sample.outside and not sample.apart
        if well and sample.now - self._ordered_at > WELL_FOR:
            self._step = 0
        if self._locked_out(last, sample) or self._left_outside(sample) or self._out_of_step(sample):
            return self._order(self.KEYS, sample.now)
        if self._cut_off(last, sample):
            return self._order(self.LADDER, sample.now)
        return None

    def _locked_out(self, last: Sample, sample: Sample) -> bool:
        """Tell whether packets come and none of them opens."""
        if sample.opened > last.opened:
            self._shut_since = None
        elif sample.shut > last.shut and self._shut_since is None:
            self._shut_since = last.now, last.shut
        if self._shut_since is None:
            return False
        since, shut = self._shut_since
        return sample.now - since >= SHUT_FOR and sample.shut - shut >= SHUT_PACKETS

    def _left_outside(self, sample: Sample) -> bool:
        """Tell whether we can neither hear nor be heard, whoever speaks."""
        return self._outside.lasts(sample.outside, sample.now) >= OUTSIDE_FOR

    def _out_of_step(self, sample: Sample) -> bool:
        """Tell whether people cannot open what we say, though we may hear them."""
        return self._apart.lasts(sample.apart, sample.now) >= APART_FOR

    def _cut_off(self, last: Sample, sample: Sample) -> bool:
        """Tell whether nothing comes although something should."""
        if sample.received > last.received:
            self._unheard_since = None
        elif sample.announced > last.announced and self._unheard_since is None:
            self._unheard_since = last.now
        unheard = self._unheard_since is not None and sample.now - self._unheard_since >= UNHEARD_FOR
        unanswered = sample.asked is not None and sample.now - sample.asked >= UNANSWERED_FOR
        return unheard or unanswered

    def _order(self, ladder: tuple[Order, ...], now: float) -> Order:
        beyond = self._step >= len(ladder)
        order = ladder[0 if beyond else self._step]
        self._quiet_until = now + (CALM if beyond else self.PATIENCE[self._step])
        self._step += not beyond
        self._ordered_at = now
        self._forget()
        return order

    def _forget(self) -> None:
        self._shut_since = self._unheard_since = None
        self._outside, self._apart = _Spell(), _Spell()
