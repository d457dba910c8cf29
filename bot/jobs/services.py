"""What the jobs are given. A call has services of its own (bot/call/services.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.billing.budget import Budget
from bot.call.services import Services
from bot.ports import Engine, Store
from bot.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class JobServices:
    """Shared by all jobs of the process."""

    engine: Engine
    budget: Budget
    clock: Callable[[], float]
    "seconds, monotonic"
    wall: Callable[[], datetime]
    "aware; its zone is the one the model is told"
    model: str
    "of replies, for the bill"
    store: Store | None = None
    "None: nothing is remembered, and nobody's charges are kept"
    outbox: Outbox | None = None
    "takes what the store cannot take now"

    @classmethod
    def of(cls, shared: Services) -> "JobServices":
        """Return those of the process that also holds calls."""
        return cls(shared.engine, shared.budget, shared.clock, shared.wall, shared.model, shared.store, shared.outbox)
