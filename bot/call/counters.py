"""What the process did so far, counted where it happens and read when somebody asks (ops/metrics.py)."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.types import Charge, Usage

STAGES = ("hang", "model", "sound", "answer", "spoken")
"""hang: end of speech to the turn; model: turn to the first sound that arrives; sound: from there to the loudspeaker;
answer: end of speech to the loudspeaker; spoken: how long the answer was heard. Seconds."""


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """How one turn went, without a word of it.

    Moments are seconds on the call's clock; None: it did not come to that.
    """

    turn: int
    model: str
    outcome: str
    "answered, interrupted, or the code of the error"
    spoke_until: float | None
    "when the last voiced sound was heard; None: it was typed"
    closed: float
    "when it was certain that the bot is to answer"
    asked: float
    "when the request was sent; before `closed` where it was speculated"
    arrived: float | None
    "when the first sound came in"
    streamed: float | None
    "when the request was over"
    began: float | None
    "when the first sound went out"
    over: float
    played: float
    "seconds that were heard"
    transcribed: tuple[tuple[float, float], ...] = ()
    "from when to when each utterance was written down, as far as it was by then"
    usage: Usage | None = None
    "None: unknown"
    cost: Decimal | None = None
    "US dollars"

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
    """How often a value was at most each of BOUNDS: `counts[i]` of them, the last beyond all."""

    BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 120.0)

    def __init__(self) -> None:
        self.counts = [0] * (len(self.BOUNDS) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.BOUNDS, value)] += 1
        self.total += value


class Counters:
    """Sums over every call of the process, those that ended included. No names, no ids."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        "verdicts on utterances"
        self.turns: Counter[str] = Counter()
        "answered, or the code of the error"
        self.stages = {stage: Histogram() for stage in STAGES}
        self.requests: Counter[tuple[str, str]] = Counter()
        "by kind of charge and model"
        self.tokens: Counter[tuple[str, str]] = Counter()
        "by model and kind of token"
        self.dollars: defaultdict[tuple[str, str], float] = defaultdict(float)
        "by kind of charge and model, where a price is known"
        self.unpriced = 0
        "requests whose price is not known"
        self.gateway: Counter[str] = Counter(dict.fromkeys(("identified", "resumed", "disconnected"), 0))
        "what befell the shards of the main gateway"
        self.transcript: Counter[str] = Counter()
        "what befell the lines of all transcripts: bot/chat/transcript/line_writer.py"
        self.calls: Counter[str] = Counter()
        "counters of the calls that are over: ticks_late, shown_dropped …"

    def charged(self, charge: Charge) -> None:
        """Count what a request used and cost."""
        key = (charge.kind, charge.model)
        self.requests[key] += 1
        for kind in ("text_in", "audio_in", "cached_in", "text_out", "audio_out"):
            self.tokens[charge.model, kind] += getattr(charge.usage, kind)
        if charge.cost is None:
            self.unpriced += 1
        else:
            self.dollars[key] += float(charge.cost)

    def staged(self, **stages: float | None) -> None:
        """Count the stages of a turn, in seconds; None: it did not come to that."""
        for stage, seconds in stages.items():
            if seconds is not None:
                self.stages[stage].add(max(0.0, seconds))

    def call_over(self, *counts: Mapping[str, int]) -> None:
        """Keep the counters of a call that is over."""
        for group in counts:
            self.calls.update(group)
