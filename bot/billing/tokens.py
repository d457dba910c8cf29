"""Token estimates, for use before the server reports usage."""

from bot.audio import HEAR_RATE, seconds

AUDIO_IN_PER_SECOND = 10
AUDIO_OUT_PER_SECOND = 20
"""Also for an earlier answer that goes in again by its audio id."""
TEXT_OUT_PER_SECOND = 5
"""Tokens of text per second of an answer. Fast Japanese speech has as many."""
_TOKENS_PER_MESSAGE = 4
"""Overhead of one chat message."""


def of_text(text: str) -> int:
    """Estimate the tokens of a text: four Latin letters make one, a kana or a kanji is about one."""
    latin = sum(character < "\u0250" for character in text)
    return -(-latin // 4) + len(text) - latin


def of_message(text: str) -> int:
    return of_text(text) + _TOKENS_PER_MESSAGE


def of_speech(pcm: bytes | memoryview) -> int:
    """Return the tokens of what was heard (s16le mono 16 kHz) as model input."""
    return round(seconds(pcm, HEAR_RATE) * AUDIO_IN_PER_SECOND)


def spoken_seconds(text: str) -> float:
    """Estimate how long it takes to say a text: 15 Latin letters or 7 kana a second."""
    latin = sum(character < "\u0250" for character in text)
    return latin / 15 + (len(text) - latin) / 7
