"""Japanese words -> speech by Open JTalk, in the child process: quick and plain, with a dictionary that reads kanji."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bot.engine.resample import Resampler

_PITCHES = (0.0, -5.0, 3.0)
"""Of the speakers, in half tones: the one recorded voice as it is, lower and higher."""
_PIECE = re.compile(r".{1,60}?[。！？!?]+|.{1,60}\Z|.{1,60}[、，,\s]|.{1,60}", re.DOTALL)
"""A sentence, or what of a long one is made at once: nothing of it sounds before all of it is made."""
_LARGEST_SAMPLE = 32767


class OpenJTalkVoice:
    """Speaks clauses, one after the other."""

    def __init__(self) -> None:
        """Load the dictionary and the voice. Raises what the library raises."""
        self._library: Any = import_module("pyopenjtalk")  # an extra
        self._library.tts("あ")  # the first one loads them

    def speak(self, text: str, speaker: str, emit: Callable[[bytes], None]) -> None:
        """Pass the speech to `emit`: s16le mono 24 kHz. `speaker`: the number of a pitch, 0 for any other name."""
        number = int(speaker) if speaker.isascii() and speaker.isdigit() else 0
        pitch = _PITCHES[number] if number < len(_PITCHES) else 0.0
        resampler: Resampler | None = None
        for piece in pieces_of(text):
            samples, rate = self._library.tts(piece, half_tone=pitch)
            resampler = resampler or Resampler(rate, 1)
            whole = np.rint(np.clip(samples, -_LARGEST_SAMPLE, _LARGEST_SAMPLE))
            emit(resampler.feed(whole.astype("<i2").tobytes()))


def pieces_of(text: str) -> list[str]:
    """Return a text in the pieces that are made one after the other."""
    return _PIECE.findall(text)
