"""Tables of pages whose cells go over several rows: an empty cell stands in each of the others, as in Markdown."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

_MOST_SPANNED = 1_000
_MOST_COLUMNS = 200


def fill_rows(table: "Tag") -> None:
    """Put the empty cells into the rows of a table."""
    from bs4 import Tag

    held: dict[int, int] = {}
    "columns that cells above reach into, and for how many rows more"
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        column, below = 0, dict[int, int]()
        for cell in row.find_all(["td", "th"], recursive=False):
            while held.get(column):
                held[column] -= 1
                cell.insert_before(Tag(name="td"))
                column += 1
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            if height > 1:
                below |= dict.fromkeys(range(column, min(column + width, _MOST_COLUMNS)), height - 1)
            column += width
        while held.get(column):
            held[column] -= 1
            row.append(Tag(name="td"))
            column += 1
        held |= below


def _span(cell: "Tag", name: str) -> int:
    told = str(cell.get(name) or "1").strip()
    return min(int(told), _MOST_SPANNED) if told.isdecimal() and len(told) < 6 else 1
