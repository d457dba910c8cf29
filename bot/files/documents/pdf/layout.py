"""The fragments of a page -> its blocks in reading order: lines of one column each, and tables.

A gutter is looked for that few fragments cross; those are headings and pictures across the columns, and divide the page
into bands. Within a band the left column is read before the right one, and each is looked at again.
"""

import itertools
from dataclasses import dataclass
from statistics import median

import numpy as np

from bot.files.documents.pdf.fragments import Fragment, TableRow
from bot.files.documents.pdf.rows import Row, merged, rows
from bot.files.documents.pdf.tables import are_level, grid_end, is_prose, is_stretched, is_table, table
from bot.files.documents.scripts import is_leftward

_BINS = 120
"""Places across the page at which a gutter is looked for."""
_MOST_CROSSING = 0.34
"""Share of the rows that may cross a gutter."""
_LEAST_BESIDE = 2
"""Fragments that each column must have beside the other."""
_GUTTER_EMS = 0.7
_MARGIN = 0.1
"""Share of the width at each side where no gutter is looked for."""
_TABLE_GAP_HEIGHTS = 2.5
"""The rows of a table are nearer to each other than this."""
_MAX_DEPTH = 6


@dataclass(slots=True)
class TextColumn:
    """Lines that follow each other, from top to bottom."""

    lines: list[Fragment]


@dataclass(slots=True)
class TableBlock:
    cells: list[list[str]]
    "rows of as many cells each"


def blocks(fragments: list[Fragment], depth: int = 0) -> list[TextColumn | TableBlock]:
    """Return the blocks of a page in reading order."""
    if not depth:  # bullets and numbers belong to their words, whatever gap is between them
        fragments = [item for row in rows(fragments) for item in row]
    gutter = _gutter(fragments) if depth < _MAX_DEPTH else None
    if gutter is None:
        return _single(rows(fragments))
    leftward = is_leftward("".join(item.text for item in fragments))
    left = [item for item in fragments if item.right <= gutter]
    right = [item for item in fragments if item.left >= gutter]
    across = sorted((item for item in fragments if item.left < gutter < item.right), key=lambda item: item.top)
    found: list[TextColumn | TableBlock] = []
    for band, wide in _bands(left, right, across):
        sides = [item for item in band if item.right <= gutter], [item for item in band if item.left >= gutter]
        sides = sides[::-1] if leftward else sides
        beside = rows(band)
        if apart := _beside_table(band):
            for side in apart[::-1] if leftward else apart:
                found += blocks(side, depth + 1)
        elif is_table(_core(beside)) and not all(is_prose(rows(side)) for side in sides):
            found += _tables(beside)
        elif _follow(beside, gutter):
            found += _single(beside)
        else:
            for side in sides:
                found += blocks(side, depth + 1) if side else []
        if wide:
            found += blocks(wide, depth + 1)
    return _joined(found)


def _beside_table(band: list[Fragment]) -> list[list[Fragment]]:
    """Return running text and the table beside it, from left to right; nothing where a band is not of these.

    Of a table the cells of a row stand on one line; lines of a text that is none of its columns do so only by chance.
    """
    places = list(_gutters(band))
    for place in {*places[:1], *places[-1:]}:
        sides = [item for item in band if item.right <= place], [item for item in band if item.left >= place]
        if len(sides[0]) + len(sides[1]) < len(band):
            continue
        for text, other in (sides, sides[::-1]):
            if is_prose(rows(text)) and is_table(rows(other)) and not are_level(rows(other), text):
                return list(sides)
    return []


def _core(beside: list[Row]) -> list[Row]:
    """Return the rows from the first to the last that has several cells."""
    several = [number for number, row in enumerate(beside) if len(row) > 1]
    return beside[several[0] : several[-1] + 1] if several else []


def _follow(beside: list[Row], gutter: float) -> bool:
    """Whether the lines on both sides of a gutter stand one above the other, as a centred title above a text does."""
    sides = [row[0].left >= gutter for row in beside]
    turns = sum(a != b for a, b in itertools.pairwise(sides))
    return turns < 2 and all(len(row) == 1 for row in beside)


def _gutter(fragments: list[Fragment]) -> float | None:
    """Return the x of the gap between two columns beside which most stands; None: there is one column."""
    sizes = _gutters(fragments)
    return max(sizes, key=lambda place: sizes[place]) if sizes else None


def _gutters(fragments: list[Fragment]) -> dict[float, int]:
    """Return the x of each gap between columns, from left to right, and how much stands on its emptier side."""
    if len(fragments) < 2 * _LEAST_BESIDE:
        return {}
    edges = np.array([(item.left, item.right, item.top, item.bottom) for item in fragments])
    start, end = float(edges[:, 0].min()), float(edges[:, 1].max())
    width = end - start
    em = median(item.em for item in fragments)
    if width < 8 * em:
        return {}
    places = np.linspace(start + width * _MARGIN, end - width * _MARGIN, _BINS)
    crossing = ((edges[:, 0][:, None] < places) & (edges[:, 1][:, None] > places)).sum(axis=0)
    sizes: dict[float, int] = {}
    for place in _clear(places, crossing, len(fragments)):
        left, right = edges[edges[:, 1] <= place], edges[edges[:, 0] >= place]
        size = min(len(left), len(right))
        left, right = _beside(left, right), _beside(right, left)
        if min(len(left), len(right)) < _LEAST_BESIDE or right[:, 0].min() - left[:, 1].max() < _GUTTER_EMS * em:
            continue
        sizes[place] = size
    return sizes


def _clear(places: np.ndarray, crossing: np.ndarray, count: int) -> list[float]:
    """Return the middle of each stretch that few fragments cross, fewer than its neighbours."""
    bounds = np.flatnonzero(np.diff(crossing)) + 1
    found: list[float] = []
    for stretch in np.split(np.arange(len(places)), bounds):
        here, before, after = stretch[0], stretch[0] - 1, stretch[-1] + 1
        lower = (before < 0 or crossing[before] > crossing[here]) and (
            after == len(places) or crossing[after] > crossing[here]
        )
        if lower and crossing[here] <= _MOST_CROSSING * count:
            found.append(float(places[stretch].mean()))
    return found


def _beside(these: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return those of `these` that have one of the `others` at their height."""
    overlap = (these[:, 2][:, None] < others[:, 3]) & (these[:, 3][:, None] > others[:, 2])
    return these[overlap.any(axis=1)]


def _bands(
    left: list[Fragment], right: list[Fragment], across: list[Fragment]
) -> list[tuple[list[Fragment], list[Fragment]]]:
    """Return what stands in columns, and after each such band what goes across them."""
    found: list[tuple[list[Fragment], list[Fragment]]] = []
    rest = sorted([*left, *right], key=lambda item: item.top)
    for wide in across:
        middle = (wide.top + wide.bottom) / 2
        band = [item for item in rest if (item.top + item.bottom) / 2 < middle]
        rest = [item for item in rest if (item.top + item.bottom) / 2 >= middle]
        if band or not found:
            found.append((band, [wide]))
        else:
            found[-1][1].append(wide)
    return [*found, (rest, [])]


def _single(page_rows: list[Row]) -> list[TextColumn | TableBlock]:
    """Return the blocks of one column; rows of several cells below each other are a table."""
    found: list[TextColumn | TableBlock] = []
    left = min((row[0].left for row in page_rows), default=0.0)
    right = max((row[-1].right for row in page_rows), default=0.0)
    at = 0
    while at < len(page_rows):
        if ruled := _ruled(page_rows, at):
            found.append(TableBlock([row.cells for row in ruled]))
            at += len(ruled)
            continue
        end = grid_end(page_rows, at) if len(page_rows[at]) > 1 else at + 1
        grid = page_rows[at:end]
        if len(grid) > 1 and is_table(grid) and not is_stretched(grid, left, right):
            found.append(TableBlock(table(grid)))
        else:
            found.append(TextColumn([merged(row) for row in grid]))
        at = end
    return _joined(found)


def _ruled(page_rows: list[Row], at: int) -> list[TableRow]:
    """Return the rows of a ruled table that begin at a place; nothing: another row does."""
    first = page_rows[at][0].row
    found: list[TableRow] = []
    for row in itertools.islice(page_rows, at, None) if first is not None else ():
        if row[0].row is None or first is None or row[0].row.table != first.table:
            break
        found.append(row[0].row)
    return found


def _tables(beside: list[Row]) -> list[TextColumn | TableBlock]:
    """Return a table, and apart from it the lines that stand well above or below."""
    groups: list[list[Row]] = []
    table_rows = [number for number, row in enumerate(beside) if len(row) > 1]
    for number, row in enumerate(beside):
        outside = number in (table_rows[0], table_rows[-1] + 1)
        if groups and not outside and row[0].top - groups[-1][-1][0].bottom < _TABLE_GAP_HEIGHTS * row[0].height:
            groups[-1].append(row)
        else:
            groups.append([row])
    return [
        TableBlock(table(group)) if max(map(len, group)) > 1 else TextColumn([merged(row) for row in group])
        for group in groups
    ]


def _joined(found: list[TextColumn | TableBlock]) -> list[TextColumn | TableBlock]:
    """Join columns that continue each other downwards at the same place."""
    made: list[TextColumn | TableBlock] = []
    for block in found:
        before = made[-1] if made else None
        if isinstance(before, TextColumn) and isinstance(block, TextColumn) and _continues(before, block):
            before.lines += block.lines
        else:
            made.append(block)
    return made


def _continues(before: TextColumn, block: TextColumn) -> bool:
    above, below = before.lines[-1], block.lines[0]
    return below.top >= above.bottom - 0.5 * above.height and below.left < above.right and above.left < below.right
