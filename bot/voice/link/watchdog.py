"""Notices a link that hears nothing or is not heard, without any error: pure, fed with samples twice a second.

The voice gateway's own silence is noticed where it is read; this is about sound. The evidence: nothing that arrives can
be opened; the DAVE group does not admit us, or continues without us; people start to speak and nothing arrives; the
voice server stops answering IP discovery. That last one is checked for as long as the server has answered once on this
connection: no document says that Discord's servers always do.
"""

from dataclasses import dataclass
from enum import Enum, auto

MIN_UNDECRYPTABLE_PACKETS = 25
"""0.5 s of one speaker, each already pending for 0.5 s: more than any change of keys takes."""
UNDECRYPTABLE_SECONDS = 1.0
"""This long without one packet that opens."""
OUTSIDE_GROUP_SECONDS = 3.0
"""Among people without being in their DAVE group: joining takes one second."""
OUT_OF_STEP_SECONDS = 2.5
"""Sealing otherwise than announced: a transition waits two seconds for slow members."""
UNANSWERED_SECONDS = 6.0
"""Without an answer to IP discovery: even if half of the requests are lost, twelve in a row never are."""
UNHEARD_SECONDS = 5.0
"""Without a datagram after somebody was announced as speaking."""
MAX_SAMPLE_GAP_SECONDS = 2.0
"""Samples further apart prove nothing: the process itself stood still."""
HEALTHY_SECONDS = 20.0
"""Without a fault; after that the next fault counts as the first."""
KEY_RETRY_INTERVAL_SECONDS = 120.0
"""Between attempts for somebody whom no key opens: the fault may be in their client."""


class WatchdogAction(Enum):
    """What to do, from cheap to expensive."""

    REGROUP = auto()
    "have the DAVE group admit us again"
    REOPEN = auto()
    "start a new voice session"
    REJOIN = auto()
    "leave the channel and enter it again"
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Sample:
    """Counters since the link began."""

    now: float
    "seconds"
    received: int
    "datagrams that may be sound"
    opened: int
    "packets that the keys opened"
    undecryptable: int
    "packets of admitted people that no key opened in time"
    announced: int
    "times that the voice gateway announced somebody as speaking"
    outside_group: bool
    "there are people, sound is end-to-end encrypted, and we are not in the group"
    out_of_step: bool
    "what we seal differs from what the voice gateway announced: another version, or another epoch's keys"
    unanswered_since: float | None
    "when this connection's first unanswered discovery was sent; None: all were answered, or none ever was"


class _Duration:
    """How long something has been true."""

    def __init__(self) -> None:
        self._since: float | None = None

    def of(self, true: bool, now: float) -> float:
        """Return the seconds since it became true, without a break."""
        if not true:
            self._since = None
            return 0.0
        self._since = now if self._since is None else self._since
        return now - self._since


class Watchdog:
    """Judges one link. `reset` it whenever the connection is a new one."""

    SOUND_ACTIONS = (
        WatchdogAction.REOPEN,
        WatchdogAction.REJOIN,
        WatchdogAction.REJOIN,
        WatchdogAction.REJOIN,
        WatchdogAction.GIVE_UP,
    )
    KEY_ACTIONS = (WatchdogAction.REGROUP, WatchdogAction.REOPEN, WatchdogAction.REJOIN)
    ACTION_SECONDS = (3.0, 5.0, 10.0, 20.0, 30.0)
    """How long the action of each step has to take effect."""

    def __init__(self, now: float) -> None:
        self._step = 0
        self._acted_at = float("-inf")
        self._quiet_until = now
        self._last: Sample | None = None
        self._undecryptable_since: tuple[float, int] | None = None
        self._outside_group = _Duration()
        self._out_of_step = _Duration()
        self._unheard_since: float | None = None

    def reset(self, now: float) -> None:
        """Judge from here on: the counters' past belongs to another connection."""
        self._last = None
        self._forget()
        self._quiet_until = max(self._quiet_until, now + 1.0)

    def check(self, sample: Sample) -> WatchdogAction | None:
        """Return what to do now; usually nothing."""
        last, self._last = self._last, sample
        if last is None or sample.now - last.now > MAX_SAMPLE_GAP_SECONDS or sample.now < self._quiet_until:
            self._forget()
            return None
        faults = sample.unanswered_since is not None or sample.outside_group or sample.out_of_step
        if sample.opened > last.opened and not faults and sample.now - self._acted_at > HEALTHY_SECONDS:
            self._step = 0
        if self._cannot_decrypt(last, sample) or self._is_outside_group(sample) or self._is_out_of_step(sample):
            return self._act(self.KEY_ACTIONS, sample.now)
        if self._receives_nothing(last, sample):
            return self._act(self.SOUND_ACTIONS, sample.now)
        return None

    def _cannot_decrypt(self, last: Sample, sample: Sample) -> bool:
        """Tell whether packets arrive and none of them opens."""
        if sample.opened > last.opened:
            self._undecryptable_since = None
        elif sample.undecryptable > last.undecryptable and self._undecryptable_since is None:
            self._undecryptable_since = last.now, last.undecryptable
        if self._undecryptable_since is None:
            return False
        since, count = self._undecryptable_since
        long_enough = sample.now - since >= UNDECRYPTABLE_SECONDS
        return long_enough and sample.undecryptable - count >= MIN_UNDECRYPTABLE_PACKETS

    def _is_outside_group(self, sample: Sample) -> bool:
        """Tell whether we can neither hear nor be heard, whoever speaks."""
        return self._outside_group.of(sample.outside_group, sample.now) >= OUTSIDE_GROUP_SECONDS

    def _is_out_of_step(self, sample: Sample) -> bool:
        """Tell whether people cannot open what we send, although we may hear them."""
        return self._out_of_step.of(sample.out_of_step, sample.now) >= OUT_OF_STEP_SECONDS

    def _receives_nothing(self, last: Sample, sample: Sample) -> bool:
        """Tell whether nothing arrives although something should."""
        if sample.received > last.received:
            self._unheard_since = None
        elif sample.announced > last.announced and self._unheard_since is None:
            self._unheard_since = last.now
        unheard = self._unheard_since is not None and sample.now - self._unheard_since >= UNHEARD_SECONDS
        asked_at = sample.unanswered_since
        unanswered = asked_at is not None and sample.now - asked_at >= UNANSWERED_SECONDS
        return unheard or unanswered

    def _act(self, actions: tuple[WatchdogAction, ...], now: float) -> WatchdogAction:
        """Return the next of these actions, and stay quiet while it takes effect."""
        beyond = self._step >= len(actions)
        action = actions[0 if beyond else self._step]
        self._quiet_until = now + (KEY_RETRY_INTERVAL_SECONDS if beyond else self.ACTION_SECONDS[self._step])
        self._step += not beyond
        self._acted_at = now
        self._forget()
        return action

    def _forget(self) -> None:
        self._undecryptable_since = self._unheard_since = None
        self._outside_group, self._out_of_step = _Duration(), _Duration()
