"""Rejects transcripts that the model made up; pure."""

import re
from collections.abc import Sequence

_LETTERS_PATTERN = re.compile(r"\w+")
_MAX_LETTERS_PER_SECOND = 40
"""Faster than anybody speaks, with room for laughter and lists."""
_MIN_REPEATS_BY_PHRASE_LENGTH = {1: 9, 2: 7}
"""Repeats, by words in the phrase, that mark a transcript with nothing else in it. People do say "no no no no no"."""
_MIN_REPEATS = 5
_MAX_PHRASE_LENGTH = 12
_MIN_REPEATED_LETTERS = 20
_MAX_CALLED_NAMES = 2
"""People do call this many names in a row."""
_MIN_SECONDS_PER_NAME = 0.25
"""The time it takes to call one name."""
_NOISE_PHRASES = frozenset(
    {
        "thanksforwatching",
        "thankyouforwatching",
        "thankyousomuchforwatching",
        "pleasesubscribe",
        "subtitlesbytheamaraorgcommunity",
        "ご視聴ありがとうございました",
        "ご清聴ありがとうございました",
        "最後までご視聴いただきありがとうございました",
        "チャンネル登録お願いします",
        "字幕視聴ありがとうございました",
        "untertitelderamaraorgcommunity",
        "untertitelungdeszdffürfunk",
        "sous-titresréalisésparalacommunautédamaraorg",
        "subtítulosrealizadosporlacomunidaddeamaraorg",
    }
)
"""What speech models write for noise: closing lines of the videos they were trained on."""
_MIN_NOISE_PHRASE_SECONDS = 1.5
"""Saying one of these takes longer than a noise that the VAD took for speech."""


def is_plausible(text: str, voiced: float, keywords: Sequence[str]) -> str:
    """Return `text`, or "" if nobody can have said it in `voiced` seconds of speech.

    `keywords` are the hints that the transcriber got: it may echo them.
    """
    text = " ".join(text.split())
    letters = _joined([text])
    if not letters:
        return ""
    if len(letters) > _MAX_LETTERS_PER_SECOND * max(voiced, 0.5) or _repeats(text):
        return ""
    if letters in _NOISE_PHRASES and voiced < _MIN_NOISE_PHRASE_SECONDS:
        return ""
    if letters == _joined(keywords) and (
        len(keywords) > _MAX_CALLED_NAMES or voiced < _MIN_SECONDS_PER_NAME * len(keywords)
    ):
        return ""
    return text


def _joined(words: Sequence[str]) -> str:
    return "".join("".join(_LETTERS_PATTERN.findall(word)) for word in words).casefold()


def _repeats(text: str) -> bool:
    """Whether the text only repeats one phrase of up to 12 words or 12 letters."""
    words = [word.casefold() for word in _LETTERS_PATTERN.findall(text)]
    letters = "".join(words)
    return _loops(words) or (len(letters) >= _MIN_REPEATED_LETTERS and _loops(letters))


def _loops(items: Sequence[str]) -> bool:
    for size in range(1, _MAX_PHRASE_LENGTH + 1):
        least = _MIN_REPEATS_BY_PHRASE_LENGTH.get(size, _MIN_REPEATS)
        if len(items) >= size * least and all(items[at] == items[at - size] for at in range(size, len(items))):
            return True
    return False
