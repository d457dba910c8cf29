"""What a call shows to the people who read along: one small value for each kind.

A value names its kind, so that it can be compared in a test and logged without a word of what was said.
"""

from dataclasses import dataclass, field

from bot.errors import BotError
from bot.ports import Audience
from bot.types import CallState, Heard, Spoken


@dataclass(frozen=True, slots=True)
class HeardLine:
    """A person's words."""

    heard: Heard = field(repr=False)
    name: str = field(repr=False)
    "of the speaker"


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """The bot's words of one turn, final."""

    spoken: Spoken = field(repr=False)


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The call changed its state."""

    state: CallState


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed that people must know."""

    error: BotError


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of the catalogue for everyone in the channel."""

    code: str


@dataclass(frozen=True, slots=True)
class ReturnsEcho:
    """The bot's voice comes back from somebody's loudspeaker."""

    user_id: int
    name: str = field(repr=False)


Shown = HeardLine | SpokenLine | StateChanged | Trouble | ReturnsEcho | Notice


async def show_to(audience: Audience, shown: Shown) -> None:
    """Hand a value to the audience's method for its kind."""
    match shown:
        case HeardLine(heard, name):
            await audience.heard(heard, name)
        case SpokenLine(spoken):
            await audience.said(spoken)
        case StateChanged(state):
            await audience.state(state)
        case Trouble(error):
            await audience.trouble(error)
        case ReturnsEcho(user_id, name):
            await audience.returns_echo(user_id, name)
        case Notice(code):
            await audience.notice(code)
