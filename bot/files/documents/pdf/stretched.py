"""Lines that were stretched to the edges of their column until each word stands alone -> lines again."""

import itertools

from bot.files.documents.pdf.fragments import Fragment

_SAME_EDGE_EMS = 0.3
_SAME_GAP_EMS = 0.15
_WIDEST_GAP_EMS = 6.0
_LEAST_WORDS = 3
"""Two cells of a table have the edges of its caption, too."""


def whole_lines(fragments: list[Fragment]) -> list[Fragment]:
    """Return the fragments with the words of each stretched line as one. They are in the order of drawing.

    Such a line has the same gap between all its words, and the edges of the line before or after it.
    """
    lines: list[list[Fragment]] = []
    for item in fragments:
        if lines and _is_beside(lines[-1][-1], item):
            lines[-1].append(item)
        else:
            lines.append([item])
    if len(lines) == len(fragments):
        return fragments
    made: list[Fragment] = []
    for number, line in enumerate(lines):
        around = [*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]]
        stretched = _is_stretched(line) and any(_fits(line, other) for other in around)
        made += [_joined(line)] if stretched else line
    return made


def _is_beside(before: Fragment, item: Fragment) -> bool:
    return abs(item.bottom - before.bottom) < 0.1 * before.height and _gap(before, item) > 0


def _gap(before: Fragment, item: Fragment) -> float:
    return max(item.left - before.right, before.left - item.right)


def _is_stretched(line: list[Fragment]) -> bool:
    if len(line) < _LEAST_WORDS or any(" " in item.text for item in line):
        return False
    if not any(map(str.isalpha, line[-1].text)):  # the last cell of a row: a number
        return False
    gaps = [_gap(before, item) for before, item in itertools.pairwise(line)]
    return max(gaps) - min(gaps) < _SAME_GAP_EMS * line[0].em and max(gaps) < _WIDEST_GAP_EMS * line[0].em


def _fits(line: list[Fragment], other: list[Fragment]) -> bool:
    """Whether another line is whole, near, and as wide."""
    if len(other) != 1 or " " not in other[0].text:
        return False
    apart, whole, near = _SAME_EDGE_EMS * line[0].em, other[0], 2.5 * line[0].height
    left, right = min(item.left for item in line), max(item.right for item in line)
    same = abs(left - whole.left) < apart and abs(right - whole.right) < apart
    return same and abs(line[0].top - whole.top) < near


def _joined(line: list[Fragment]) -> Fragment:
    return Fragment(
        " ".join(item.text for item in line),
        min(item.left for item in line),
        min(item.top for item in line),
        max(item.right for item in line),
        max(item.bottom for item in line),
        all(item.bold for item in line),
        line[-1].hyphened,
    )
