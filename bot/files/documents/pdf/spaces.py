"""Spaces between the words of a line that are not written, and that the library does not see in its gaps."""

import re
from bisect import bisect_right

import numpy as np

NO_SPACE_EMS = 0.12
"""What is nearer than this belongs to the same word."""
_LEAST_SPACE_EMS, _LEAST_GAPS = 0.2, 3
_LETTER = r"[^\W\d_\u0590-\u1fff\u2e80-\U0010ffff]"
_WORD_GAP = re.compile(rf"(?:\d|{_LETTER})(?:\d|{_LETTER}|[“‘(])|[.,;:!?)”’](?:{_LETTER}|[“‘(])")
"""In scripts that part words by spaces, and run to the right."""


def missed_spaces(text: str, shown: np.ndarray, gaps: np.ndarray, bounds: list[int]) -> list[tuple[int, int, str]]:
    """Return the spaces that the library does not see, as edits; `gaps` are in ems.

    It asks for wider ones after wide letters. Ghostscript, for one, moves on instead of writing a space.
    """
    found: list[tuple[int, int, str]] = []
    wide = np.flatnonzero((gaps > _LEAST_SPACE_EMS) & (np.diff(shown) == 1))
    for place in wide.tolist():
        at = int(shown[place]) + 1
        if not _WORD_GAP.match(text, at - 1):
            continue
        index = bisect_right(bounds, place)
        inside = gaps[bounds[index - 1] : bounds[index] - 1]
        if len(inside) >= _LEAST_GAPS and np.median(inside) < NO_SPACE_EMS:  # not letters that are spaced out
            found.append((at, at, " "))
    return found
