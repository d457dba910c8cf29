"""A page of a PDF -> fragments: runs of text that stand on one line without a wide gap, with their places.

Places are in points, turned so that lines run from left to right and follow one another downwards, whatever the angle
of the page or of its writing. Vertical Japanese and Chinese is turned too: its columns become lines.
"""

import ctypes
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from bot.files.documents.pdf.leftward import as_read
from bot.files.documents.pdf.ruled import RuledTable, ruled_tables
from bot.files.documents.pdf.spaces import NO_SPACE_EMS, missed_spaces
from bot.files.documents.raised import raised
from bot.files.documents.scripts import closed_up, whole

_GAP_EMS = 1.0
"""A wider gap ends a fragment: no space between words is that wide."""
_EM_PER_HEIGHT = 0.85
"""A character's box reaches from the font's ascent to its descent, which is more than its size."""
_RAISED_HEIGHT = 0.8
_LEAST_SMALLER, _LEAST_LIFT = 0.9, 0.1
"""What is hardly smaller must stand well above the line, by its height."""
INITIAL_HEIGHT = 1.8
"""An initial is higher than this many lines."""
_POWERS = ("2", "3")
_LENGTHS = frozenset(["km", "hm", "dm", "cm", "mm", "nm", "ft", "yd", "mi"])
_MOST_NAME_LETTERS = 2
"""What is raised after a unit is a power, and after a short name (mc²) if no note of the page has that number."""
_NOTE_NUMBER = re.compile(r"^(\d{1,3})[\sA-Z\u2e80-\uffef]", re.MULTILINE)
"""At the start of a line. With a full stop it may be that of a list as well."""
_NO_LETTER = re.compile(r"[\W\d_]")
_REACH = 40
"""Characters in which a word before a number is looked for."""
_DIGITS = re.compile(r"\d{1,3}(?!\d)|[-\u2212–]\d{1,2}(?!\d)")
_BEGUN = re.compile(r"[\r\n]*(?:[/\u2044-]|[^\W\d_\u0e00-\u0eff\u2e80-\U0003ffff])")
"""A number that is raised before these begins a word or a fraction: ¹⁴C, ½."""
_STOPS = tuple('.,;:!?”"’)»')
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|[-,]w[6-9]\b|ultra", re.IGNORECASE)
"""The weight that the library tells is made of the width of stems, and wrong as often as right."""
_MAX_FONT_NAME_BYTES = 128
_QUARTERS = {
    # angle of the writing in quarter turns -> (x, y) on the page to (right, down)
    0: ((1, 0), (0, -1)),
    1: ((0, -1), (-1, 0)),
    2: ((-1, 0), (0, 1)),
    3: ((0, 1), (1, 0)),
}
_SLANTING = 4
"""A watermark across the page is at none of the four angles."""
_MOST_SLANTING = 0.1
"""Of a quarter turn; a scanned page with text beneath it is a little askew."""
_DOWNWARDS = 1
"""The quarter turn that makes vertical writing horizontal."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table that has lines between its cells."""

    table: int
    "which of the page's"
    cells: list[str]


@dataclass(slots=True)
class Fragment:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    bold: bool
    "all of it, as far as its ends show"
    hyphened: bool = False
    "ends in a hyphen that cuts a word, as far as the library can tell"
    row: TableRow | None = None
    "it is one"

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def em(self) -> float:
        return self.height * _EM_PER_HEIGHT


@dataclass(slots=True)
class Page:
    number: int
    "counted from 0"
    fragments: list[Fragment]
    "in the order in which they were drawn"
    asides: list[str]
    "writing at another angle: a stamp in the margin, the name of an axis"
    slanting: frozenset[str] = frozenset()
    "those of them that are at none of the four angles"
    tables: tuple[RuledTable, ...] = ()
    quarter: int = 0
    "the quarter turns of its writing"


def read_page(page: pypdfium2.PdfPage, number: int) -> Page:
    text_page = page.get_textpage()
    try:
        text, boxes = _characters(text_page)
        if not text:
            return Page(number, [], [])
        shown = np.array([index for index, sign in enumerate(text) if not sign.isspace()], dtype=np.int64)
        if not len(shown):
            return Page(number, [], [])
        angles = _angles(text_page, text, shown, boxes)
        main = Counter(angles.tolist()).most_common(1)[0][0]
        asides, slanting = _asides(text, shown, angles, main)
        shown = shown[angles == main]
        quarter = int(main) % _SLANTING
        signs = turned(boxes[shown], quarter)
        letters = "".join(text[index] for index in shown)
        tables = ruled_tables(page, letters, signs, lambda lines: turned(lines, quarter))
        fragments = _fragments(text_page, text, shown, signs, tables)
        return Page(number, fragments, asides, slanting, tables, quarter)
    finally:
        text_page.close()


def _characters(text_page: pypdfium2.PdfTextPage) -> tuple[str, np.ndarray]:
    """Return the page's characters and their boxes, an array (characters, 4): left, top, right, bottom."""
    count = text_page.count_chars()
    raw = text_page.raw
    text = text_page.get_text_range() if count else ""
    if len(text) != count:  # signs outside the basic plane, or none for a character
        text = "".join(chr(pdfium.FPDFText_GetUnicode(raw, index) or 0xFFFD) for index in range(count))
    rectangles = (pdfium.FS_RECTF * count)()
    box, reference = pdfium.FPDFText_GetLooseCharBox, ctypes.byref
    for index, rectangle in enumerate(rectangles):
        box(raw, index, reference(rectangle))
    boxes = np.frombuffer(rectangles, dtype=np.float32).reshape(-1, 4)
    return as_read(text_page, text, boxes), boxes


def _angles(text_page: pypdfium2.PdfTextPage, text: str, shown: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the quarter turns of each shown character, or _SLANTING; the first of a line tells for
    all of it, up to what is of quite another size."""
    starts = np.ones(len(shown), dtype=bool)
    starts[1:] = np.array(["\n" in text[a + 1 : b] for a, b in itertools.pairwise(shown)], dtype=bool)
    heights = np.abs(boxes[shown, 1] - boxes[shown, 3])
    starts[1:] |= np.maximum(heights[1:], heights[:-1]) > np.minimum(heights[1:], heights[:-1]) * INITIAL_HEIGHT
    lines = np.cumsum(starts) - 1
    raw = text_page.raw
    turns = np.array([pdfium.FPDFText_GetCharAngle(raw, int(index)) for index in shown[starts]]) / (np.pi / 2)
    slanting = np.abs(turns - turns.round()) > _MOST_SLANTING
    angles = np.where(slanting, _SLANTING, turns.round().astype(int) % 4)[lines]
    if not angles.any() and _is_vertical(boxes[shown]):
        angles[:] = _DOWNWARDS
    return angles


def _is_vertical(boxes: np.ndarray) -> bool:
    """Whether most characters stand below the one before them."""
    if len(boxes) < 3:
        return False
    steps = np.abs(np.diff((boxes[:, 0] + boxes[:, 2]) / 2)), np.diff((boxes[:, 1] + boxes[:, 3]) / 2)
    heights = np.abs(boxes[1:, 1] - boxes[1:, 3])
    below = (steps[0] < heights * 0.3) & (steps[1] < -heights * 0.3)
    return bool(below.mean() > 0.6)


def _asides(text: str, shown: np.ndarray, angles: np.ndarray, main: int) -> tuple[list[str], frozenset[str]]:
    """Return what is written at other angles than most, and which of it slants."""
    others, turns = shown[angles != main], angles[angles != main]
    if not len(others):
        return [], frozenset()
    breaks = np.flatnonzero((np.diff(others) > 3) | (np.diff(turns) != 0)) + 1
    asides = [" ".join(text[part[0] : part[-1] + 1].split()) for part in np.split(others, breaks)]
    firsts = turns[[0, *breaks.tolist()]]
    return asides, frozenset(aside for aside, turn in zip(asides, firsts, strict=True) if turn == _SLANTING)


def turned(boxes: np.ndarray, quarter: int) -> np.ndarray:
    """Return boxes as left, top, right, bottom in the direction of the writing, y growing downwards."""
    (xx, xy), (yx, yy) = _QUARTERS[quarter]
    first = boxes[:, 0] * xx + boxes[:, 1] * xy, boxes[:, 0] * yx + boxes[:, 1] * yy
    second = boxes[:, 2] * xx + boxes[:, 3] * xy, boxes[:, 2] * yx + boxes[:, 3] * yy
    return np.stack(
        [
            np.minimum(first[0], second[0]),
            np.minimum(first[1], second[1]),
            np.maximum(first[0], second[0]),
            np.maximum(first[1], second[1]),
        ],
        axis=1,
    )


def _is_bold(raw: Any, index: int, name: "ctypes.Array[ctypes.c_char]") -> bool:
    flags = ctypes.c_int()
    length = pdfium.FPDFText_GetFontInfo(raw, index, name, _MAX_FONT_NAME_BYTES, ctypes.byref(flags))
    return 0 < length <= _MAX_FONT_NAME_BYTES and _BOLD_NAME.search(name.value) is not None


def _raised(
    text: str, shown: np.ndarray, heights: np.ndarray, middles: np.ndarray, ends: np.ndarray
) -> list[tuple[int, int, str]]:
    """Return where small raised numbers begin and end, and what they are: marks of footnotes, or powers."""
    small = np.zeros(len(shown), dtype=bool)
    size, lift = heights[1:] / np.maximum(heights[:-1], 1e-3), (middles[:-1] - middles[1:]) / heights[1:]
    small[1:] = ((size < _RAISED_HEIGHT) & (lift > 1e-4) | (size < _LEAST_SMALLER) & (lift > _LEAST_LIFT)) & ~ends
    places = set(shown[small].tolist())
    notes = (
        {found.group(1) for found in _NOTE_NUMBER.finditer(text) if found.start() not in places} if places else set()
    )
    found: list[tuple[int, int, str]] = []
    for place in np.flatnonzero(small).tolist():
        index = int(shown[place])
        digits = _DIGITS.match(text, index)
        if digits is None or _begins(text, shown, ends, place + len(digits.group())):
            continue
        before = whole(text[max(0, index - _REACH) : index]).rstrip()
        word, number = _NO_LETTER.split(before)[-1], digits.group()
        short = word in _LENGTHS or (len(word) <= _MOST_NAME_LETTERS and number not in notes)
        named = len(word) > 1 and not (short and number in _POWERS)
        if number.isdigit() and (named or before[-1:] in _STOPS or "\u3000" < before[-1:] <= "\uffff"):
            found.append((index, digits.end(), f"[^{number}]"))
        elif before[-1:].isalnum():
            begin = len(text[:index].rstrip(" "))
            found.append((begin, digits.end(), raised(number.replace("–", "-"))))
    return found


def _begins(text: str, shown: np.ndarray, ends: np.ndarray, place: int) -> bool:
    """Whether a word or the other half of a fraction follows at a place, on the same line."""
    return place < len(shown) and not ends[place - 1] and _BEGUN.match(text, int(shown[place - 1]) + 1) is not None


def _broken(text: str, shown: np.ndarray, close: np.ndarray) -> list[tuple[int, int, str]]:
    """Return the breaks of lines that the library sees before what is raised: where each begins, ends, and nothing."""
    return [
        (before + 1, after, "")
        for before, after in zip(shown[:-1][close].tolist(), shown[1:][close].tolist(), strict=True)
        if "\n" in text[before + 1 : after]
    ]


def _initials(text: str, shown: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Return whether each sign but the last is a large first letter beside lines that begin with it."""
    found = heights[:-1] > heights[1:] * INITIAL_HEIGHT
    for place in np.flatnonzero(found).tolist():
        index = int(shown[place])
        found[place] = text[index].isupper() and text[max(0, index - 1) : index].strip() in ("", '"', "“", "„", "«")
    return found


def _fragments(
    text_page: pypdfium2.PdfTextPage, text: str, shown: np.ndarray, boxes: np.ndarray, tables: tuple[RuledTable, ...]
) -> list[Fragment]:
    left, top, right, bottom = boxes.T
    heights = bottom - top
    taller = np.maximum(heights[1:], heights[:-1])
    ems = np.maximum(taller * _EM_PER_HEIGHT, 1.0)
    middles = (top + bottom) / 2
    gaps = np.maximum(left[1:] - right[:-1], left[:-1] - right[1:])  # Hebrew and Arabic run leftwards
    ends = (np.abs(np.diff(middles)) > taller * 0.5) | (gaps > ems * _GAP_EMS)
    ends |= _initials(text, shown, heights)
    for table in tables:
        ends |= np.diff(table.cell_at((left + right) / 2, middles)) != 0
    if "\ufffe" in text:
        ends |= np.array([text[index] == "\ufffe" for index in shown[:-1]], dtype=bool)
    bounds = [0, *(np.flatnonzero(ends) + 1).tolist(), len(shown)]
    lefts = np.minimum.reduceat(left, bounds[:-1]).tolist()
    rights = np.maximum.reduceat(right, bounds[:-1]).tolist()
    counts = np.diff(bounds)
    tops = (np.add.reduceat(top, bounds[:-1]) / counts).tolist()  # a mean: one raised sign must not make a line higher
    bottoms = (np.add.reduceat(bottom, bounds[:-1]) / counts).tolist()
    edits = _raised(text, shown, heights, middles, ends)
    edits += _broken(text, shown, (np.abs(gaps) < ems * NO_SPACE_EMS) & ~ends)
    edits = sorted(edits + missed_spaces(text, shown, gaps / ems, bounds), reverse=True)
    places = shown.tolist()
    raw = text_page.raw
    name = ctypes.create_string_buffer(_MAX_FONT_NAME_BYTES)
    found: list[Fragment] = []
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        first, last = places[start], places[end - 1]
        words = text[first : last + 1]
        for begin, stop, new in (edit for edit in edits if first < edit[0] <= last):
            words = words[: begin - first] + new + words[stop - first :]
        words = closed_up(whole(words))
        hyphened = words.endswith("\ufffe")
        bold = all(_is_bold(raw, index, name) for index in (first, last))
        words = words.replace("\ufffe", "-") if hyphened else words
        found.append(Fragment(words, lefts[number], tops[number], rights[number], bottoms[number], bold, hyphened))
    return found
