"""Values that rooms exchange: frozen, small, with the unit under each field."""

from bot.types.call import CallState, LinkEnd, Verdict
from bot.types.language import LANGUAGES, Language
from bot.types.message import Forgotten, Message, News, Setting
from bot.types.money import Charge, ChargeKind, Usage, purse_owner
from bot.types.sound import Frame, Heard, Playout, Sent, Utterance
from bot.types.turn import (
    AudioDelta,
    Made,
    ReplyDone,
    ReplyEvent,
    ReplyRequest,
    RoomContext,
    Spoken,
    TextDelta,
    Turn,
    Typed,
)

__all__ = [
    "LANGUAGES",
    "AudioDelta",
    "CallState",
    "Charge",
    "ChargeKind",
    "Forgotten",
    "Frame",
    "Heard",
    "Language",
    "LinkEnd",
    "Made",
    "Message",
    "News",
    "Playout",
    "ReplyDone",
    "ReplyEvent",
    "ReplyRequest",
    "RoomContext",
    "Sent",
    "Setting",
    "Spoken",
    "TextDelta",
    "Turn",
    "Typed",
    "Usage",
    "Utterance",
    "Verdict",
    "purse_owner",
]
