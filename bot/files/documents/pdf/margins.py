"""What stands on pages without belonging to their text: running heads, page numbers, footnotes."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from bot.files.documents.pdf.fragments import Fragment, Page
from bot.files.documents.pdf.rows import Row, pitch, rows
from bot.files.documents.pdf.tables import grid_end, is_table

_MAX_HEAD_ROWS = 3
_GAP_HEIGHTS = 0.6
"""A running head stands apart from the text by more than this share of its height."""
_SAME_PLACE_POINTS = 12.0
_MANY_PAGES = 3
_PAGE_NUMBER = re.compile(
    r"^[-–—~\[(•|·\s]*(?:page|p\.|seite|página|pagina|第)?\s*(\d{1,4}|[ivxlc]{1,7})"
    r"\s*(?:(?:/|\||of|von|sur|de|di)\s*\d{1,4})?\s*(?:ページ|頁|页)?[-–—~\])•|·\s]*$",
    re.IGNORECASE,
)
_NOTE_START = re.compile(r"^(\d{1,3}|[*†‡§¶]{1,3}|\([a-z\d]\)|[a-z])(?:[.)\]]?\s|(?=[A-Z\u2e80-\uffef]))")
_DATE = re.compile(r"^\d{1,2}\.? [^\W\d]{3,12},? \d{4}$")
_APART_PITCHES = 1.35
_MAX_NOTE_LINES = 12
_NOTE_SIZE = 0.93
"""Footnotes are set smaller than the text by at least this."""


@dataclass(frozen=True, slots=True)
class _Head:
    """Rows at the top or the bottom of a page, apart from the others."""

    page: int
    "index into the pages"
    text: str
    height: float
    fragments: Row


def remove_running_heads(pages: list[Page], body: float) -> None:
    """Take running heads and page numbers off the pages. `body` is the height of the text's lines, in points."""
    for top in (True, False):
        heads = [head for number, page in enumerate(pages) for head in _outermost(number, page, top=top)]
        for head in _repeated(heads, body) + _numbered(heads, len(pages)):
            gone = set(map(id, head.fragments))
            rest = [item for item in pages[head.page].fragments if id(item) not in gone]
            if not all(_PAGE_NUMBER.match(item.text) for item in rest):  # what is all of a page is no margin of it
                pages[head.page].fragments = rest


def split_footnotes(lines: list[Fragment], body: float, marks: set[str]) -> tuple[list[Fragment], list[Fragment]]:
    """Split a column into its text and the footnotes below it.

    Footnotes are smaller lines of which the first begins with a mark, or lines apart from the text whose number is one
    of `marks`, the raised numbers of the page.
    """
    start = len(lines)
    while start and lines[start - 1].height < body * _NOTE_SIZE:
        start -= 1
    while start < len(lines) and (not begins_note(lines[start]) or _DATE.match(lines[start].text)):
        start += 1
    if start == len(lines) and marks:
        usual = pitch(lines)
        for number in range(len(lines) - 1, 0, -1):
            mark = _NOTE_START.match(lines[number].text)
            if lines[number].top - lines[number - 1].top > usual * _APART_PITCHES:
                below = lines[number:]
                plain = len(below) <= _MAX_NOTE_LINES and max(line.height for line in below) <= body * 1.03
                if mark and mark.group(1) in marks and plain:
                    start = number
                break
    return lines[:start], lines[start:]


def begins_note(line: Fragment) -> bool:
    return bool(_NOTE_START.match(line.text))


def _outermost(number: int, page: Page, *, top: bool) -> list[_Head]:
    """Return the rows that stand apart at an end of the page: the first alone, and the first ones together."""
    ordered = rows(page.fragments)
    if not top:
        ordered.reverse()
    found: list[_Head] = []
    for count in range(1, min(_MAX_HEAD_ROWS, len(ordered) - 1) + 1):
        outer, inner = ordered[count - 1], ordered[count]
        if top and _are_columns(ordered[count - 1 :]):
            break
        gap = _edge(inner, top=top) - _edge(outer, top=not top)
        if (gap if top else -gap) > _GAP_HEIGHTS * max(item.height for item in outer):
            taken = [item for row in ordered[:count] for item in row]
            text = " ".join(item.text for item in taken)
            found.append(_Head(number, text, max(item.height for item in taken), taken))
            break
    return found


def _are_columns(below: list[Row]) -> bool:
    """Whether the first of these rows names the columns of a table, on each page again."""
    outer, inner = below[:2]
    if not len(outer) == len(inner) > 2:
        return False
    over = all(min(a.right, b.right) > max(a.left, b.left) for a, b in zip(outer, inner, strict=True))
    return over and is_table(below[: grid_end(below, 0)])


def _edge(row: Row, *, top: bool) -> float:
    return min(item.top for item in row) if top else max(item.bottom for item in row)


def _repeated(heads: list[_Head], body: float) -> list[_Head]:
    """Return heads whose words come again on other pages at the same height, numbers apart."""
    alike: dict[str, list[_Head]] = defaultdict(list)
    for head in heads:
        alike[re.sub(r"\d+", "#", head.text)].append(head)
    found: list[_Head] = []
    for same in alike.values():
        places = Counter(round(head.fragments[0].top / _SAME_PLACE_POINTS) for head in same)
        place = places.most_common(1)[0][0]
        there = [h for h in same if abs(h.fragments[0].top / _SAME_PLACE_POINTS - place) <= 1.5]
        if len(there) < 2:
            continue
        exact = len({head.text for head in there}) == 1
        small = max(head.height for head in there) <= body * 1.15
        if (len(there) >= _MANY_PAGES and (exact or (small and _track(there)))) or (exact and small):
            found += there
    return found


def _track(heads: list[_Head]) -> bool:
    """Whether a number in the heads grows with the pages, or none changes more than sometimes."""
    numbers = [[int(digits) for digits in re.findall(r"\d{1,6}", head.text)] for head in heads]
    return any(
        len({found[place] - head.page for head, found in zip(heads, numbers, strict=True)}) == 1
        for place in range(min(map(len, numbers)))
    )


def _numbered(heads: list[_Head], pages: int) -> list[_Head]:
    """Return heads that are page numbers alone."""
    found = [head for head in heads if _PAGE_NUMBER.match(head.text)]
    if pages == 1 or len(found) < 2:
        return [head for head in found if re.search(r"\b[1i]\b", head.text, re.IGNORECASE) or pages > 1]
    return found
