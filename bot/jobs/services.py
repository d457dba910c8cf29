"""The services that jobs use. A call has its own (bot/call/services.py)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.budget import Budget
from bot.billing.tokens import by_model
from bot.call.services import Services
from bot.ports import Engine, Store, Toolbox
from bot.store.outbox import Outbox
from bot.tools.rounds import ToolRoute
from bot.types import Usage


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
    transcribe_model: str = ""
    speech_model: str = ""
    "of a cascade; empty: `model` hears and speaks"
    store: Store | None = None
    "None: neither messages nor charges are stored"
    outbox: Outbox | None = None
    "keeps what the store cannot accept now, and writes it later"
    tools: Toolbox | None = None
    "what the model may look up or do; None: nothing"
    tool_route: ToolRoute = field(default_factory=ToolRoute)

    @classmethod
    def of(cls, shared: Services) -> "JobServices":
        """Return the services for jobs in a process that also holds calls."""
        return cls(
            shared.engine,
            shared.budget,
            shared.clock,
            shared.wall,
            shared.model,
            shared.transcribe_model,
            shared.speech_model,
            shared.store,
            shared.outbox,
            shared.tools,
            shared.tool_route,
        )

    def by_model(self, usage: Usage) -> dict[str, Usage]:
        """Return what a reply used, by the models that are paid for it."""
        return by_model(usage, self.model, self.transcribe_model, self.speech_model)
