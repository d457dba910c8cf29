"""Word documents -> Markdown, as if all tracked changes were accepted."""

import io
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import DamagedDocument
from bot.files.documents import xml
from bot.files.documents.archive import Archive
from bot.files.documents.document import Document
from bot.files.documents.docx_styles import WordStyles, is_raised, style_of
from bot.files.documents.docx_tables import WORD_SPACE as _W
from bot.files.documents.docx_tables import run_of, unnested
from bot.files.documents.formulas import linear
from bot.files.documents.raised import raised, under, with_fractions
from bot.files.documents.scripts import folded
from bot.files.documents.tables import markdown_table

if TYPE_CHECKING:
    from docx2python.depth_collector import Par

_STRICT_W = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TEXT_PARTS = re.compile(r"word/(?:document\d*|footnotes\d*|endnotes\d*)\.xml")
_NUMBERING = "word/numbering.xml"
_WORD_PART_SUFFIXES = (".xml", ".rels")
_LEFT_OUT_ELEMENTS = (
    *("del", "moveFrom", "Fallback", "delText", "instrText", "annotationRef"),
    *("docPr", "blip", "imagedata"),  # pictures, whose names and descriptions the library puts into the text
    *("sdtPr", "sdtEndPr", "customXmlPr"),
)
_WRAPPERS = tuple(f"{_W}{name}" for name in ("sdt", "sdtContent", "customXml"))
"""What stands around paragraphs, rows or cells, and splits the library's tables."""
_UNKNOWN_SIGNS = {"noBreakHyphen": (f"{_W}t", "-"), "cr": (f"{_W}br", None), "ptab": (f"{_W}tab", None)}
"""What the library drops, and what it keeps in its place."""
_NOTE_MARK = re.compile(r"----(footnote|endnote)(\d+)----")
_NOTE_LABEL_MARK = re.compile(r"\[\^(e?\d+)\]")
_NOTE_TEXT = re.compile(r"^(footnote|endnote)(\d+)\)\s*")
_HYPERLINK = re.compile(r"<a href=\"([^\"]*)\">(.*?)</a>", re.DOTALL)
_UNREAD = re.compile(
    r"<span style=font-family:(?:Wingdings|Symbol|Webdings)[^>]*>.*?</span>|</?(?:span|latex)[^>]*>|----media/.*?----",
    re.DOTALL,
)
"""Signs of picture fonts, pictures, and the library's own marks."""
_ITEM = re.compile(r"^\t*(?:(--)|(\w{1,4})[).])\t")


@dataclass(frozen=True, slots=True)
class _ListItem:
    depth: int
    bullet: bool
    "rather than a number"
    markdown: str


def read_docx(data: bytes, name: str) -> Document:
    from docx2python import docx2python

    archive = Archive(data)
    styles = WordStyles.of(_root(archive.read("word/styles.xml"))) if "word/styles.xml" in archive else WordStyles()
    markless = _markless(_root(archive.read(_NUMBERING))) if _NUMBERING in archive else frozenset()
    changed = {
        part: _accepted(archive.read(part), styles, markless) for part in archive.names if _TEXT_PARTS.fullmatch(part)
    }
    try:
        with docx2python(
            io.BytesIO(archive.with_parts(changed, _WORD_PART_SUFFIXES)), duplicate_merged_cells=False
        ) as read:
            blocks = [_block(table, styles) for table in read.body_pars]
            notes = [_note(par) for par in _paragraphs([*read.footnotes_pars, *read.endnotes_pars])]
            title = str(read.core_properties.get("title") or "") if "docProps/core.xml" in archive else ""
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(type(error).__name__) from error
    text = "\n\n".join(block for block in [*blocks, *notes] if block)
    return Document(title.strip(), folded(with_fractions(_renumbered(text))))


def _root(part: bytes) -> xml.Element:
    return xml.parse(part.replace(_STRICT_W, _W[1:-1].encode()))


def _markless(numbering: xml.Element) -> frozenset[tuple[str, str]]:
    """Return the ids and levels of lists whose items show neither number nor bullet: further paragraphs of others."""
    lists: dict[str, set[str]] = {}
    for shape in numbering.iter(f"{_W}abstractNum"):
        for level in shape.iter(f"{_W}lvl"):
            text, picture = level.find(f"{_W}lvlText"), level.find(f"{_W}lvlPicBulletId")
            if text is not None and picture is None and not (text.get(f"{_W}val") or "").strip():
                lists.setdefault(shape.get(f"{_W}abstractNumId", ""), set()).add(level.get(f"{_W}ilvl", ""))
    return frozenset(
        (used.get(f"{_W}numId", ""), level)
        for used in numbering.iter(f"{_W}num")
        for shape in used.iter(f"{_W}abstractNumId")
        for level in lists.get(shape.get(f"{_W}val", ""), ())
    )


def _accepted(part: bytes, styles: WordStyles, markless: frozenset[tuple[str, str]]) -> bytes:
    """Return a part with its changes accepted, hidden text gone, and readings in brackets after what they explain.

    What styles say of lists, paragraphs say by themselves: the library knows no styles.
    """
    root = _root(part)
    for item in list(root.iter()):
        kind = xml.name(item)
        hidden = (
            kind == "r" and (shown := item.find(f"{_W}rPr/{_W}vanish")) is not None and shown.get(f"{_W}val") != "0"
        )
        if (kind in _LEFT_OUT_ELEMENTS and kind != "instrText") or hidden:
            xml.remove(item)
        elif kind == "ruby":
            _bracket(item)
        elif kind in _UNKNOWN_SIGNS:
            item.tag, item.text = _UNKNOWN_SIGNS[kind]
        elif kind == "tc" and len(item) == 0:
            item.append(item.makeelement(f"{_W}p"))
    for formula in list(root.iter(f"{_MATH}oMath")):
        formula.addprevious(run_of(formula, linear(formula)))
        xml.remove(formula)
    xml.unwrap(root, *_WRAPPERS)
    for paragraph in root.iter(f"{_W}p"):
        _raise(paragraph, styles)
        numbering = styles.numbering.get(style_of(paragraph, "p"))
        if numbering is not None and paragraph.find(f"{_W}pPr/{_W}numPr") is None:
            paragraph.find(f"{_W}pPr").append(deepcopy(numbering))
        for numbered in paragraph.findall(f"{_W}pPr/{_W}numPr"):
            used, level = numbered.find(f"{_W}numId"), numbered.find(f"{_W}ilvl")
            depth = "0" if level is None else level.get(f"{_W}val", "0")
            if used is not None and (used.get(f"{_W}val", ""), depth) in markless:
                xml.remove(numbered)
    for table in list(root.iter(f"{_W}tbl")):
        unnested(table)
    if "r" not in root.nsmap:  # docx2python looks its relationships up by this prefix
        root.set(f"{{{_RELATIONSHIPS}}}unused", "")
    return xml.written(root)


def _raise(paragraph: xml.Element, styles: WordStyles) -> None:
    """Write raised words as text."""
    before = ""
    for run in paragraph.iter(f"{_W}r"):
        lifted = is_raised(run) or style_of(run, "r") in styles.raised
        for item in run.iterchildren(f"{_W}t"):
            words = item.text or ""
            if lifted or is_raised(run, "subscript"):
                item.text = raised(words, before) if lifted else under(words, before)
            before = words or before


def _bracket(ruby: xml.Element) -> None:
    """Put the reading behind its base, in brackets."""
    reading, base = ruby.find(f"{_W}rt"), ruby.find(f"{_W}rubyBase")
    if reading is None or base is None:
        return
    words = [item for item in reading.iter(f"{_W}t") if item.text]
    if words:
        words[0].text = f"（{words[0].text}"
        words[-1].text = f"{words[-1].text}）"
    ruby.remove(reading)
    base.addnext(reading)


def _block(table: "list[list[list[Par]]]", styles: WordStyles) -> str:
    """Return a table, or the paragraphs between two tables; list items follow each other without a blank line."""
    paragraphs = list(_paragraphs([table]))
    if paragraphs and "tbl" in paragraphs[0].lineage[:2]:
        return markdown_table([[_cell(cell, styles) for cell in row] for row in table])
    text = ""
    before: _ListItem | None = None
    for par in paragraphs:
        words = _text(par)
        if not words.strip():
            continue
        item = _list_item(par, words, styles)
        if item is not None:
            words = item.markdown
        elif level := styles.headings.get(par.style, 0):
            words = f"{'#' * min(level, 6)} {words.strip()}"
        close = before is not None and item is not None and (item.depth > 0 or item.bullet == before.bullet)
        text += ("\n" if close else "\n\n") + words
        before = item
    return text.strip()


def _cell(paragraphs: "list[Par]", styles: WordStyles) -> str:
    texts = [(par, _text(par)) for par in paragraphs]
    items = [(_list_item(par, words, styles), words) for par, words in texts]
    return " ".join(item.markdown.strip() if item else words for item, words in items).strip()


def _list_item(par: "Par", words: str, styles: WordStyles) -> "_ListItem | None":
    found = _ITEM.match(words) if par.list_position[0] is not None else None
    if found is None:
        return None
    element: xml.Element = par.elem
    level = element.find(f"{_W}pPr/{_W}numPr/{_W}ilvl")
    depth = int(level.get(f"{_W}val") or 0) if level is not None else 0
    depth = depth or styles.depths.get(par.style, 0)
    mark = "-" if found.group(1) else f"{found.group(2)}."
    return _ListItem(depth, mark == "-", f"{'  ' * depth}{mark} {words[found.end() :].strip()}")


def _renumbered(text: str) -> str:
    """Count footnotes from 1 in the order of the text; their ids in the file follow no order."""
    labels = {mark: str(number) for number, mark in enumerate(dict.fromkeys(_NOTE_LABEL_MARK.findall(text)), 1)}
    return _NOTE_LABEL_MARK.sub(lambda found: f"[^{labels[found.group(1)]}]", text)


def _paragraphs(tables: "Iterable[list[list[list[Par]]]]") -> "Iterator[Par]":
    for table in tables:
        for row in table:
            for cell in row:
                yield from cell


def _text(par: "Par") -> str:
    words = _NOTE_MARK.sub(_mark, "".join(run.text for run in par.runs))
    return _HYPERLINK.sub(r"[\2](\1)", _UNREAD.sub("", words)).rstrip()


def _mark(found: re.Match[str]) -> str:
    return f"[^{'e' if found.group(1) == 'endnote' else ''}{found.group(2)}]"


def _note(par: "Par") -> str:
    words = _text(par)
    return _NOTE_TEXT.sub(lambda found: f"{_mark(found)}: ", words).strip()
