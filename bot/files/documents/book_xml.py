"""Books, articles and manuals in XML -> Markdown: FictionBook, DocBook, JATS, TEI, DTBook, DITA, Word's XML of 2003.

No kept library reads them. They call the same few things by different names and nest them alike, so one walk reads all:
an element that it does not know is looked through.
"""

import re
from dataclasses import dataclass, field

from bot.files.documents import xml
from bot.files.documents.document import Document
from bot.files.documents.formulas import linear
from bot.files.documents.raised import raised
from bot.files.documents.scripts import folded
from bot.files.documents.tables import markdown_table


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ROOT_ELEMENTS = _names(
    "FictionBook article book chapter part section set refentry TEI TEI.2 dtbook topic concept task reference "
    "wordDocument"
)
_SECTION_ELEMENTS = _names(
    "section sect1 sect2 sect3 sect4 sect5 simplesect chapter part preface appendix glossary refentry refsection "
    "refsect1 refsect2 refsect3 set article book body sec abstract div div1 div2 div3 div4 div5 div6 level level1 "
    "level2 level3 level4 level5 level6 topic concept task reference bibliography ref-list"
)
_FACT_ELEMENTS = _names("info bookinfo articleinfo chapterinfo sectioninfo setinfo partinfo prefaceinfo article-meta")
"""Facts about a section: its title and its abstract are read."""
_TITLE_ELEMENTS = _names("title head h1 h2 h3 h4 h5 h6 hd")
_SUBHEADING_ELEMENTS = frozenset(("bridgehead", "subtitle"))
_PARAGRAPH_ELEMENTS = _names(
    "p para simpara cmd v l byline dateline text-author attribution caption shortdesc empty-line mixed-citation "
    "element-citation biblioentry bibliomixed bibl"
)
_VERSE_ELEMENTS = frozenset(("stanza", "lg", "linegroup"))
_ORDERED_ELEMENTS = frozenset(("orderedlist", "ol", "procedure", "substeps", "steps"))
_LIST_ELEMENTS = _ORDERED_ELEMENTS | _names("itemizedlist ul list simplelist variablelist glosslist calloutlist dl")
_NAMED_ITEM_ELEMENTS = frozenset(("varlistentry", "glossentry", "dlentry"))
"""Items that name something and explain it."""
_ITEM_ELEMENTS = _NAMED_ITEM_ELEMENTS | _names("listitem item li list-item step member callout dt dd label")
_CODE_ELEMENTS = frozenset(("programlisting", "screen", "preformat", "codeblock", "eg"))
_TABLE_ELEMENTS = frozenset(("table", "informaltable", "table-wrap", "simpletable", "tbl"))
_ROW_TAGS = ("{*}row", "{*}tr", "{*}sthead", "{*}strow")
_CELL_ELEMENTS = frozenset(("entry", "td", "th", "cell", "stentry", "tc"))
_FOOTNOTE_ELEMENTS = frozenset(("footnote", "fn", "note"))
"""Footnotes, where they stand in a paragraph; between paragraphs a `note` is none."""
_NOTE_BODIES = ("notes", "comments", "footnotes")
"""Names of the bodies in which FictionBook keeps them."""
_BREAK_ELEMENTS = frozenset(("br", "lb", "break"))
_RAISED_ELEMENTS = ("sup", "superscript")
_UNREAD_ELEMENTS = _names(
    "binary description stylesheet teiHeader journal-meta indexterm remark label graphic imageobject tex-math prolog "
    "DocumentProperties fonts lists styles docPr docOleData binData instrText delText pict"
)
"""What is not the text: facts about it, pictures, what only programs use."""
_BLOCK_ELEMENTS = frozenset().union(
    *(
        _SECTION_ELEMENTS,
        _FACT_ELEMENTS,
        _TITLE_ELEMENTS,
        _SUBHEADING_ELEMENTS,
        _PARAGRAPH_ELEMENTS,
        _VERSE_ELEMENTS,
        _LIST_ELEMENTS,
        _ITEM_ELEMENTS - {"label"},
        _CODE_ELEMENTS,
        _TABLE_ELEMENTS,
    )
)
_TITLE_PATHS = (
    *(".//{*}book-title", ".//{*}title-group/{*}article-title", "{*}teiHeader//{*}title", ".//{*}doctitle"),
    "{*}DocumentProperties/{*}Title",
)
_PICTURE_BYTES = re.compile(rb"<binary\b[^>]*>[^<]*</binary>")
"""Of FictionBook, in base64: longer than a parser takes."""
_MAX_HEADING_LEVEL = 6


def is_book_xml(data: bytes) -> bool:
    """Whether the content is XML of one of these kinds, and not a piece of a page that has an element of the name."""
    name, declared = xml.root_of(data)
    return declared and name in _ROOT_ELEMENTS


def read_book_xml(data: bytes, name: str) -> Document:
    root = xml.parse(_PICTURE_BYTES.sub(b"", data))
    xml.expand_entities(root)
    walk = _Walk()
    text = "\n\n".join([*walk.block(root, 0), *walk.notes])
    title = next((found for path in _TITLE_PATHS if (found := root.find(path)) is not None), None)
    return Document("" if title is None else folded(_line(xml.text(title))), folded(text), walk.outline)


@dataclass(slots=True)
class _Walk:
    """The way through one document. Levels are those of the heading above."""

    notes: list[str] = field(default_factory=list)
    "footnotes, as Markdown"
    marks: dict[str, str] = field(default_factory=dict)
    "of footnotes that stand elsewhere, by their ids"
    headings: list[tuple[int, str]] = field(default_factory=list)
    "level and words"

    @property
    def outline(self) -> tuple[str, ...]:
        """Titles of the uppermost level that has several."""
        levels = [level for level, _ in self.headings]
        chapters = next((level for level in sorted(set(levels)) if levels.count(level) > 1), 0)
        return tuple(words for level, words in self.headings if level == chapters)

    def blocks(self, element: xml.Element, level: int, but: xml.Element = None) -> list[str]:
        """Return what stands in an element, without the child `but`."""
        found: list[str] = []
        line = element.text or ""
        for child in element:
            kind = xml.name(child)
            if child is but:
                pass
            elif kind not in _FOOTNOTE_ELEMENTS and (kind in _BLOCK_ELEMENTS or _holds_block(child)):
                found += [_line(line), *self.block(child, level)]
                line = ""
            elif kind in _FOOTNOTE_ELEMENTS and (mark := self.marks.get(child.get("id"))):
                self.notes.append(f"[^{mark}]: {' '.join(self.blocks(child, _MAX_HEADING_LEVEL))}")
            elif kind in _FOOTNOTE_ELEMENTS and not line.strip():
                found += self.blocks(child, level)
            else:
                line += self._inline(child)
            line += child.tail or ""
        return [block for block in [*found, _line(line)] if block]

    def block(self, element: xml.Element, level: int) -> list[str]:
        kind = xml.name(element)
        if kind in _UNREAD_ELEMENTS:
            return []
        if kind in _SECTION_ELEMENTS:
            return self._section(element, level)
        if kind in _FACT_ELEMENTS:
            return [block for part in element.iterchildren("{*}abstract") for block in self._section(part, level)]
        if kind in _SUBHEADING_ELEMENTS:
            return self._heading(" ".join(self.blocks(element, level)), level)
        if kind in _VERSE_ELEMENTS:
            return ["\n".join(self.blocks(element, level))]
        if kind in _LIST_ELEMENTS:
            return self._list(element, level, ordered=kind in _ORDERED_ELEMENTS or element.get("list-type") == "order")
        if kind in _CODE_ELEMENTS:
            return ["```\n" + xml.text(element).strip("\n") + "\n```"]
        if kind in _TABLE_ELEMENTS:
            return self._table(element, level)
        return self.blocks(element, level)

    def _section(self, element: xml.Element, level: int) -> list[str]:
        if xml.name(element) == "body" and element.get("name") in _NOTE_BODIES:
            for note in element.iterchildren("{*}section"):
                label, *words = self.blocks(note, _MAX_HEADING_LEVEL) or [""]
                self.notes.append(f"[^{label}]: {' '.join(words)}")
            return []
        title = _title_of(element)
        if title is None:
            return self.blocks(element, level)
        heading = self._heading(_sentence(self.blocks(title, level)), level)
        return [*heading, *self.blocks(element, level + len(heading), title)]

    def _heading(self, words: str, level: int) -> list[str]:
        if not any(map(str.isalnum, words)):
            return []
        level = min(level + 1, _MAX_HEADING_LEVEL)
        self.headings.append((level, words))
        return ["#" * level + " " + words]

    def _list(self, element: xml.Element, level: int, *, ordered: bool) -> list[str]:
        before: list[str] = []
        items: list[str] = []
        for child in element:
            kind = xml.name(child)
            blocks = self.blocks(child, level) if kind else []
            if kind not in _ITEM_ELEMENTS:
                before += blocks
            elif blocks:
                if kind in _NAMED_ITEM_ELEMENTS and len(blocks) > 1:
                    blocks[:2] = [": ".join(blocks[:2])]
                mark = f"{len(items) + 1}. " if ordered else "- "
                items.append(mark + "\n".join(blocks).replace("\n", "\n" + " " * len(mark)))
        return [*before, "\n".join(items)]

    def _table(self, element: xml.Element, level: int) -> list[str]:
        titles = [child for child in element if xml.name(child) in _TITLE_ELEMENTS or xml.name(child) == "caption"]
        above = [block for title in titles for block in self.blocks(title, level)]
        rows = [
            [" ".join(self.blocks(cell, level)) for cell in row if xml.name(cell) in _CELL_ELEMENTS]
            for row in element.iter(*_ROW_TAGS)
        ]
        return [*above, markdown_table(rows)]

    def _inline(self, element: xml.Element) -> str:
        kind = xml.name(element)
        if kind in _BREAK_ELEMENTS:
            return " "
        if kind in _UNREAD_ELEMENTS or not kind:
            return ""
        if kind == "math":
            return linear(element)
        if kind in _FOOTNOTE_ELEMENTS:
            label = str(len(self.notes) + 1)
            self.notes.append("")  # notes within it come after it
            self.notes[int(label) - 1] = f"[^{label}]: {' '.join(self.blocks(element, _MAX_HEADING_LEVEL))}"
            return f"[^{label}]"
        words = (element.text or "") + "".join(self._inline(child) + (child.tail or "") for child in element)
        if kind == "xref" and element.get("ref-type") == "fn" and words.strip():
            self.marks[element.get("rid", "")] = words.strip(" []")
            return f"[^{words.strip(' []')}]"
        if kind in _RAISED_ELEMENTS and "[^" not in words and xml.name(element.getparent()) != "a":
            return raised(words, xml.text_before(element))
        return f"[^{words.strip(' []{}')}]" if kind == "a" and element.get("type") == "note" else words


def _title_of(section: xml.Element) -> xml.Element | None:
    for child in section:
        if xml.name(child) in _TITLE_ELEMENTS:
            return child
        if xml.name(child) in _FACT_ELEMENTS and (found := _title_of(child)) is not None:
            return found
    return None


def _holds_block(element: xml.Element) -> bool:
    return any(xml.name(item) in _BLOCK_ELEMENTS for item in element.iter())


def _sentence(lines: list[str]) -> str:
    """Join the lines of a title, each of which stands for itself."""
    *before, last = lines or [""]
    return " ".join([*(line if line[-1] in ".!?:;,…。！？" else f"{line}." for line in before), last])


def _line(words: str) -> str:
    return " ".join(words.split())
