"""Rich Text Format -> paragraphs and tables. What was deleted or hidden is left out."""

import re

from bot.errors import DamagedDocument, EmptyDocument
from bot.files.documents.document import Document
from bot.files.documents.scripts import folded
from bot.files.documents.tables import markdown_table

_UNSEEN_GROUP = re.compile(r"\{(?:\\[a-z]+-?\d* ?)*\\(?:deleted|v)(?![a-z0-9])[^{}]*\}")
_READING_FIELD = re.compile(
    r"\{\\\*\\fldinst\s*(?:\{[^{}]*\}\s*)*\{?[^{}]*?EQ [^{}]*?"
    r"\(\\\\s\\\\up ?\d+\(([^{}()]*)\),([^{}()]*)\)[^{}]*\}?\s*\}"
)
"""Furigana: a field that draws the reading above its word, both as arguments of a formula."""
_TITLE_GROUP = re.compile(r"\{\\title ([^{}]*)\}")
_FOOTNOTE_GROUP = re.compile(r"\{(?:\\\*)?\\footnote\b((?:[^{}]|\{[^{}]*\})*)\}")
_OUTLINE_LEVEL = re.compile(r"(\\outlinelevel([0-5]))(?!\d)")
_LEVEL_MARKS = "".join(chr(0xE010 + level) for level in range(6))
"""Private characters, which stand before a heading until its paragraph is known."""
_LEVEL_MARK = re.compile(f"[{_LEVEL_MARKS}]")
_CELL_END = re.compile(r"\s*\n\s*\|")
_FIELD_LINK = re.compile(r"(\S[^\n(]*)\(\"?(https?://[^)\"]*)\"?\)")


def read_rtf(data: bytes, name: str) -> Document:
    from striprtf.striprtf import rtf_to_text

    source = _READING_FIELD.sub(_bracketed, _UNSEEN_GROUP.sub("", data.decode("latin-1")))
    notes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        notes.append(found.group(1))
        return f"[^{len(notes)}]"

    source = _FOOTNOTE_GROUP.sub(keep, source)
    head = source[: source.find("\\f0")] if "\\f0" in source else source[:4_000]
    try:
        text = _whole(rtf_to_text(_OUTLINE_LEVEL.sub(_marked, source), errors="replace"))
        below = [_whole(rtf_to_text("{\\rtf1\\ansi " + note + "}", errors="replace")).strip() for note in notes]
        title = _TITLE_GROUP.search(head)
        called = _whole(rtf_to_text("{\\rtf1\\ansi " + title.group(1) + "}", errors="replace")).strip() if title else ""
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(type(error).__name__) from error
    if not text.strip():
        raise EmptyDocument
    foot = [f"[^{number}]: {note}" for number, note in enumerate(below, 1)]
    return Document(called, folded("\n\n".join([*_paragraphs(_FIELD_LINK.sub(r"[\1](\2)", text)), *foot])))


def _whole(text: str) -> str:
    """Return text with signs beyond 16 bits in one piece: the library leaves them in the two halves of the file."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _marked(level: re.Match[str]) -> str:
    return f"{level.group(1)}{{\\u{ord(_LEVEL_MARKS[int(level.group(2))]) - 0x10000}?}}"


def _bracketed(field: re.Match[str]) -> str:
    reading, word = field.groups()
    return f"{{{word}\\u{ord('（') - 0x10000}?{reading}\\u{ord('）') - 0x10000}?}}"


def _paragraphs(text: str) -> list[str]:
    """Return paragraphs; lines of cells that follow each other are a table."""
    found: list[str] = []
    rows: list[list[str]] = []
    for line in [*_CELL_END.sub("|", text).splitlines(), ""]:
        level = _LEVEL_MARK.match(line.lstrip())
        line = _LEVEL_MARK.sub("", line)
        if line.count("|") > 1 and line.rstrip().endswith("|"):
            rows.append(line.rstrip().rstrip("|").split("|"))
            continue
        if rows:
            found.append(markdown_table(rows))
            rows = []
        if level and line.strip():
            found.append(f"{'#' * (_LEVEL_MARKS.index(level.group()) + 1)} {line.strip()}")
        elif line.strip():
            found.append(re.sub(r"^[•·▪◦–]\s+", "- ", line.strip()))
    return found
