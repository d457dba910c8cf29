"""How many words of an answer people heard before it was cut off.

The transcript arrives well before the sound, so the order of the stream says nothing. Once the stream has ended, the
played share of the sound is the share of the words. Before that, the voice's speaking rate decides, learned from
complete answers.
"""

import re
import unicodedata
from functools import lru_cache

INITIAL_SPEAKING_RATE = 15.0
"""Weight per second of a voice not heard yet: about 2.7 English words, or 7.5 kana."""
LEARNING_WEIGHT = 0.2
"""Weight of the newest answer in the learned rate."""
MIN_LEARNING_SECONDS = 2.0
"""A shorter answer teaches nothing: it is mostly silence at its edges."""

_PIECES = re.compile(r"\s*(?:[^\W\d_ぁ-ヿ㐀-鿿豈-﫿가-힣]+(?:['’-]\w+)*|\d+(?:[.,:]\d+)*|\S)", re.UNICODE)
"""A word of letters, a number, or a single character (kana, kanji, a sign), with the space before it."""


class SpeakingRate:
    """Weight per second of one voice, learned from its complete answers."""

    def __init__(self) -> None:
        self.value = INITIAL_SPEAKING_RATE
        self._learned = False

    def learn(self, transcript: str, seconds: float) -> None:
        """Learn from an answer that was played to its end."""
        weight = _weight(transcript)
        if seconds < MIN_LEARNING_SECONDS or weight <= 0:
            return
        rate = min(3 * INITIAL_SPEAKING_RATE, max(INITIAL_SPEAKING_RATE / 3, weight / seconds))
        self.value += (LEARNING_WEIGHT if self._learned else 1.0) * (rate - self.value)
        self._learned = True


def words_heard(transcript: str, played: float, total: float, stream_ended: bool, rate: float) -> str:
    """Return the beginning of `transcript` that was heard, in whole words, without a trailing space.

    `played` and `total` are seconds of sound; `rate` is SpeakingRate.value.
    """
    if played <= 0:
        return ""
    whole = _weight(transcript)
    share = whole * min(1.0, played / total) if stream_ended and total > 0 else played * rate
    heard = 0.0
    end = 0
    for piece in _PIECES.finditer(transcript):
        weight = _weight(piece.group())
        # A word counts once most of it was heard.
        if heard + weight * 0.6 > share:
            break
        heard += weight
        end = piece.end()
    return transcript[:end].rstrip()


def _weight(text: str) -> float:
    """Return how long a text takes to say, in letters of an English word."""
    return sum(map(_weight_of, text))


@lru_cache(maxsize=4096)
def _weight_of(char: str) -> float:
    if char.isascii():
        if char.isalpha():
            return 1.0
        if char.isdigit():
            return 3.0
        return {" ": 0.6, ",": 2.5, ";": 3.0, ":": 3.0, ".": 5.0, "!": 5.0, "?": 5.0, "\n": 4.0}.get(char, 0.5)
    if "ぁ" <= char <= "ヿ":
        return 0.0 if char in "ゃゅょぁぃぅぇぉャュョァィゥェォ・" else 2.0
    if char in "、，":
        return 3.0
    if char in "。！？…":
        return 6.0
    category = unicodedata.category(char)
    if category == "Lo":
        return 3.6  # a kanji is nearly two kana; a Hangul syllable a little less
    return 1.0 if category.startswith("L") else 0.5
