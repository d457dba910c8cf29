"""What the parts of one call share."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.call.display import Display
from bot.call.interpreter import Interpreter
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.verdicts import Verdicts
from bot.ports import Venue
from bot.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class CallContext:
    """Where the call takes place, how it is held, and where its parts write."""

    venue: Venue
    services: Services
    settings: Callable[[], CallSettings]
    "asked each time, so that a change holds at once"
    counts: Counter[str]
    "what an operator sees as kikite_call_limits"
    display: Display
    outbox: Outbox
    verdicts: Verdicts
    interpreter: Interpreter = field(default_factory=Interpreter)
