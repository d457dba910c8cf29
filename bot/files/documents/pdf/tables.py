"""Rows whose cells stand below each other -> a table."""

import itertools
import re
from math import inf
from statistics import median

from bot.files.documents.pdf.fragments import Fragment
from bot.files.documents.pdf.rows import Row
from bot.files.documents.scripts import glue

_SHORT_CELL_WORDS = 3.0
"""Cells have fewer words than a line of a text column."""
_PROSE_LINE_WORDS = 3.5
_LETTERS_PER_WORD = 3
"""Chinese and Japanese have no spaces."""
_CELL_GAP_EMS = 1.0
"""All rows of a table leave a gap of at least this width free."""
_MOST_STRETCHED_EMS = 4.0
_ROW_GAP_HEIGHTS = 2.5
_NEARER = 0.9
_SAME_LINE = 0.06
"""Of its height, how far the line of one cell is from that of another in its row at most."""
_BASELINE = 0.2
_CUT_WORD = re.compile(r"[^\W\d_]{2}[-‐\xad\ufffe]$")
_LEAST_CUT_WORDS = 3
_CUT_WORDS_SHARE = 0.3


def grid_end(page_rows: list[Row], start: int) -> int:
    """Return the end of the run of rows from `start` on that leave the same gaps free between their cells.

    A row of one cell, which goes on with the one above, may be among them.
    """
    gaps = _gaps(page_rows[start])
    end = start + 1
    for number in range(start + 1, len(page_rows)):
        row, above = page_rows[number], page_rows[number - 1]
        if row[0].top - above[0].bottom > _ROW_GAP_HEIGHTS * row[0].height:
            break
        gaps = _shared(gaps, _gaps(row), row[0].em * _CELL_GAP_EMS)
        if not gaps:
            break
        if len(row) > 1 or _goes_on(page_rows[start:number], row):
            end = number + 1
    return end


def _goes_on(above: list[Row], row: Row) -> bool:
    """Whether a row of one cell is a further line of the cell above: nearer to it than the rows are to each other."""
    tops = [other[0].top for other in above if len(other) > 1]
    steps = [below - top for top, below in itertools.pairwise(tops)]
    return len(row) == 1 and bool(steps) and row[0].top - above[-1][0].top < min(steps) * _NEARER


def _gaps(row: Row) -> list[tuple[float, float]]:
    """Return where a row has no writing, from left to right, beyond its ends too."""
    edges = [-inf, *(edge for item in row for edge in (item.left, item.right)), inf]
    inner = list(zip(edges[::2], edges[1::2], strict=True))
    return inner[1:-1] if len(row) > 1 else inner


def _shared(
    these: list[tuple[float, float]], others: list[tuple[float, float]], width: float
) -> list[tuple[float, float]]:
    both = ((max(a, c), min(b, d)) for a, b in these for c, d in others)
    return [(a, b) for a, b in both if b - a >= width]


def is_table(beside: list[Row]) -> bool:
    """Whether rows are those of a table rather than the lines of columns of text."""
    several = [row for row in beside if len(row) > 1]
    if len(several) < 2 or len(several) * 2 < len(beside):
        return False
    columns = round(median(len(row) for row in several))
    if any(_is_hyphenated([row[number].text for row in several if len(row) > number]) for number in range(columns)):
        return False
    return min(_words(several, number) for number in range(columns)) < _SHORT_CELL_WORDS


def _is_hyphenated(lines: list[str]) -> bool:
    """Whether words are cut at the ends of so many lines as only in a narrow column of running text."""
    cut = sum(_CUT_WORD.search(line) is not None for line in lines)
    return cut >= _LEAST_CUT_WORDS and cut >= len(lines) * _CUT_WORDS_SHARE


def is_stretched(lines: list[Row], left: float, right: float) -> bool:
    """Whether rows are lines that were stretched to both edges of their column, with wide gaps between the words."""
    gaps = [after.left - before.right for row in lines for before, after in itertools.pairwise(row)]
    em = lines[0][0].em
    full = all(row[0].left - left < 0.5 * em and right - row[-1].right < 0.5 * em for row in lines)
    return full and max(gaps, default=0.0) < _MOST_STRETCHED_EMS * em


def is_prose(lines: list[Row]) -> bool:
    """Whether the lines of a column are long enough to be those of running text, whatever is beside them."""
    return bool(lines) and median(sum(map(_length, row)) for row in lines) >= _PROSE_LINE_WORDS


def are_level(these: list[Row], others: list[Fragment]) -> bool:
    """Whether most rows have one of the `others` on their line, or stand in the middle between two of its lines."""
    lines = sorted(map(_baseline, others))
    places = [*lines, *((above + below) / 2 for above, below in itertools.pairwise(lines))]
    level = sum(any(abs(_baseline(row[0]) - place) < _SAME_LINE * row[0].height for place in places) for row in these)
    return level * 2 > len(these)


def _baseline(item: Fragment) -> float:
    return item.bottom - _BASELINE * item.height


def table(beside: list[Row]) -> list[list[str]]:
    """Return the cells; a row without a first cell, or near to the one above, continues it."""
    spans = _spans(beside)
    cells: list[list[str]] = []
    for number, row in enumerate(beside):
        texts = [""] * len(spans)
        for fragment in row:
            column = max(range(len(spans)), key=lambda number: _overlap(fragment, spans[number]))
            texts[column] += glue(texts[column], fragment.text) + fragment.text
        if cells and len(row) < len(spans) and (not texts[0] or _goes_on(beside[:number], row)):
            cells[-1] = [before + glue(before, more) + more for before, more in zip(cells[-1], texts, strict=True)]
        else:
            cells.append(texts)
    return cells


def _spans(beside: list[Row]) -> list[tuple[float, float]]:
    """Return where each column reaches from and to, by the rows that have most cells."""
    most = max(len(row) for row in beside)
    spans: list[tuple[float, float]] = []
    for fragment in sorted((f for row in beside if len(row) == most for f in row), key=lambda f: f.left):
        if spans and fragment.left < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], fragment.right))
        else:
            spans.append((fragment.left, fragment.right))
    return spans


def _overlap(fragment: Fragment, span: tuple[float, float]) -> float:
    """Return how far a fragment reaches into a column; negative: how far it is away."""
    return min(fragment.right, span[1]) - max(fragment.left, span[0])


def _words(beside: list[Row], column: int) -> float:
    lengths = [_length(row[column]) for row in beside if len(row) > column]
    return median(lengths) if lengths else 0.0


def _length(cell: Fragment) -> int:
    """Return the number of words."""
    return max(len(cell.text.split()), sum(ord(letter) >= 0x2E80 for letter in cell.text) // _LETTERS_PER_WORD)
