"""What every call is given: the rooms behind their ports, the clocks, and how this server wants it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.budget import Budget
from bot.call.counters import Counters, TurnTimes
from bot.call.ticks import Ticker
from bot.ports import Engine, Store, TextAndSpeech, Transcriber, Vad
from bot.store.outbox import Outbox


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
    transcribe_model: str
    counters: Counters = field(default_factory=Counters)
    "what the metrics show"
    trace: Callable[[TurnTimes], None] | None = None
    "told of every turn that is over; None: nobody asks"
    studio: TextAndSpeech | None = None
    "for work beyond the call; None: there is none"
