"""What every call is given: the rooms behind their ports, the clocks, and how this server wants it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.budget import Budget
from bot.billing.tokens import by_model
from bot.call.counters import Counters, TurnTimes
from bot.call.spellings import Spellings
from bot.call.ticks import Ticker
from bot.ports import Engine, Store, TextAndSpeech, Toolbox, Transcriber, Vad
from bot.store.outbox import Outbox
from bot.tools.rounds import ToolRoute
from bot.types import Usage


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all calls of the process."""

    engine: Engine
    transcriber: Transcriber
    store: Store
    outbox: Outbox
    "what ended calls and jobs have not written to the store yet"
    budget: Budget
    make_vad: Callable[[], Vad]
    clock: Callable[[], float]
    "seconds, monotonic: the clock of packets, ticks and turns"
    ticker: Ticker
    "the 20 ms of every call, by `clock`"
    wall: Callable[[], datetime]
    "aware; its zone is the one the model is told"
    model: str
    "of replies, for the bill"
    speech_model: str = ""
    "of a cascade, whose `model` writes; empty: `model` hears and speaks"
    counters: Counters = field(default_factory=Counters)
    "what the metrics show"
    spellings: Spellings = field(default_factory=Spellings, init=False)
    "names as people put them right, for the transcriber"
    trace: Callable[[TurnTimes], None] | None = None
    "told of every turn that is over; None: nobody asks"
    studio: TextAndSpeech | None = None
    "for work beyond the call; None: there is none"
    tools: Toolbox | None = None
    "what the model may look up or do; None: nothing"
    tool_route: ToolRoute = field(default_factory=ToolRoute)

    @property
    def transcribe_model(self) -> str:
        """The model that writes down what people say, for the bill."""
        return self.transcriber.model

    @property
    def reads(self) -> bool:
        """Whether the engine reads what was said instead of hearing it."""
        return bool(self.speech_model)

    def by_model(self, usage: Usage) -> dict[str, Usage]:
        """Return what a reply used, by the models that are paid for it."""
        return by_model(usage, self.model, self.transcribe_model, self.speech_model)
