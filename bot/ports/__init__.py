"""What rooms need from one another, as small structural protocols; implementations do not inherit from them."""

from bot.ports.engine import Engine, TextAndSpeech, Transcriber
from bot.ports.store import Store
from bot.ports.venue import Audience, Venue
from bot.ports.voice import Playback, Vad, VoiceLink

__all__ = [
    "Audience",
    "Engine",
    "Playback",
    "Store",
    "TextAndSpeech",
    "Transcriber",
    "Vad",
    "Venue",
    "VoiceLink",
]
