"""What every call is given: the rooms behind their ports, the clocks, and how this server wants it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.engine.studio import Studio
from bot.owed import Owed
from bot.ports import Engine, Store, Transcriber, Vad
from bot.tally import Tally, TurnTimes
from bot.usage import Budget


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all calls of the process."""

    engine: Engine
    transcriber: Transcriber
    store: Store
    owed: Owed
    "what the store could not be given yet, of calls that are over"
    budget: Budget
    make_vad: Callable[[], Vad]
    clock: Callable[[], float]
    "seconds, monotonic: the clock of packets, ticks and turns"
    wall: Callable[[], datetime]
    "aware; its zone is the one the model is told"
    model: str
    "of replies, for the bill"
    transcribe_model: str
    tally: Tally = field(default_factory=Tally)
    "what the metrics show"
    trace: Callable[[TurnTimes], None] | None = None
    "told of every turn that is over; None: nobody asks"
    studio: Studio | None = None
    "for work beyond the call; None: there is none"


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How a server wants its calls."""

    answering: Literal["auto", "always", "name", "listen"] = "auto"
    consent: Literal["opt-in", "notice"] = "opt-in"
    aliases: tuple[str, ...] = ()
    "names it answers to besides its own"
    language: str | None = None
    voice: str = "marin"
    persona: str = ""
    cue: bool = True
    speculation: bool = True
    hang: float | None = None
    "seconds of silence that end an utterance; None: learned from each speaker"
    transcript: Literal["chat", "thread", "off"] = "chat"
    "where what was said is written along"
    join_at: int = 0
    "people in the channel at which the bot comes by itself; 0: never"
    retention_days: int = 30
    "0: words last as long as the call"
