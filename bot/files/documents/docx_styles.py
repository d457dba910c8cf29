"""What the styles of a Word document say of its paragraphs and words: headings, lists, raised words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.files.documents import xml
from bot.files.documents.docx_tables import WORD_SPACE as _W

_HEADING_NAME = re.compile(r"heading (\d)")
_LIST_NAME = re.compile(r"list (?:bullet|number|continue) ([2-5])")
_MOST_PARENTS = 20
"""Styles that each rest on another one."""


@dataclass(frozen=True, slots=True)
class WordStyles:
    """By the ids of styles, which differ by Word's language."""

    headings: dict[str, int] = field(default_factory=dict)
    "levels; 1 is the highest"
    numbering: dict[str, xml.Element] = field(default_factory=dict)
    "the numbering (w:numPr) of lists"
    depths: dict[str, int] = field(default_factory=dict)
    "of lists that stand within others by the names of their styles"
    raised: frozenset[str] = frozenset()
    "of words that are raised"

    @classmethod
    def of(cls, root: xml.Element) -> "WordStyles":
        styles = {style.get(f"{_W}styleId") or "": style for style in root.iter(f"{_W}style")}
        found = cls(raised=frozenset(key for key, style in styles.items() if is_raised(style)))
        for key, style in styles.items():
            name = style.find(f"{_W}name")
            label = (name.get(f"{_W}val") or "").lower() if name is not None else ""
            outline = style.find(f"{_W}pPr/{_W}outlineLvl")
            if heading := _HEADING_NAME.fullmatch(label):
                found.headings[key] = int(heading.group(1))
            elif label == "title":
                found.headings[key] = 1
            elif outline is not None and (level := outline.get(f"{_W}val") or "9").isdigit() and int(level) < 9:
                found.headings[key] = int(level) + 1
            elif (numbering := _numbering(styles, key)) is not None:
                found.numbering[key] = numbering
                if deeper := _LIST_NAME.fullmatch(label):
                    found.depths[key] = int(deeper.group(1)) - 1
        return found


def is_raised(words: xml.Element, place: str = "superscript") -> bool:
    """Whether a run or a style raises its words, or lowers them."""
    found = words.find(f"{_W}rPr/{_W}vertAlign")
    return found is not None and found.get(f"{_W}val") == place


def style_of(element: xml.Element, kind: str) -> str:
    """Return the id of the style of a paragraph (`kind` p) or a run (r); empty: it has none."""
    style = element.find(f"{_W}{kind}Pr/{_W}{kind}Style")
    return (style.get(f"{_W}val") or "") if style is not None else ""


def _numbering(styles: dict[str, xml.Element], key: str) -> xml.Element | None:
    """Return the numbering of a style, or of those that it rests on."""
    for style in _parents(styles, key):
        if (numbering := style.find(f"{_W}pPr/{_W}numPr")) is not None:
            if numbering.find(f"{_W}ilvl") is None:
                numbering.insert(0, numbering.makeelement(f"{_W}ilvl", {f"{_W}val": "0"}))
            return numbering
    return None


def _parents(styles: dict[str, xml.Element], key: str) -> Iterator[xml.Element]:
    for _ in range(_MOST_PARENTS):
        if (style := styles.get(key)) is None:
            return
        yield style
        parent = style.find(f"{_W}basedOn")
        key = (parent.get(f"{_W}val") or "") if parent is not None else ""
