"""Counters of the process. The code that does the work increments them; ops/metrics.py reads them on each scrape."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.errors import BlamedModel
from bot.types import Charge, Usage

STAGES = ("hang", "model", "sound", "answer", "spoken")
"""The stages of a turn, in seconds. hang: end of speech to end of turn; model: end of turn to the first audio received;
sound: from there to the start of playback; answer: end of speech to the start of playback; spoken: audio played."""


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """The timing of one turn, without its content.

    Times are seconds on the call's clock; None: the turn did not get that far.
    """

    turn: int
    model: str
    outcome: str
    "answered, interrupted, or the code of the error"
    spoke_until: float | None
    "end of the last voiced audio; None: the turn was typed"
    closed: float
    "when it was certain that the bot should answer"
    asked: float
    "when the request was sent; before `closed` for a preemptive request"
    arrived: float | None
    "when the first audio arrived"
    streamed: float | None
    "when the request ended"
    began: float | None
    "when playback began"
    over: float
    played: float
    "seconds of audio played"
    transcribed: tuple[tuple[float, float], ...] = ()
    "start and end of each finished transcription of the turn's utterances"
    usage: Usage | None = None
    "None: unknown"
    cost: Decimal | None = None
    "US dollars"
    blamed: BlamedModel | None = None
    "of a turn that failed: which model did, as far as that is known"

    def stages(self) -> dict[str, float | None]:
        """Return the seconds of each of STAGES."""
        since = self.closed if self.spoke_until is None else self.spoke_until
        arrived, began = self.arrived, self.began
        return {
            "hang": None if self.spoke_until is None else self.closed - self.spoke_until,
            "model": None if arrived is None else arrived - self.closed,
            "sound": None if arrived is None or began is None else began - arrived,
            "answer": None if began is None else began - since,
            "spoken": self.played or None,
        }


class Histogram:
    """A histogram. `counts[i]`: values up to BOUNDS[i] and above the bound before; the last: above all."""

    BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 120.0)

    def __init__(self) -> None:
        self.counts = [0] * (len(self.BOUNDS) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.BOUNDS, value)] += 1
        self.total += value


GATEWAY_EVENTS = ("identified", "resumed", "disconnected", "unreadable")
"""Unreadable: discord.py could not read it (chat/event_guard.py)."""


class Counters:
    """Sums over all calls of the process, including those that have ended. They hold no names and no ids."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        "utterances by outcome"
        self.turns: Counter[str] = Counter()
        "turns by outcome: answered, interrupted, or the code of the error"
        self.stages = {stage: Histogram() for stage in STAGES}
        self.requests: Counter[tuple[str, str]] = Counter()
        "by kind of charge and model"
        self.tokens: Counter[tuple[str, str]] = Counter()
        "by model and kind of token"
        self.dollars: defaultdict[tuple[str, str], float] = defaultdict(float)
        "by kind of charge and model, if the price is known"
        self.unpriced = 0
        "requests without a known price"
        self.gateway: Counter[str] = Counter(dict.fromkeys(GATEWAY_EVENTS, 0))
        "events of the shards' gateway connections"
        self.transcript: Counter[str] = Counter()
        "events of all transcripts' lines (chat/transcript/line_writer.py)"
        self.calls: Counter[str] = Counter()
        "the counters of ended calls: ticks_late, shown_dropped …"

    def charged(self, charge: Charge) -> None:
        """Count a request's usage and cost."""
        key = (charge.kind, charge.model)
        self.requests[key] += 1
        for kind in ("text_in", "audio_in", "cached_in", "text_out", "audio_out"):
            self.tokens[charge.model, kind] += getattr(charge.usage, kind)
        if charge.cost is None:
            self.unpriced += 1
        else:
            self.dollars[key] += float(charge.cost)

    def staged(self, **stages: float | None) -> None:
        """Count the stages of a turn, in seconds; None: the turn did not get that far."""
        for stage, seconds in stages.items():
            if seconds is not None:
                self.stages[stage].add(max(0.0, seconds))

    def call_over(self, *counts: Mapping[str, int]) -> None:
        """Add the counters of a call that has ended."""
        for group in counts:
            self.calls.update(group)
