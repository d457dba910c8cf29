"""What rooms need from one another, as small structural protocols; implementations do not inherit from them."""

from bot.ports.engine import Engine, Synthesizer, TextAndSpeech, Transcriber
from bot.ports.store import Store
from bot.ports.tools import Asking, Toolbox, ToolPlace
from bot.ports.venue import Audience, CaptionReader, Venue
from bot.ports.voice import Playback, Vad, VoiceLink

__all__ = [
    "Asking",
    "Audience",
    "CaptionReader",
    "Engine",
    "Playback",
    "Store",
    "Synthesizer",
    "TextAndSpeech",
    "ToolPlace",
    "Toolbox",
    "Transcriber",
    "Vad",
    "Venue",
    "VoiceLink",
]
