"""Fragments that stand beside each other -> rows."""

import itertools
import re
from statistics import median

from bot.files.documents.pdf.fragments import Fragment
from bot.files.documents.pdf.spaces import NO_SPACE_EMS
from bot.files.documents.scripts import glue, is_leftward

MARKER = re.compile(
    r"^([•‣▪▫●○■□◦·∙➢➤✓☐☑☒\uf0b7*–—-]|\(?(\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]|\d{1,2}(\.\d{1,2}){1,3}\.?)$"
)
"""What stands alone before the words of a list item or a heading: a bullet, 1., (a), 2.1"""
_SAME_ROW = 0.5
"""Share of its height by which a fragment must overlap a row to belong to it."""

Row = list[Fragment]


def rows(fragments: list[Fragment]) -> list[Row]:
    """Group fragments into rows from top to bottom, each from left to right."""
    found: list[Row] = []
    top = bottom = 0.0
    for fragment in sorted(fragments, key=lambda item: item.top + item.bottom):
        shared = min(bottom, fragment.bottom) - max(top, fragment.top) if found else -1.0
        if shared > min(fragment.height, bottom - top) * _SAME_ROW:
            found[-1].append(fragment)
            if fragment.height > (bottom - top):  # a small mark must not narrow the row, nor widen it step by step
                top, bottom = fragment.top, fragment.bottom
        else:
            found.append([fragment])
            top, bottom = fragment.top, fragment.bottom
    for row in found:
        row.sort(key=lambda item: item.left)
    return [_with_markers(row) for row in found]


def merged(row: Row) -> Fragment:
    """Return the fragments of one row as one."""
    if len(row) == 1:
        return row[0]
    if sum(is_leftward(item.text) for item in row) * 2 > len(row):
        row = row[::-1]
    tallest = max(row, key=lambda item: item.height * len(item.text))
    text = row[0].text
    for before, item in itertools.pairwise(row):
        near = max(item.left - before.right, before.left - item.right) < max(before.em, item.em) * NO_SPACE_EMS
        text += ("" if near else glue(text, item.text)) + item.text
    left, right = min(item.left for item in row), max(item.right for item in row)
    return Fragment(text, left, tallest.top, right, tallest.bottom, all(item.bold for item in row), row[-1].hyphened)


def pitch(lines: list[Fragment]) -> float:
    """Return the usual distance from one line to the next; 0.0: unknown."""
    steps = [
        below.top - above.top
        for above, below in itertools.pairwise(lines)
        if 0.5 * above.height < below.top - above.top < 3 * above.height
    ]
    return median(steps) if steps else 0.0


def _with_markers(row: Row) -> Row:
    """Put each bullet and number to the words that it stands before."""
    if len(row) < 2 or not any(MARKER.match(item.text) for item in row[:-1]):
        return row
    found: Row = []
    for item in row:
        if found and MARKER.match(found[-1].text) and item.left - found[-1].right < 4 * item.em:
            before = found.pop()
            item = Fragment(
                f"{before.text} {item.text}", before.left, item.top, item.right, item.bottom, item.bold, item.hyphened
            )
        found.append(item)
    return found
