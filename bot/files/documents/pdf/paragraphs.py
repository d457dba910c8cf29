"""Lines of a column -> headings, paragraphs and list items."""

import itertools
import re
from dataclasses import dataclass, replace
from statistics import quantiles

from bot.files.documents.closing import CLOSING_TITLE
from bot.files.documents.pdf.fragments import Fragment
from bot.files.documents.pdf.hyphens import Vocabulary
from bot.files.documents.pdf.rows import pitch

_BULLET = re.compile(r"^[•‣▪▫●○■□◦·∙➢➤✓\uf0b7*–—-]\s*(?=\S)(?<=\s|[•‣▪▫●○■□◦∙➢➤✓\uf0b7])")
_NUMBER = re.compile(r"^\(?(\d{1,2}|[a-z])[.)]\s+(?=\S)")
_BARE_NUMBER = re.compile(r"^\d{1,2}(?=\s+\S)")
_SECTION = re.compile(r"^(\d{1,2}(\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.|第.{1,4}[章節部条])\s+\S")
_REFERENCE = re.compile(r"^\[\w{1,6}\]\s+\S")
_SENTENCE_ENDED = re.compile(r"[.!?:;。！？：；…」』）][\"'”’)\]»]*$|[.!?。！？…][\"'”’)\]»]*\s*(\[\^?\w+\])?$")
_END_CHARACTERS = 40
"""As much of a text as shows whether it ends a sentence; a paragraph may go on over many pages."""
_WIDER_PITCH = 1.3
"""A line that is further below the one before than this many usual steps begins a paragraph."""
_INDENT_EMS = 0.8
_LIST_LEFT_EMS = 0.6
_LEAST_ITEMS, _LEAST_HANGING_ITEMS = 3, 2
_SHORT_LINE = 0.86
"""A line that fills less of its column's width ends a paragraph if it ends a sentence."""
_VERY_SHORT_LINE = 0.6
_LARGER = 1.12
_HEADING_PITCH = 1.1
MAX_HEADING_CHARACTERS = 200
_MAX_BOLD_HEADING_CHARACTERS = 90


@dataclass(slots=True)
class Block:
    kind: str
    "heading, paragraph, item, table or note"
    text: str
    level: int = 0
    "of a heading: 1 is the highest; 0: not known yet"
    height: float = 0.0
    "of its lines, in points"
    page: int = 0
    left: float = 0.0
    "of its first line, in points"

    @property
    def ended(self) -> bool:
        return self.kind != "paragraph" or bool(_SENTENCE_ENDED.search(self.text[-_END_CHARACTERS:]))


def paragraphs(lines: list[Fragment], body: float, words: Vocabulary, page: int) -> list[Block]:
    """Return the blocks of a column. `body` is the height of the text's lines."""
    groups: list[list[Fragment]] = []
    lines = _stopped(lines)
    step = pitch(lines)
    left = _usual_left(lines)
    right = max(line.right for line in lines)
    for line in lines:
        if groups and not _begins(groups[-1], line, step, left, right, body):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_block(group, body, words, page) for group in groups]


def _stopped(lines: list[Fragment]) -> list[Fragment]:
    """Return the lines with a stop after the numbers of lists that have none: 1, 2, 3, or 1, 2 and indented lines.

    Two lines of a text may begin so by chance.
    """
    made = list(lines)
    items: list[int] = []
    "places of the list that may go on"
    hangs = False
    for place, line in enumerate(lines):
        number = _BARE_NUMBER.match(line.text)
        first = lines[items[0]] if items else line
        if number and int(number.group()) == len(items) + 1 and abs(line.left - first.left) < _LIST_LEFT_EMS * line.em:
            items.append(place)
        elif items and line.left < first.left + _INDENT_EMS * line.em:
            items, hangs = [place] if number and number.group() == "1" else [], False
        else:
            hangs = bool(items)
        if len(items) >= (_LEAST_HANGING_ITEMS if hangs else _LEAST_ITEMS):
            for item in items:
                made[item] = replace(lines[item], text=_BARE_NUMBER.sub(r"\g<0>.", lines[item].text))
    return made


def _usual_left(lines: list[Fragment]) -> float:
    lefts = sorted(line.left for line in lines)
    return quantiles(lefts, n=4)[0] if len(lefts) > 3 else lefts[0]


def _begins(group: list[Fragment], line: Fragment, step: float, left: float, right: float, body: float) -> bool:
    """Whether a line begins a block of its own."""
    before = group[-1]
    usual = step or 1.3 * line.height
    if line.height > body * _LARGER and line.bold == before.bold:  # a heading has a step of its own
        usual = max(usual, _HEADING_PITCH * line.height)
    if line.top - before.top > usual * _WIDER_PITCH + 0.5 or line.top < before.top - before.height:
        return True
    if abs(line.height - before.height) > 0.08 * before.height:
        return True
    if (
        _is_item(line)
        or _REFERENCE.match(line.text)
        or CLOSING_TITLE.match(line.text)
        or line.text.startswith(("\u3000", "☐", "☑", "☒"))
    ):
        return True
    if CLOSING_TITLE.match(before.text):
        return True
    if before.bold != line.bold and (_is_alone(before, group) or line.bold):
        return True
    em = line.em
    if before.hyphened or before.text.endswith("-"):
        return False
    width = max(right - left, 1.0)
    filled = (before.right - left) / width
    ended = bool(_SENTENCE_ENDED.search(before.text[-_END_CHARACTERS:]))
    capital = not line.text[0].islower()
    if _is_item(group[0]):
        return line.left < group[0].left + 0.4 * em and (filled < _SHORT_LINE or line.left < group[0].left - em)
    if line.left > before.left + _INDENT_EMS * em and line.left > left + _INDENT_EMS * em and capital and ended:
        return True
    if filled < _SHORT_LINE and ended and capital:
        return True
    return (
        filled < _VERY_SHORT_LINE and capital and line.text[0].isupper() and len(group) == 1 and not _continues(before)
    )


def _continues(line: Fragment) -> bool:
    """Whether a line cannot be the end of anything: it ends in a comma or a small word."""
    return bool(
        re.search(r"[,、，(（\"“-]$|\b(the|a|an|of|and|or|to|in|for|with|der|die|das|und|de|la|le)$", line.text)
    )


def _is_item(line: Fragment) -> bool:
    return bool(_BULLET.match(line.text) or _NUMBER.match(line.text))


def _is_alone(line: Fragment, group: list[Fragment]) -> bool:
    return len(group) <= 2 and len(line.text) <= _MAX_BOLD_HEADING_CHARACTERS


def _block(group: list[Fragment], body: float, words: Vocabulary, page: int) -> Block:
    text = group[0].text
    for _above, line in itertools.pairwise(group):
        text = words.join(text, line.text)
    height = max(line.height for line in group)
    text = text.strip()
    if CLOSING_TITLE.match(text):
        return Block("heading", text, 0, height, page, group[0].left)
    if _BULLET.match(text):
        return Block("item", "- " + _BULLET.sub("", text), 0, height, page, group[0].left)
    if height > body * _LARGER and len(text) <= MAX_HEADING_CHARACTERS and re.search(r"\w", text):
        return Block("heading", text, 0, height, page, group[0].left)
    bold = all(line.bold for line in group)
    if bold and len(text) <= _MAX_BOLD_HEADING_CHARACTERS and not re.search(r"[.,;。、]$", text):
        return Block("heading", text, 0, height, page, group[0].left)
    if _NUMBER.match(text):
        return Block("item", text, 0, height, page, group[0].left)
    return Block("paragraph", text, 0, height, page, group[0].left)
