"""Sums of charges for display: by day, by kind, by person. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.billing.tokens import AUDIO_IN_PER_SECOND, AUDIO_OUT_PER_SECOND
from bot.types import Charge

BAR_CHARACTERS = 12
"""Length of the longest bar."""
HEARD_KINDS = ("transcription", "job")
"""Kinds whose audio input counts as heard. Answers do not, because their input is also transcribed."""


@dataclass(slots=True)
class Sum:
    """The sum of some charges."""

    cost: Decimal = Decimal(0)
    tokens: int = 0
    unknown: int = 0
    "charges without a known price"
    heard: float = 0.0
    spoken: float = 0.0
    "seconds"

    def add(self, charge: Charge, share: int = 1) -> None:
        usage = charge.usage
        if charge.kind in HEARD_KINDS:
            self.heard += usage.audio_in / AUDIO_IN_PER_SECOND / share
        self.spoken += usage.audio_out / AUDIO_OUT_PER_SECOND / share
        self.tokens += usage.tokens // share
        if charge.cost is None:
            self.unknown += 1
        else:
            self.cost += charge.cost / share


@dataclass(slots=True)
class CostReport:
    """A server's charges."""

    total: Sum = field(default_factory=Sum)
    days: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    "ISO date, UTC"
    kinds_by_day: dict[str, dict[str, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    "ISO date, UTC -> kind -> US dollars"
    kinds: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    people: dict[int, Sum] = field(default_factory=lambda: defaultdict(Sum))
    "a charge that several people caused is shared evenly, as the budget shares it"


def add_up(charges: Iterable[Charge], until: datetime) -> CostReport:
    """Leave out what came from `until` on: the clock may have been set back since."""
    ledger = CostReport()
    for charge in charges:
        if charge.at >= until:
            continue
        ledger.total.add(charge)
        day = charge.at.date().isoformat()
        ledger.days[day].add(charge)
        ledger.kinds_by_day[day][charge.kind] += charge.cost or 0
        ledger.kinds[charge.kind].add(charge)
        for person in charge.user_ids:
            ledger.people[person].add(charge, charge.sharers)
    return ledger


def bars(sums: Mapping[str, Sum], figures: Callable[[Sum], str]) -> list[str]:
    """Return one line each, most expensive first, with a bar in proportion to the most expensive, and its `figures`."""
    most = max((item.cost for item in sums.values()), default=Decimal(0))
    rows: list[str] = []
    for label, item in sorted(sums.items(), key=lambda pair: -pair[1].cost):
        filled = round(BAR_CHARACTERS * item.cost / most) if most else 0
        rows.append(f"`{'█' * filled}{'░' * (BAR_CHARACTERS - filled)}` {label} · {figures(item)}")
    return rows
