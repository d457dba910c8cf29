"""Names people gave themselves, made safe to show to a model: data, never instructions."""

import unicodedata

MAX_QUOTED_CHARACTERS = 32
"""Characters, as many as Discord allows for a display name."""


def quoted(name: str) -> str:
    """Return `name` in double quotes: one line, no control or formatting characters, no quotes within, shortened."""
    return f'"{plain(name)}"'


def plain(name: str) -> str:
    """Return `name` as `quoted` does, without the quotes; "someone" when nothing is left of it."""
    visible = (" " if unicodedata.category(letter)[0] in "ZC" else letter for letter in name)
    words = " ".join("".join(visible).replace('"', "'").split())
    if len(words) > MAX_QUOTED_CHARACTERS:
        words = words[: MAX_QUOTED_CHARACTERS - 1].rstrip() + "…"
    return words or "someone"
