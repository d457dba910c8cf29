"""Sanitizes the names that people choose before a model sees them: data, never instructions."""

import unicodedata

_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»＂〝〞〟″', "'"))
"""Double quotes of any kind: within a quoted name they could seem to end it."""
_HIDDEN_CATEGORIES = ("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co")
"""Unicode's separators, controls and formatting. Characters newer than Python's tables may be seen."""
MAX_QUOTED_CHARACTERS = 32
"""Discord's limit for a display name."""


def quoted(name: str) -> str:
    """Return `name` in double quotes: one line, no control or formatting characters, no quotes within, shortened."""
    return f'"{plain(name)}"'


def plain(name: str) -> str:
    """Return `name` as `quoted` does, without the quotes; "someone" if nothing is left."""
    visible = (" " if unicodedata.category(letter) in _HIDDEN_CATEGORIES else letter for letter in name)
    words = " ".join("".join(visible).translate(_QUOTES).split())
    if len(words) > MAX_QUOTED_CHARACTERS:
        words = words[: MAX_QUOTED_CHARACTERS - 1].rstrip() + "…"
    return words or "someone"
