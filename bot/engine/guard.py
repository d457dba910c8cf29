"""Words that a transcriber made up are told from words that were said; pure."""

import re
from collections.abc import Sequence

_LETTERS = re.compile(r"\w+")
_FASTEST = 40
"""Letters a second of speech that nobody can say; with room for laughter and lists."""
_LEAST_REPEATS = 5
_FROM_SILENCE = frozenset(
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
_SILENCE_VOICED = 1.5
"""Seconds: whoever really says one of these takes longer than noise that was taken for speech."""


def plausible(text: str, voiced: float, keywords: Sequence[str]) -> str:
    """Return `text`, or nothing if it cannot be what was said in `voiced` seconds of speech.

    `keywords` are the words the transcriber was given: it may echo them.
    """
    text = " ".join(text.split())
    letters = "".join(_LETTERS.findall(text)).casefold()
    if not letters:
        return ""
    if len(letters) > _FASTEST * max(voiced, 0.5) or _repeats(text):
        return ""
    if letters in _FROM_SILENCE and voiced < _SILENCE_VOICED:
        return ""
    if len(keywords) > 1 and letters == "".join("".join(_LETTERS.findall(word)) for word in keywords).casefold():
        return ""
    return text


def _repeats(text: str) -> bool:
    """Tell whether a phrase of up to 12 words, or of up to 20 letters, is said over and over and nothing else."""
    words = [word.casefold() for word in _LETTERS.findall(text)]
    return _period(words, 12) or _period(list("".join(words)), 20, least=20)


def _period(items: list[str], longest: int, least: int = 0) -> bool:
    if len(items) < least:
        return False
    for size in range(1, min(longest, len(items) // _LEAST_REPEATS) + 1):
        if all(items[at] == items[at - size] for at in range(size, len(items))):
            return True
    return False
