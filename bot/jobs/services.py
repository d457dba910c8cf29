"""The services that jobs use. A call has its own (bot/call/services.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.billing.budget import Budget
from bot.call.services import Services
from bot.ports import Engine, Store
from bot.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class JobServices:
    """Services shared by all jobs of the process."""

    engine: Engine
    budget: Budget
    clock: Callable[[], float]
    "seconds, monotonic"
    wall: Callable[[], datetime]
    "timezone-aware; the model sees this time zone"
    model: str
    "the model that answers, for the charges"
    store: Store | None = None
    "None: neither messages nor charges are stored"
    outbox: Outbox | None = None
    "keeps what the store cannot accept now, and writes it later"

    @classmethod
    def of(cls, shared: Services) -> "JobServices":
        """Return the services for jobs in a process that also holds calls."""
        return cls(shared.engine, shared.budget, shared.clock, shared.wall, shared.model, shared.store, shared.outbox)
