"""What the Floor decides; the call carries it out."""

from dataclasses import dataclass

from bot.types import Utterance


@dataclass(frozen=True, slots=True)
class Preempt:
    """Ask the model now and play nothing yet: the turn probably ends here."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class DropPreemptive:
    """The turn did not end there: drop the preemptive request."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The floor is free: these are one turn, in the order people began to speak."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Duck:
    """Somebody speaks over the bot: play quietly."""


@dataclass(frozen=True, slots=True)
class Resume:
    """They stopped; it was a cough or an "mhm": play at full level again."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Somebody took the floor: fall silent now."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Yield:
    """Somebody began together with the bot, or spoke on: fall silent, drop the answer; a later Respond repeats it."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Dismiss:
    """These will not be answered."""

    utterances: tuple[Utterance, ...]
    outcome: str
    "backchannel: said over the bot without stopping it; crowded_out: the queue was full; nobody_left"


Decision = Preempt | DropPreemptive | Respond | Duck | Resume | BargeIn | Yield | Dismiss
