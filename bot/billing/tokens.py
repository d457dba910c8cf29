"""Token estimates, for use before the server reports usage."""

from dataclasses import replace

from bot.audio import HEAR_RATE, seconds
from bot.types import Usage

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


def by_model(usage: Usage, model: str, transcribe_model: str = "", speech_model: str = "") -> dict[str, Usage]:
    """Return what a reply used, by the models that are paid for it.

    Without a `speech_model` it is `model` that heard and spoke; else the sound is theirs: heard by `transcribe_model`,
    spoken by `speech_model`, which reads about what `model` wrote.
    """
    if not speech_model:
        return {model: usage}
    parts = {model: replace(usage, audio_in=0, audio_out=0)}
    if usage.audio_out:
        parts[speech_model] = Usage(text_in=usage.text_out, audio_out=usage.audio_out)
    if usage.audio_in:
        parts[transcribe_model] = Usage(audio_in=usage.audio_in)
    return parts


def spoken_seconds(text: str) -> float:
    """Estimate how long it takes to say a text: 15 Latin letters or 7 kana a second."""
    latin = sum(character < "\u0250" for character in text)
    return latin / 15 + (len(text) - latin) / 7
