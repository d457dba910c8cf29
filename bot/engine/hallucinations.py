"""Words that a transcriber made up are told from words that were said; pure."""

import re
from collections.abc import Sequence

_LETTERS_PATTERN = re.compile(r"\w+")
_MAX_LETTERS_PER_SECOND = 40
"""Letters a second of speech that nobody can say; with room for laughter and lists."""
_MIN_REPEATS_BY_PHRASE_LENGTH = {1: 9, 2: 7}
"""How often a phrase of so many words must come in a row, and nothing else: "no no no no no" is said by people."""
_MIN_REPEATS = 5
_MAX_PHRASE_LENGTH = 12
_MIN_REPEATED_LETTERS = 20
_MAX_CALLED_NAMES = 2
"""So many names in a row somebody may well call."""
_MIN_SECONDS_PER_NAME = 0.25
"""Seconds it takes to call one."""
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
"""What speech models are known to write for noise: the ends of films they learnt from."""
_MIN_NOISE_PHRASE_SECONDS = 1.5
"""Seconds: whoever really says one of these takes longer than noise that was taken for speech."""


def is_plausible(text: str, voiced: float, keywords: Sequence[str]) -> str:
    """Return `text`, or nothing if it cannot be what was said in `voiced` seconds of speech.

    `keywords` are the words the transcriber was given: it may echo them.
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
    """Tell whether a phrase of up to 12 words, or of up to 12 letters, comes over and over."""
    words = [word.casefold() for word in _LETTERS_PATTERN.findall(text)]
    letters = "".join(words)
    return _loops(words) or (len(letters) >= _MIN_REPEATED_LETTERS and _loops(letters))


def _loops(items: Sequence[str]) -> bool:
    for size in range(1, _MAX_PHRASE_LENGTH + 1):
        least = _MIN_REPEATS_BY_PHRASE_LENGTH.get(size, _MIN_REPEATS)
        if len(items) >= size * least and all(items[at] == items[at - size] for at in range(size, len(items))):
            return True
    return False
