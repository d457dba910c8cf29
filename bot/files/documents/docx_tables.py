"""Tables of Word that lay out a page or stand in a cell: Markdown has neither, and docx2python splits the outer one."""

from collections.abc import Iterator

from bot.files.documents import xml

WORD_SPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CELLS_APART, _ROWS_APART = ", ", "; "


def unnested(table: xml.Element) -> None:
    """Put the blocks of a table that only lays them out in its place; make a table within a cell one paragraph.

    Call it for outer tables before those in them.
    """
    rows = [list(row.iterchildren(f"{WORD_SPACE}tc")) for row in table.iterchildren(f"{WORD_SPACE}tr")]
    if not rows:
        return
    if len(rows) == 1 and (len(rows[0]) == 1 or next(table.iterdescendants(f"{WORD_SPACE}tbl"), None) is not None):
        blocks = [block for cell in rows[0] for block in cell if block.tag != f"{WORD_SPACE}tcPr"]
    elif next(table.iterancestors(f"{WORD_SPACE}tc"), None) is not None:
        line = table.makeelement(f"{WORD_SPACE}p")
        line.extend(list(_told(rows, table)))
        blocks = [line]
    else:
        return
    for block in blocks:
        table.addprevious(block)
    xml.remove(table)


def _told(rows: list[list[xml.Element]], table: xml.Element) -> Iterator[xml.Element]:
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if number or place:
                yield run_of(table, _CELLS_APART if place else _ROWS_APART)
            for count, paragraph in enumerate(list(cell.iter(f"{WORD_SPACE}p"))):
                if count:
                    yield run_of(table, " ")
                yield from [part for part in paragraph if part.tag != f"{WORD_SPACE}pPr"]


def run_of(near: xml.Element, text: str) -> xml.Element:
    """Return a run with this text, in the tree of `near`."""
    run, words = near.makeelement(f"{WORD_SPACE}r"), near.makeelement(f"{WORD_SPACE}t")
    words.text = text
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(words)
    return run
