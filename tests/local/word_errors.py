"""Word errors of a transcript: the edits that make it what was said, by the words that were said."""

import re
from collections.abc import Sequence


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the edits that turn one list of words into the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return the word errors of sentences by the words that were said."""
    wanted = [words_of(sentence) for sentence in said]
    wrong = sum(errors(one, words_of(other)) for one, other in zip(wanted, heard, strict=True))
    return wrong / sum(map(len, wanted))
