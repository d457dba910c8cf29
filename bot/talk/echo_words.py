"""The words of a person, less those that the bot said itself while they were spoken: the net below talk/echo.py.

It does not ask who has said these words before, only what the bot was saying meanwhile: whoever repeats the bot's
words speaks after it has said them.
"""

import re
from difflib import SequenceMatcher

from bot.talk.name_matching import fold

ECHO_SHARE = 0.6
"""Share of an utterance's words, by weight, that make all of it an echo."""
MIN_ECHO_WEIGHT = 6
"""Fewer words than this (three, or six kana or kanji) may be the same by chance."""
MIN_RUN_WEIGHT = 8
"""In an utterance that also has words of its own, a run of this weight is an echo."""
MAX_COMPARED_WORDS = 400
"""Words of each side that are compared."""

_WORDS = re.compile(r"[^\W_ぁ-ヿ㐀-鿿豈-﫿가-힣]+(?:['’][^\W_]+)*|[ぁ-ヿ㐀-鿿豈-﫿가-힣]")
"""A word of letters or digits, or a single kana, kanji or Hangul syllable."""


def without_echo(text: str, said: str) -> str:
    """Return `text` without the words that the bot `said` meanwhile; "" if it is nothing else."""
    spans = [match.span() for match in _WORDS.finditer(text)][:MAX_COMPARED_WORDS]
    words = [fold(text[start:end]) for start, end in spans]
    own = [fold(word) for word in _WORDS.findall(said)][-MAX_COMPARED_WORDS:]
    weights = [2 if word[0] < "\u3041" else 1 for word in words]
    if sum(weights) < MIN_ECHO_WEIGHT or not own:
        return text
    blocks = SequenceMatcher(None, words, own, autojunk=False).get_matching_blocks()
    runs = [(block.a, block.a + block.size) for block in blocks if block.size]
    if sum(sum(weights[first:last]) for first, last in runs) >= ECHO_SHARE * sum(weights):
        return ""
    kept, at = "", 0
    for first, last in runs:
        if sum(weights[first:last]) >= MIN_RUN_WEIGHT:
            kept += text[at : spans[first][0]]
            at = spans[last - 1][1]
    return " ".join((kept + text[at:]).split()).strip(" ,.;:!?、。！？…") if at else text
