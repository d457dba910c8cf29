"""Sanitizes the names that people choose before a model sees them: data, never instructions."""

import unicodedata

MAX_QUOTED_CHARACTERS = 32
"""Discord's limit for a display name."""


def quoted(name: str) -> str:
    """Return `name` in double quotes: one line, no control or formatting characters, no quotes within, shortened."""
    return f'"{plain(name)}"'


def plain(name: str) -> str:
    """Return `name` as `quoted` does, without the quotes; "someone" if nothing is left."""
    visible = (" " if unicodedata.category(letter)[0] in "ZC" else letter for letter in name)
    words = " ".join("".join(visible).replace('"', "'").split())
    if len(words) > MAX_QUOTED_CHARACTERS:
        words = words[: MAX_QUOTED_CHARACTERS - 1].rstrip() + "…"
    return words or "someone"
