"""Lines that end in a hyphen: is a word cut there, or is the hyphen its own?"""

import re
from collections import Counter
from collections.abc import Iterable

from bot.files.documents.scripts import glue

_MAX_WORD_CHARACTERS = 60
_COMPOUND_WORD = re.compile(r"[^\W\d_]+(?:[-‐'’][^\W\d_]+)*")
_FIRST_HALVES = frozenset(
    [
        "self",
        "well",
        "ill",
        "high",
        "low",
        "long",
        "short",
        "full",
        "half",
        "all",
        "cross",
        "ever",
        "near",
        "far",
        "fast",
        "slow",
        "hard",
        "soft",
        "deep",
        "open",
        "good",
        "best",
        "better",
        "bad",
        "non",
        "ex",
        "so",
        "first",
        "second",
        "third",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "right",
        "left",
        "left",
        "old",
        "new",
        "old",
        "real",
        "large",
        "small",
        "medium",
        "mid",
        "multi",
        "cost",
        "user",
        "time",
        "state",
        "hand",
        "man",
        "machine",
        "data",
        "end",
        "peer",
        "word",
    ]
)
"""Words that English joins to others by a hyphen."""


class Vocabulary:
    """The words of a document, to tell its cut words by."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        cut = False
        for line in lines:
            words = [word.lower() for word in _COMPOUND_WORD.findall(line)]
            self._words.update(words[cut : len(words) - line.endswith(("-", "‐"))])  # halves of words are none
            cut = line.endswith(("-", "‐"))

    def join(self, above: str, below: str) -> str:
        """Join two lines. A hyphen at the end of the first goes where it only cuts a word."""
        if not above.endswith(("-", "‐")) or above.endswith((" -", "--")) or not below:
            return above + glue(above, below) + below
        first = re.search(r"([^\W\d_]+(?:[-‐'’][^\W\d_]+)*)[-‐]$", above[-_MAX_WORD_CHARACTERS:])
        second = re.match(r"[^\W\d_]+(?:[-‐'’][^\W\d_]+)*", below)
        if first is None or second is None:
            return above + below
        return (above[:-1] if self._cuts(first.group(1), second.group()) else above) + below

    def _cuts(self, first: str, second: str) -> bool:
        """Whether the hyphen between two halves only cuts a word."""
        if second != second.lower():  # Anglo-American, Haupt-Straße
            return False
        whole, compound = (first + second).lower(), f"{first}-{second}".lower()
        if self._words[whole] or self._words[compound]:
            return self._words[whole] >= self._words[compound]
        if re.search(r"[-‐]", first):  # state-of-the-art
            return False
        if first.lower() in _FIRST_HALVES:
            return False
        return not (len(first) > 3 and self._words[first.lower()] and self._words[second.lower()])
