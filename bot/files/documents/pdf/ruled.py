"""Tables whose cells are parted by lines on the page: the lines say which words are in which cell.

Lines are drawn as strokes, as thin areas, or as the edges of boxes; where one is missing between two cells, they are
one cell.
"""

import ctypes
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

_MOST_OBJECTS = 5_000
_MOST_LINES = 1_000
"""A page with more is a drawing."""
_MOST_CELLS = 5_000
"""What has more is graph paper, or a chart."""
_SQUARED_SHARE = 0.9
_MOST_POINTS = 400
_THIN = 2.5
"""An area that is lower or narrower than this is a line, in points."""
_SHORTEST = 4.0
_NEAR = 2.0
"""Lines that are nearer than this meet or are one."""
_MOST_HEAD_LINES = 4
_LEADING = 0.4
"""Of the height of a line, what is between it and the next one in a cell at most."""
_WITHIN_WORD = 1.0
"""Letters of a word are nearer to each other than this."""

Box = tuple[float, float, float, float]
"""left, top, right, bottom, in the direction of the writing, as those of fragments."""


@dataclass(frozen=True, slots=True)
class RuledTable:
    lefts: list[float]
    "edges of the columns, the last one's right edge included"
    tops: list[float]
    "edges of the rows"
    cells: np.ndarray
    "(rows, columns): the number of the cell at each place; cells that go over several have several places"

    def cell_at(self, across: np.ndarray, down: np.ndarray) -> np.ndarray:
        """Return the numbers of the cells in which points are; -1: outside."""
        rows, columns = np.searchsorted(self.tops, down) - 1, np.searchsorted(self.lefts, across) - 1
        inside = (rows >= 0) & (rows < len(self.tops) - 1) & (columns >= 0) & (columns < len(self.lefts) - 1)
        found = np.full(len(across), -1)
        found[inside] = self.cells[rows[inside], columns[inside]]
        return found


def ruled_tables(
    page: pypdfium2.PdfPage, letters: str, signs: np.ndarray, turned: Callable[[np.ndarray], np.ndarray]
) -> tuple[RuledTable, ...]:
    """Return the tables that lines make. `signs`: the boxes of letters; `turned` turns others of the page likewise."""
    boxes = list(itertools.islice(_boxes(page), _MOST_LINES + 1))
    if not 4 <= len(boxes) <= _MOST_LINES:
        return ()
    across: list[Box] = []
    down: list[Box] = []
    for left, top, right, bottom in turned(np.array(boxes, np.float32)).tolist():
        if bottom - top < _THIN <= _SHORTEST <= right - left:
            across.append((left, (top + bottom) / 2, right, (top + bottom) / 2))
        elif right - left < _THIN <= _SHORTEST <= bottom - top:
            down.append(((left + right) / 2, top, (left + right) / 2, bottom))
    closed = [table for lines in _groups(across, down) if (table := _table(*lines)) is not None]
    alone = [
        line
        for line in across
        if not any(line[1] >= table.tops[0] - _NEAR and line[1] <= table.tops[-1] + _NEAR for table in closed)
    ]
    tables = (table for table in closed if not _is_squared_paper(table, letters, signs))
    return (*tables, *_open_tables(alone, signs))


def _boxes(page: pypdfium2.PdfPage) -> Iterator[Box]:
    """Yield the lines of a page as boxes of hardly any height or width: left, top, right, bottom, y growing upwards."""
    raw = page.raw
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    filled, stroked = ctypes.c_int(), ctypes.c_int()
    for number in range(min(pdfium.FPDFPage_CountObjects(raw), _MOST_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(raw, number)
        if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        pdfium.FPDFPath_GetDrawMode(item, filled, stroked)
        if not (filled.value or stroked.value):
            continue
        pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
        box = (left.value, top.value, right.value, bottom.value)
        if box[2] - box[0] < _THIN or box[1] - box[3] < _THIN:
            yield box
        elif stroked.value:
            yield from _edges(item)


def _edges(item: Any) -> Iterator[Box]:
    """Yield the straight lines of a path."""
    count = pdfium.FPDFPath_CountSegments(item)
    matrix = pdfium.FS_MATRIX()
    if count > _MOST_POINTS or not pdfium.FPDFPageObj_GetMatrix(item, matrix):
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    start = before = (0.0, 0.0)
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(item, number)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        here = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield _line(before, here)
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield _line(here, start)
        before = here


def _line(one: tuple[float, float], other: tuple[float, float]) -> Box:
    (left, right), (bottom, top) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return left, top, right, bottom


def _groups(across: list[Box], down: list[Box]) -> Iterator[tuple[list[Box], list[Box]]]:
    """Yield lines that meet each other."""
    if len(across) < 2 or not down:
        return
    a, d = np.array(across), np.array(down)
    meet = (
        (d[:, 0][None] >= a[:, 0][:, None] - _NEAR)
        & (d[:, 0][None] <= a[:, 2][:, None] + _NEAR)
        & (a[:, 1][:, None] >= d[:, 1][None] - _NEAR)
        & (a[:, 1][:, None] <= d[:, 3][None] + _NEAR)
    )
    left = set(range(len(across)))
    for first in sorted(left, key=lambda number: across[number][1]):
        if first not in left:
            continue
        rows_, columns = {first}, set[int]()
        new = {first}
        while new:
            columns |= set(np.flatnonzero(meet[list(new)].any(axis=0)).tolist())
            found = set(np.flatnonzero(meet[:, list(columns)].any(axis=1)).tolist()) if columns else set[int]()
            new = found - rows_
            rows_ |= new
        left -= rows_
        if columns:
            yield [across[number] for number in rows_], [down[number] for number in columns]


def _table(across: list[Box], down: list[Box]) -> RuledTable | None:
    lefts = _places([*(line[0] for line in down), min(line[0] for line in across), max(line[2] for line in across)])
    tops = _places([*(line[1] for line in across), min(line[1] for line in down), max(line[3] for line in down)])
    if len(lefts) < 3 or len(tops) < 3 or (len(lefts) - 1) * (len(tops) - 1) > _MOST_CELLS:
        return None
    cells = np.arange((len(tops) - 1) * (len(lefts) - 1)).reshape(len(tops) - 1, -1)
    for row, column in np.ndindex(cells.shape):
        middle = (lefts[column] + lefts[column + 1]) / 2, (tops[row] + tops[row + 1]) / 2
        if column + 1 < cells.shape[1] and not _parted(down, lefts[column + 1], middle[1], 0):
            cells[cells == cells[row, column + 1]] = cells[row, column]
        if row + 1 < cells.shape[0] and not _parted(across, tops[row + 1], middle[0], 1):
            cells[cells == cells[row + 1, column]] = cells[row, column]
    return RuledTable(lefts, tops, cells)


def _is_squared_paper(table: RuledTable, letters: str, signs: np.ndarray) -> bool:
    """Whether nearly each cell has one letter of Japanese or Chinese: it is paper to write on."""
    cells = table.cell_at((signs[:, 0] + signs[:, 2]) / 2, (signs[:, 1] + signs[:, 3]) / 2)
    held: dict[int, str] = {}
    for cell, letter in zip(cells.tolist(), letters, strict=True):
        if cell >= 0:
            held[cell] = held.get(cell, "") + letter
    return sum(len(words) == 1 and words > "\u3000" for words in held.values()) > _SQUARED_SHARE * len(held)


def _open_tables(across: list[Box], signs: np.ndarray) -> Iterator[RuledTable]:
    """Yield tables that have lines below their rows alone, which end where each cell ends."""
    found: list[tuple[float, list[float]]] = []
    ordered = sorted(across, key=lambda line: (round(line[1]), line[0]))
    for top, lines in itertools.groupby(ordered, lambda line: round(line[1])):
        edges: list[float] = []
        for left, _, right, _ in lines:
            edges = [*edges, right] if edges and abs(left - edges[-1]) <= _NEAR else [left, right]
        if len(edges) > 2:
            found.append((float(top), edges))
    for _, lines_ in itertools.groupby(found, lambda line: [round(edge / _NEAR) for edge in line[1]]):
        same = list(lines_)
        tops, edges = [top for top, _ in same], same[0][1]
        if len(tops) < 2:
            continue
        head = _head(signs, edges, tops[0], min(below - above for above, below in itertools.pairwise(tops)))
        if not _crossed(signs, edges, head, tops[0]):
            tops = [head, *tops]
        yield RuledTable(edges, tops, np.arange((len(tops) - 1) * (len(edges) - 1)).reshape(len(tops) - 1, -1))


def _head(signs: np.ndarray, edges: list[float], bottom: float, height: float) -> float:
    """Return the top of the row above the first line, which is of this height, or higher with a wrapped cell."""
    top = bottom - height
    middles = (signs[:, 1] + signs[:, 3]) / 2
    beside = (signs[:, 2] > edges[0]) & (signs[:, 0] < edges[-1])
    for _ in range(_MOST_HEAD_LINES):
        inside = signs[beside & (middles > top) & (middles < bottom)]
        if not len(inside):
            break
        first = inside[:, 1].min()
        near = signs[
            beside & (middles <= top) & (signs[:, 3] > first - _LEADING * np.median(inside[:, 3] - inside[:, 1]))
        ]
        if not len(near):
            break
        top = min(top, float(near[:, 1].min()))
    return top


def _crossed(signs: np.ndarray, edges: list[float], top: float, bottom: float) -> bool:
    """Whether a word in a row goes over an edge of a column: it is none of the table."""
    middles = (signs[:, 1] + signs[:, 3]) / 2
    left, _, right, _ = signs[(middles > top) & (middles < bottom)].T
    joined = np.abs(left[1:] - right[:-1]) < _WITHIN_WORD
    return any(bool((joined & (left[:-1] < edge) & (right[1:] > edge)).any()) for edge in edges[1:-1])


def _parted(lines: list[Box], at: float, along: float, axis: int) -> bool:
    """Whether one of the lines that go down (`axis` 0) or across (1) stands at a place, beside a point along it."""
    other = 1 - axis
    return any(abs(line[axis] - at) <= _NEAR and line[other] <= along <= line[other + 2] for line in lines)


def _places(values: list[float]) -> list[float]:
    """Return where lines are, in order; those that are nearly at one place once."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found
