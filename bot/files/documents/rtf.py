"""Rich Text Format -> paragraphs and tables. What was deleted or hidden is left out."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import DamagedDocument, EmptyDocument
from bot.files.documents.document import Document
from bot.files.documents.raised import raised
from bot.files.documents.scripts import folded, whole
from bot.files.documents.tables import markdown_table

_UNSEEN_GROUP = re.compile(r"\{(?:\\[a-z]+-?\d* ?)*\\(?:deleted|v)(?![a-z0-9])[^{}]*\}")
_READING_FIELD = re.compile(
    r"\{\\\*\\fldinst\s*(?:\{[^{}]*\}\s*)*\{?[^{}]*?EQ [^{}]*?"
    r"\(\\\\s\\\\up ?\d+\(([^{}()]*)\),([^{}()]*)\)[^{}]*\}?\s*\}"
)
"""Furigana: a field that draws the reading above its word, both as arguments of a formula."""
_TWO_READINGS = re.compile(r"\{\\upr\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*\{\\\*\\ud\s*(\{(?:[^{}]|\{[^{}]*\})*\})\s*\}\s*\}")
"""The same words twice: for old programs in the file's encoding, then in Unicode."""
_PAGE = re.compile(r"\\(?:ansicpg(\d+)|(mac|pca?))(?![a-z\d])")
_COMPUTER_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_PLAIN_PAGE = "cp1252"
_HEAD_CHARACTERS = 200
_PAGE_CODECS = {
    **{"cp10000": "mac_roman", "cp10001": "cp932", "cp10002": "cp950", "cp10003": "cp949", "cp10004": "mac_arabic"},
    **{"cp10005": "cp1255", "cp10006": "mac_greek", "cp10007": "mac_cyrillic", "cp10008": "cp936"},
    **{"cp10010": "mac_romanian", "cp10017": "mac_cyrillic", "cp10021": "cp874", "cp10029": "mac_latin2"},
    **{"cp10079": "mac_iceland", "cp10081": "mac_turkish", "cp10082": "mac_croatian"},
    **{"mac_japanese": "cp932", "mac_chinesetrad": "cp950", "mac_korean": "cp949", "mac_hebrew": "cp1255"},
    **{"mac_chinesesimp": "cp936", "mac_rumanian": "mac_romanian", "mac_ukrainian": "mac_cyrillic"},
    **{"mac_thai": "cp874", "mac_ce": "mac_latin2"},
    **{"cp708": "iso8859_6", "cp20866": "koi8_r", "cp20932": "euc_jp", "cp20936": "gb2312", "cp21866": "koi8_u"},
    **{f"cp{28590 + part}": f"iso8859_{part}" for part in (*range(1, 10), 13, 15)},
    **{"cp51932": "euc_jp", "cp51936": "gb2312", "cp51949": "euc_kr", "cp54936": "gb18030"},
}
"""Encodings by Windows' number or the library's name -> the one of Python that has the same letters."""
_TITLE_GROUP = re.compile(r"\{\\title ([^{}]*)\}")
_FOOTNOTE_GROUP = re.compile(r"\{(?:\\\*)?\\footnote\b((?:[^{}]|\{[^{}]*\})*)\}")
_OUTLINE_LEVEL = re.compile(r"(\\outlinelevel([0-5]))(?!\d)")
_HEADING_STYLE = re.compile(r"\{\\s(\d+)(?!\d)[^{}]*[ \d]heading ([1-6]);\}", re.IGNORECASE)
_PARAGRAPH_STYLE = re.compile(r"(?<!\{)\\s(\d+)(?!\d)")
_LEVEL_MARKS = "".join(chr(0xE010 + level) for level in range(6))
"""Private characters, which stand before a heading until its paragraph is known."""
_LEVEL_MARK = re.compile(f"[{_LEVEL_MARKS}]")
_CELL_END = re.compile(r"\s*\n\s*\|")
_RAISED_GROUP = re.compile(r"(\\super(?:\\[a-z]+-?\d*)*+) ?([^{}\\]+)(?=\}|\\nosupersub|\\super0|\\plain)")
_FIELD_LINK = re.compile(r"(\S[^\n(]*)\(\"?(https?://[^)\"]*)\"?\)")


def read_rtf(data: bytes, name: str) -> Document:
    from striprtf.striprtf import rtf_to_text

    source = _TWO_READINGS.sub(r"\1", data.decode("latin-1"))
    source = _READING_FIELD.sub(_bracketed, _UNSEEN_GROUP.sub("", source))
    source = _RAISED_GROUP.sub(_raised, source)
    levels = dict(_HEADING_STYLE.findall(source))
    source = _PARAGRAPH_STYLE.sub(
        lambda style: (
            style.group() + (f"\\outlinelevel{int(level) - 1}" if (level := levels.get(style.group(1))) else "")
        ),
        source,
    )
    notes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        notes.append(found.group(1))
        return f"[^{len(notes)}]"

    source = _FOOTNOTE_GROUP.sub(keep, source)
    head = source[: source.find("\\f0")] if "\\f0" in source else source[:4_000]
    title = _TITLE_GROUP.search(head)
    try:
        with _page_codecs():
            page = _page(source)

            def words(part: str) -> str:
                return whole(rtf_to_text(part, page, errors="replace"))

            begin = _PAGE.sub("", source[:_HEAD_CHARACTERS])
            text = words(_OUTLINE_LEVEL.sub(_marked, begin + source[_HEAD_CHARACTERS:]))
            below = [words("{\\rtf1 " + note + "}").strip() for note in notes]
            called = words("{\\rtf1 " + title.group(1) + "}").strip() if title else ""
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(type(error).__name__) from error
    if not text.strip():
        raise EmptyDocument
    foot = [f"[^{number}]: {note}" for number, note in enumerate(below, 1)]
    return Document(called, folded("\n\n".join([*_paragraphs(_FIELD_LINK.sub(r"[\1](\2)", text)), *foot])))


@contextmanager
def _page_codecs() -> Iterator[None]:
    def find(name: str) -> codecs.CodecInfo | None:
        return codecs.lookup(_PAGE_CODECS[name]) if name in _PAGE_CODECS else None

    codecs.register(find)
    try:
        yield
    finally:
        codecs.unregister(find)


def _page(source: str) -> str:
    """Return the encoding that the file's head names: a number is more exact than a kind of computer."""
    named = _PAGE.findall(source[:_HEAD_CHARACTERS])
    number = next((f"cp{number}" for number, _ in named if number), None)
    page = number or next((_COMPUTER_PAGES[kind] for _, kind in named), _PLAIN_PAGE)
    try:
        codecs.lookup(page)
    except LookupError:
        return _PLAIN_PAGE
    return page


def _marked(level: re.Match[str]) -> str:
    return f"{level.group(1)}{{\\u{ord(_LEVEL_MARKS[int(level.group(2))]) - 0x10000}?}}"


def _bracketed(field: re.Match[str]) -> str:
    reading, word = field.groups()
    return f"{{{word}\\u{ord('（') - 0x10000}?{reading}\\u{ord('）') - 0x10000}?}}"


def _raised(group: re.Match[str]) -> str:
    words = raised(group.group(2), group.string[: group.start()].rstrip("{\\ ")[-1:])
    return group.group(1) + " " + "".join(sign if sign.isascii() else f"\\u{ord(sign)}?" for sign in words)


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
