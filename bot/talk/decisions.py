"""What the Floor decides; call.py acts on it."""

from dataclasses import dataclass

from bot.types import Utterance


@dataclass(frozen=True, slots=True)
class Preempt:
    """Ask the model now, unheard: the turn probably ends here."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class DropPreemptive:
    """It did not end there."""


@dataclass(frozen=True, slots=True)
class Respond:
    """The floor is free: these are one turn, in the order they began."""

    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Duck:
    """Somebody speaks over the bot: play quietly."""


@dataclass(frozen=True, slots=True)
class Resume:
    """They stopped, it was a cough or an "mhm": play on."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Somebody took the floor: fall silent now."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Yield:
    """Somebody began together with the bot: fall silent, forget the answer; its utterances come again in an Answer."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Dismiss:
    """These will not be answered."""

    utterances: tuple[Utterance, ...]
    outcome: str
    "backchannel: said over the bot without stopping it; crowded_out: too much waited; nobody_left"


Decision = Preempt | DropPreemptive | Respond | Duck | Resume | BargeIn | Yield | Dismiss
