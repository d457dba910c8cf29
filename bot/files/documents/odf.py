"""OpenDocument texts and presentations -> Markdown. Tracked insertions are kept, deletions left out."""

import io
import re
import zipfile
from copy import deepcopy

from bot.errors import DamagedDocument, LockedDocument
from bot.files.documents import xml
from bot.files.documents.archive import Archive
from bot.files.documents.document import Document
from bot.files.documents.formulas import linear
from bot.files.documents.odf_boxes import boxes_apart
from bot.files.documents.odf_slides import slides_as_text
from bot.files.documents.raised import raised, under, with_fractions
from bot.files.documents.scripts import folded

_CONTENT = "content.xml"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_FLAT = b"urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_ROOT_BYTES = 4096
_PARTS = {
    _CONTENT: ("content", "font-face-decls", "automatic-styles", "body"),
    "styles.xml": ("styles", "font-face-decls", "styles", "automatic-styles", "master-styles"),
    "meta.xml": ("meta", "meta"),
}
"""Part of a package -> the end of its root's name, and what stands in it."""
_ESCAPED = re.compile(r"\\([^\w\s|])")
"""The library guards every hyphen and dot against being taken for markup."""
_TEXT_TYPE = "application/vnd.oasis.opendocument.text"
_STARMATH = "{*}annotation"
_REPLACEMENT = re.compile(r"!\[[^\]]*\]\(\.?/?(?:ObjectReplacements|Object|Pictures)[^)]*\)\n?")
"""Pictures and formulas, which are names of parts of the file."""
_BOLD_HEADING = re.compile(r"^(#+) \*\*([^*\n]+)\*\*$", re.MULTILINE)
_FURTHER_MARK = "\ue020"
"""A private character before the paragraphs of an item after its first, which the library takes for items."""
_FURTHER = re.compile(f"^( *)-  {_FURTHER_MARK}", re.MULTILINE)
_OPEN_PART_SUFFIXES = (".xml", "mimetype")


def is_flat_odf(data: bytes) -> bool:
    """Whether the content is a text or a presentation as one XML file (OpenDocument 1.3 part 3, section 2.2.1)."""
    return _FLAT in data[:_ROOT_BYTES] and b"<office:document" in data[:_ROOT_BYTES]


def read_flat_odf(data: bytes, name: str) -> Document:
    """Read a file that holds in one tree what the parts of a package hold."""
    root = xml.parse(data)
    out = io.BytesIO()
    kind = root.get(f"{_OFFICE}mimetype") or _TEXT_TYPE
    files = {part: _part(root, kept) for part, kept in _PARTS.items()}
    entries = "".join(f'<m:file-entry m:full-path="{part}" m:media-type="text/xml"/>' for part in files)
    entries = f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>{entries}'
    manifest = f'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entries}</m:manifest>'
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", kind)
        for part, content in files.items():
            package.writestr(part, content)
        package.writestr("META-INF/manifest.xml", manifest)
    return read_odf(out.getvalue(), name)


def _part(root: xml.Element, kept: tuple[str, ...]) -> bytes:
    """Return the part of a package that has these children of the tree."""
    part = root.makeelement(f"{_OFFICE}document-{kept[0]}", nsmap=root.nsmap)
    part.extend(deepcopy(child) for child in root if xml.name(child) in kept[1:])
    for data in part.iter(f"{_OFFICE}binary-data"):  # pictures
        data.text = ""
    return xml.written(part)


def read_odf(data: bytes, name: str) -> Document:
    from odfdo import Document as OpenDocument

    archive = Archive(data)
    if "META-INF/manifest.xml" in archive and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise LockedDocument
    if _CONTENT not in archive:
        raise DamagedDocument("a part is missing")
    styles = [archive.read(part) for part in (_CONTENT, "styles.xml") if part in archive]
    content, notes = _prepared(archive, styles[0], _bullets(styles), _positions(styles), _titles(styles))
    # The library writes Markdown of texts alone, so templates and slides are told to be texts.
    changed = {_CONTENT: content, "mimetype": _TEXT_TYPE.encode()}
    try:
        read = OpenDocument(io.BytesIO(archive.with_parts(changed, _OPEN_PART_SUFFIXES)))
        title = read.meta.title or "" if "meta.xml" in archive else ""
        text = str(read.to_markdown())
    except Exception as error:  # the library raises errors of many types for a broken file
        raise DamagedDocument(type(error).__name__) from error
    text = _FURTHER.sub(r"\1   ", _BOLD_HEADING.sub(r"\1 \2", _REPLACEMENT.sub("", text)))
    plain = _ESCAPED.sub(r"\1", text.replace("\\\n", "\n")).strip()
    return Document(title.strip(), folded(with_fractions("\n\n".join([plain, *notes]))))


def _bullets(parts: list[bytes]) -> dict[tuple[str, int], str]:
    """Return the bullets of list styles, by their names and levels; 1 is the outermost."""
    return {
        (style.get(f"{_STYLE}name"), int(level.get(f"{_TEXT}level", "1"))): level.get(f"{_TEXT}bullet-char", "•")
        for part in parts
        for style in xml.parse(part).iter(f"{_TEXT}list-style")
        for level in style.iter(f"{_TEXT}list-level-style-bullet")
    }


def _titles(parts: list[bytes]) -> set[str]:
    """Return the names of styles of a document's title."""
    styles = [style for part in parts for style in xml.parse(part).iter(f"{_STYLE}style")]
    return {"Title"} | {
        style.get(f"{_STYLE}name", "") for style in styles if style.get(f"{_STYLE}parent-style-name") == "Title"
    }


def _positions(parts: list[bytes]) -> dict[str, str]:
    """Return where the styles put words that raise or lower them: "super" or "sub" or a share, then their size."""
    return {
        style.get(f"{_STYLE}name", ""): position
        for part in parts
        for style in xml.parse(part).iter(f"{_STYLE}style")
        for properties in style.iterchildren(f"{_STYLE}text-properties")
        if (position := properties.get(f"{_STYLE}text-position"))
    }


def _level(span: xml.Element, position: str) -> None:
    """Write raised or lowered words as text."""
    before = xml.text_before(span)
    if position.startswith("super") or re.match(r"[1-9]", position):
        span.text = raised(span.text, before)
    elif position.startswith(("sub", "-")):
        span.text = under(span.text, before)


def _formula(archive: Archive, item: xml.Element) -> str:
    """Return the formula in a frame, as its writer typed it or else by its signs; empty: it holds something else."""
    part = (item.get("{http://www.w3.org/1999/xlink}href") or "").removeprefix("./").rstrip("/") + f"/{_CONTENT}"
    root = xml.parse(archive.read(part)) if part in archive else item
    formula = next(root.iter("{http://www.w3.org/1998/Math/MathML}math"), None)
    if formula is None:
        return ""
    typed = next((text for note in formula.iter(_STARMATH) if (text := xml.text(note).strip())), "")
    return " ".join((typed or linear(formula)).split())


def _prepared(
    archive: Archive,
    content: bytes,
    bullets: dict[tuple[str, int], str],
    positions: dict[str, str],
    titles: set[str],
) -> tuple[bytes, list[str]]:
    """Return the content with readings in brackets, footnotes as marks and comments gone; and the footnotes.

    Items with bullets lose their style, by which the library would number them.
    """
    root = xml.parse(content)
    slides_as_text(root)
    boxes_apart(root)
    for item in list(root.iter("{*}object")):
        if formula := _formula(archive, item):
            shown = root.makeelement(f"{_TEXT}span")
            frame = item.getparent()
            shown.text, shown.tail, frame.tail = formula, frame.tail, None
            frame.getparent().replace(frame, shown)
    for item in root.iter(f"{_TEXT}list-item"):
        lists = [above for above in item.iterancestors() if above.tag == f"{_TEXT}list"]
        style = next((name for above in lists if (name := above.get(f"{_TEXT}style-name"))), "")
        bullet = bullets.get((style, len(lists)))
        for number, paragraph in enumerate(item.iterchildren(f"{_TEXT}p")):
            further = number > 0 or (bullet is not None and not bullet.strip())
            if further or bullet is not None:
                paragraph.attrib.pop(f"{_TEXT}style-name", None)
            if further:
                paragraph.text = _FURTHER_MARK + (paragraph.text or "")
    for paragraph in root.iter(f"{_TEXT}p"):
        if paragraph.get(f"{_TEXT}style-name") in titles:
            paragraph.tag = f"{_TEXT}h"
            paragraph.set(f"{_TEXT}outline-level", "1")
    for span in root.iter(f"{_TEXT}span"):
        if span.text and (position := positions.get(span.get(f"{_TEXT}style-name", ""))):
            _level(span, position)
    notes: list[str] = []
    for item in list(root.iter(f"{_TEXT}ruby-text", f"{_TEXT}note", "{*}annotation")):
        kind = xml.name(item)
        if kind == "ruby-text":
            item.text = f"（{xml.text(item)}）"
        elif kind == "note":
            body = item.find(f"{_TEXT}note-body")
            label = ("e" if item.get(f"{_TEXT}note-class") == "endnote" else "") + str(len(notes) + 1)
            notes.append(f"[^{label}]: {' '.join(xml.text(body).split()) if body is not None else ''}")
            mark = root.makeelement(f"{_TEXT}span")
            mark.text = f"[^{label}]"
            mark.tail = item.tail
            item.addprevious(mark)
            item.tail = None
            xml.remove(item)
        else:
            xml.remove(item)
    return xml.written(root), notes
