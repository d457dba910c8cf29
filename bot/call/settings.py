"""How a server wants its calls."""

from dataclasses import dataclass, field
from typing import Literal

from bot.call.access import Access
from bot.privacy.consent import ConsentMode


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How a server wants its calls."""

    answering: Literal["auto", "always", "name", "listen"] = "auto"
    consent: ConsentMode = "opt-in"
    aliases: tuple[str, ...] = ()
    "names it answers to besides its own"
    language: str | None = None
    voice: str = "marin"
    persona: str = ""
    cue: bool = True
    preemptive: bool = True
    endpointing_delay: float | None = None
    "seconds of silence that end an utterance; None: learned from each speaker"
    transcript: Literal["chat", "thread", "off"] = "chat"
    "where what was said is written along"
    minutes: Literal["off", "ask", "auto"] = "off"
    "whether the minutes of a call are written when it is over"
    join_at: int = 0
    "people in the channel at which the bot comes by itself; 0: never"
    retention_days: int = 30
    "0: words last as long as the call"
    tools_off: frozenset[str] = frozenset()
    "names of the tools that the model may not use"
    access: Access = field(default_factory=Access)
    "who may use it"
