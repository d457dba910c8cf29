"""The fragments in a ruled table -> one for each row, which has its cells: so it is laid out like a line of a text."""

from collections.abc import Callable

import numpy as np

from bot.files.documents.pdf.fragments import Fragment, TableRow
from bot.files.documents.pdf.rows import merged, rows
from bot.files.documents.pdf.ruled import RuledTable

_LEAST_CELLS = 4
_LONGEST_CELL = 800
"""A cell with more characters is a part of a page that is laid out with lines."""


def with_table_rows(
    fragments: list[Fragment], tables: tuple[RuledTable, ...], join: Callable[[str, str], str]
) -> list[Fragment]:
    """Return the fragments of a page, those in ruled tables as rows. `join` joins the lines of a cell."""
    for number, table in enumerate(tables):
        points = np.array([((item.left + item.right) / 2, (item.top + item.bottom) / 2) for item in fragments])
        if not len(points):
            return fragments
        held: dict[int, list[Fragment]] = {}
        rest: list[Fragment] = []
        for item, cell in zip(fragments, table.cell_at(points[:, 0], points[:, 1]).tolist(), strict=True):
            (held.setdefault(cell, []) if cell >= 0 else rest).append(item)
        if made := _rows(table, held, join, number):
            fragments = rest + made
    return fragments


def _rows(
    table: RuledTable, held: dict[int, list[Fragment]], join: Callable[[str, str], str], number: int
) -> list[Fragment]:
    texts = {cell: _text(items, join) for cell, items in held.items()}
    if len(texts) < _LEAST_CELLS or max(map(len, texts.values())) > _LONGEST_CELL:
        return []
    grid: list[tuple[list[str], Fragment]] = []
    told = {-1}
    for places in table.cells.tolist():
        cells = [texts.get(cell, "") if cell not in {*told, *places[:at]} else "" for at, cell in enumerate(places)]
        items = [item for cell in set(places) - told for item in held.get(cell, ())]
        told |= set(places)
        if items:
            grid.append((cells, min(items, key=lambda item: item.top)))
    used = [at for at in range(len(table.lefts) - 1) if any(cells[at] for cells, _ in grid)]
    if len(grid) < 2 or len(used) < 2:
        return []
    return [
        Fragment(
            " ".join(filter(None, cells)), table.lefts[0], first.top, table.lefts[-1], first.bottom, bold=False,
            row=TableRow(number, [cells[at] for at in used]),
        )
        for cells, first in grid
    ]  # fmt: skip


def _text(items: list[Fragment], join: Callable[[str, str], str]) -> str:
    text = ""
    for row in rows(items):
        line = merged(row).text
        text = join(text, line) if text else line
    return text
