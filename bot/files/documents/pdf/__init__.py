"""PDF -> Markdown. The library gives characters and their places; order, paragraphs and tables are made of those.

Takes CPU and memory of a native library that strangers' files may upset: call it in a child process.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.errors import DamagedDocument, DocumentTooLong, EmptyDocument, LockedDocument, ScannedDocument
from bot.files.documents.document import MAX_DOCUMENT_CHARACTERS, Document, Note
from bot.files.documents.pdf.cut import is_cut, with_trailer
from bot.files.documents.pdf.fields import with_fields
from bot.files.documents.pdf.fragments import Fragment, Page, read_page
from bot.files.documents.pdf.furigana import attach_readings
from bot.files.documents.pdf.hyphens import Vocabulary
from bot.files.documents.pdf.initials import attach_initials
from bot.files.documents.pdf.layout import TableBlock, blocks
from bot.files.documents.pdf.margins import begins_note, remove_running_heads, split_footnotes
from bot.files.documents.pdf.paragraphs import MAX_HEADING_CHARACTERS, Block, paragraphs
from bot.files.documents.pdf.ruled_rows import with_table_rows
from bot.files.documents.pdf.stretched import whole_lines
from bot.files.documents.pdf.ticks import add_ticks
from bot.files.documents.scripts import folded, glue
from bot.files.documents.tables import markdown_table

if TYPE_CHECKING:
    import pypdfium2

_MAX_PDF_PAGES = 2_000
_MAX_HEADING_LEVELS = 3
_MAX_NUMBER_CHARACTERS = 12
"""What may stand before a title that the outline names: Chapter 12"""
_NO_TITLE = re.compile(
    r"^(untitled( (document|presentation))?|\(anonymous\)|unbenannt(es dokument)?|(document )?sans titre|"
    r"無題(のドキュメント|のプレゼンテーション)?|ohne titel|title|document|文書)?\s*\d*$|^microsoft \w+ ?- |"
    r"\.(docx?|pptx?|xlsx?|odt|odp|indd|tex|dvi|pdf|html?|txt|md|qxd|pages)$|^(slide|layout|powerpoint)\b.*\d*$",
    re.IGNORECASE,
)
_RAISED_MARK = re.compile(r"\[\^(\d+)\]")
_PASSWORD_ERROR = 4
_MANY_TIMES = 3
_LEAST_USUAL_LINES = 4
"""A title page has fewer of one height."""


def read_pdf(data: bytes, name: str) -> Document:
    """Read a PDF. The title is the document's own; empty: it has none that was meant as one.

    Raises LockedDocument, DamagedDocument, ScannedDocument, EmptyDocument, DocumentTooLong.
    """
    import pypdfium2  # 9 MB and 80 ms

    from bot.files.documents.pdf.fonts import use_square_font

    use_square_font()
    cut = is_cut(data)
    try:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if not cut or error.err_code == _PASSWORD_ERROR:
                raise
            pdf = pypdfium2.PdfDocument(with_trailer(data))
    except pypdfium2.PdfiumError as error:
        raise LockedDocument if error.err_code == _PASSWORD_ERROR else DamagedDocument(str(error)) from error
    try:
        if pdf.get_formtype():
            pdf.init_forms()
        pages, pictured = _pages(pdf)
        texts = [item.text for page in pages for item in page.fragments]
        if not any(any(map(str.isalnum, text)) for text in texts):  # letters without meaning need recognition, too
            if pictured or texts:
                raise ScannedDocument
            raise DamagedDocument("cut off before its words") if cut else EmptyDocument
        outline = list(_outline(pdf))
        title = pdf.get_metadata_value("Title").strip("\0 \t\r\n")
    finally:
        pdf.close()
    found = _blocks(pages)
    _head(found, outline)
    notes = [*([Note("unread_pages", _spans(pictured))] if pictured else []), *([Note("cut", name)] if cut else [])]
    title = "" if _NO_TITLE.search(title) else folded(title)
    return Document(title, _markdown(found), tuple(entry for entry, level, _ in outline if level == 0), tuple(notes))


def _pages(pdf: "pypdfium2.PdfDocument") -> tuple[list[Page], list[int]]:
    """Return the pages that can be read, and the numbers of those that are pictures alone, counted from 1."""
    import pypdfium2

    pages: list[Page] = []
    pictured: list[int] = []
    size = 0
    for number in range(min(len(pdf), _MAX_PDF_PAGES)):
        try:
            page = pdf[number]
        except pypdfium2.PdfiumError:
            continue  # one broken page does not keep people from the others
        page, boxes = with_fields(pdf, number, page)
        read = read_page(page, number)
        add_ticks(read, boxes)
        size += sum(len(item.text) for item in read.fragments)
        if size > MAX_DOCUMENT_CHARACTERS * 2:
            raise DocumentTooLong(f"more than {size} characters")
        if not read.fragments and next(page.get_objects(max_depth=2), None) is not None:
            pictured.append(number + 1)
        pages.append(read)
        page.close()
    return pages, pictured


def _outline(pdf: "pypdfium2.PdfDocument") -> Iterator[tuple[str, int, int]]:
    """Yield the title, level (0 is the highest) and page (from 0; -1: unknown) of each entry."""
    for bookmark in pdf.get_toc(max_depth=4):
        title = " ".join(folded(bookmark.get_title()).split())
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        if title:
            yield title, bookmark.level, -1 if page is None else page


def _blocks(pages: list[Page]) -> list[Block]:
    for page in pages:
        for item in page.fragments:
            item.text = folded(item.text)
        page.fragments = attach_readings(whole_lines([item for item in page.fragments if item.text]))
    body = _body_height(pages)
    attach_initials(pages, body)
    remove_running_heads(pages, body)
    words = Vocabulary(item.text for page in pages for item in page.fragments)
    found: list[Block] = []
    notes: list[Block] = []

    def add(block: Block, *, first: bool = False) -> None:
        """Add a block; the first of a column goes on with a sentence that breaks off. Notes wait for its end."""
        last = found[-1] if found else None
        if last is not None and last.kind == block.kind == "table" and last.page < block.page:
            head, rule, *more = block.text.split("\n")
            if last.text.startswith(f"{head}\n{rule}"):  # said again on the next page
                last.text, last.page = "\n".join([last.text, *more]), block.page
                return
        if first and last is not None and _goes_on(last, block):
            last.text = words.join(last.text, block.text)
            return
        if last is None or last.ended or block.kind != "paragraph":
            found.extend(notes)
            notes.clear()
        found.append(block)

    repeated = _repeated_asides(pages)
    told = {aside for page in pages for aside in page.slanting & repeated}  # watermarks
    for page in pages:
        marks = {mark for item in page.fragments for mark in _RAISED_MARK.findall(item.text)}
        for block in blocks(with_table_rows(page.fragments, page.tables, words.join)):
            if isinstance(block, TableBlock):
                add(Block("table", markdown_table(block.cells), page=page.number))
                continue
            lines, below = split_footnotes(block.lines, body, marks)
            height = max(body, _usual_height(page))
            for number, made in enumerate(paragraphs(lines, height, words, page.number) if lines else ()):
                add(made, first=number == 0)
            notes += _notes(below, words, page.number)
        for aside in page.asides:
            if aside not in told:
                notes.append(Block("note", aside, page=page.number))
            told |= {aside} & repeated
    return [*found, *notes]


def _repeated_asides(pages: list[Page]) -> set[str]:
    """Return what is written at another angle on so many pages that once is enough; slanting, it belongs to none."""
    asides = Counter(aside for page in pages for aside in set(page.asides))
    return {aside for aside, count in asides.items() if count >= _MANY_TIMES}


def _goes_on(last: Block, block: Block) -> bool:
    """Whether a paragraph goes on in the next column. On the same page another text may stand there."""
    if last.ended or block.kind != "paragraph":
        return False
    cut = last.text.endswith("-") or not glue(last.text, block.text)
    return last.page != block.page or cut or block.text[:1].islower()


def _notes(lines: list[Fragment], words: Vocabulary, page: int) -> list[Block]:
    made: list[Block] = []
    for line in lines:
        if made and not begins_note(line):
            made[-1].text = words.join(made[-1].text, line.text)
        else:
            made.append(Block("note", re.sub(r"^(\d{1,3})[.)]?\s*", r"[^\1]: ", line.text), page=page))
    return made


def _body_height(pages: list[Page]) -> float:
    """Return the height in which most of the text is set."""
    heights: Counter[float] = Counter()
    for page in pages:
        for item in page.fragments:
            heights[round(item.height * 2) / 2] += len(item.text)
    return heights.most_common(1)[0][0] if heights else 0.0


def _usual_height(page: Page) -> float:
    """Return the height of the text of a slide, whose size is its own; 0.0: too little text to tell."""
    lines: dict[float, list[int]] = defaultdict(list)
    for item in page.fragments:
        lines[round(item.height * 2) / 2].append(len(item.text))
    height, lengths = max(lines.items(), key=lambda found: sum(found[1]), default=(0.0, []))
    return height if len(lengths) >= _LEAST_USUAL_LINES else 0.0


def _head(found: list[Block], outline: list[tuple[str, int, int]]) -> None:
    """Give headings their level: by the outline, else by their size. What the outline names becomes a heading."""
    sizes: list[float] = []
    for height in sorted({block.height for block in found if block.kind == "heading"}, reverse=True):
        if not sizes or height < sizes[-1] * 0.96:
            sizes.append(height)
    for block in found:
        if block.kind == "heading":
            rank = next(number for number, height in enumerate(sizes) if block.height >= height * 0.96)
            block.level = min(rank + 1, _MAX_HEADING_LEVELS)
    places: defaultdict[int, list[tuple[str, Block]]] = defaultdict(list)
    for block in found:
        if block.kind in ("heading", "paragraph", "item") and len(block.text) <= MAX_HEADING_CHARACTERS:
            places[block.page].append((_plain(block.text), block))
    for title, level, page in outline:
        wanted = _plain(title)
        for words, block in places[page] if wanted else ():
            if words.endswith(wanted) and len(words) <= len(wanted) + _MAX_NUMBER_CHARACTERS:
                block.kind, block.level = "heading", min(level + 1, _MAX_HEADING_LEVELS)
                break


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _markdown(found: list[Block]) -> str:
    text = ""
    lefts: list[float] = []
    "where the items begin that the present one is part of, outermost first"
    before: Block | None = None
    for block in found:
        listed = before is not None and before.kind == block.kind == "item"
        lefts = [left for left in lefts if left < block.left - 2] if listed else []
        lefts.append(block.left)
        alike = before is not None and (before.text[:1] == "-") == (block.text[:1] == "-")
        if before is not None:
            text += "\n" if listed and (alike or len(lefts) > 1) else "\n\n"
        before = block
        text += "#" * block.level + " " if block.kind == "heading" else "  " * (len(lefts) - 1)
        text += block.text
    return re.sub(r"(?:\s?\.){5,}\s*", " … ", text)


def _spans(numbers: list[int]) -> str:
    """Write page numbers briefly: 1–3, 7"""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{span[0]}–{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)
