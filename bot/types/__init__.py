"""Values that rooms exchange: frozen, small, with the unit under each field."""

from bot.types.call import CallState, LinkEnd, Verdict
from bot.types.caption import Caption
from bot.types.language import LANGUAGES, Language
from bot.types.message import AWAY_SETTING, OWN_VOICE_PREFIX, Forgotten, Message, News, Setting, voice_owner
from bot.types.money import Charge, ChargeKind, Hold, Payer, Release, Usage, purse_owner
from bot.types.sound import Frame, Heard, Playout, Sent, Utterance
from bot.types.tools import Standing, ToolCall, ToolCalls, ToolResult, ToolRound, ToolSpec, ToolsUsed, ToolUse
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
    WordsWait,
)

__all__ = [
    "AWAY_SETTING",
    "LANGUAGES",
    "OWN_VOICE_PREFIX",
    "AudioDelta",
    "CallState",
    "Caption",
    "Charge",
    "ChargeKind",
    "Forgotten",
    "Frame",
    "Heard",
    "Hold",
    "Language",
    "LinkEnd",
    "Made",
    "Message",
    "News",
    "Payer",
    "Playout",
    "Release",
    "ReplyDone",
    "ReplyEvent",
    "ReplyRequest",
    "RoomContext",
    "Sent",
    "Setting",
    "Spoken",
    "Standing",
    "TextDelta",
    "ToolCall",
    "ToolCalls",
    "ToolResult",
    "ToolRound",
    "ToolSpec",
    "ToolUse",
    "ToolsUsed",
    "Turn",
    "Typed",
    "Usage",
    "Utterance",
    "Verdict",
    "WordsWait",
    "purse_owner",
    "voice_owner",
]
