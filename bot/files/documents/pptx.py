"""Presentations -> Markdown: a heading for each slide, its texts and tables, and what the speaker noted below.

Read from the XML: the library for it needs two others to write pictures and sheets, and is not kept up.
"""

from posixpath import join, normpath

from bot.files.documents import xml
from bot.files.documents.archive import Archive
from bot.files.documents.document import Document
from bot.files.documents.formulas import linear
from bot.files.documents.raised import raised, under, with_fractions
from bot.files.documents.scripts import folded
from bot.files.documents.tables import markdown_table

_MAIN = "ppt/presentation.xml"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TITLES = ("title", "ctrTitle")
_LEFT_OUT = ("sldNum", "dt", "ftr", "hdr", "sldImg")
"""Placeholders that are the same on every slide."""


def read_pptx(data: bytes, name: str) -> Document:
    archive = Archive(data)
    targets = _relations(archive, _MAIN)
    order = [item.get(_RELATION_ID, "") for item in xml.parse(archive.read(_MAIN)).iter() if xml.name(item) == "sldId"]
    slides = [_slide(archive, targets[key][1]) for key in order if key in targets]
    outline = tuple(slide.splitlines()[0][2:] for slide in slides if slide.startswith("# "))
    title = ""
    if "docProps/core.xml" in archive:
        core = xml.parse(archive.read("docProps/core.xml"))
        title = next((xml.text(item).strip() for item in core if xml.name(item) == "title"), "")
    title = "" if title.lower().startswith("powerpoint") else title
    return Document(title, folded("\n\n".join(slide for slide in slides if slide)), outline)


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the path of what a part refers to, by id."""
    folder, _, file = part.rpartition("/")
    path = f"{folder}/_rels/{file}.rels"
    if path not in archive:
        return {}
    return {
        item.get("Id", ""): (item.get("Type", ""), normpath(join(folder, item.get("Target", "").lstrip("/"))))
        if not item.get("Target", "").startswith("/")
        else (item.get("Type", ""), item.get("Target", "")[1:])
        for item in xml.parse(archive.read(path))
    }


def _slide(archive: Archive, path: str) -> str:
    root = xml.parse(archive.read(path))
    if root.get("show") == "0":
        return ""
    title, body = _shapes(root)
    notes = ""
    for kind, target in _relations(archive, path).values():
        if kind.endswith("/notesSlide") and target in archive:
            notes = _shapes(xml.parse(archive.read(target)))[1]
    parts = [f"# {title}" if title else "", body, notes]
    return "\n\n".join(part for part in parts if part)


def _shapes(root: xml.Element) -> tuple[str, str]:
    """Return the title and the other texts, in the order of the slide."""
    title = ""
    found: list[str] = []
    for shape in root.iter():
        kind = xml.name(shape)
        if kind == "sp" and not _within(shape, "Fallback"):
            place = next((item.get("type", "body") for item in shape.iter() if xml.name(item) == "ph"), "")
            if place in _LEFT_OUT:
                continue
            words = _paragraphs(shape)
            if place in _TITLES and not title:
                title = " ".join(words.split())
            elif words:
                found.append(words)
        elif kind == "tbl":
            rows = [item for item in shape if xml.name(item) == "tr"]
            found.append(
                markdown_table([[_paragraphs(cell) for cell in row if xml.name(cell) == "tc"] for row in rows])
            )
    return title, "\n\n".join(part for part in found if part)


def _paragraphs(shape: xml.Element) -> str:
    lines: list[str] = []
    paragraphs = [item for item in shape.iter() if xml.name(item) == "p"]
    for paragraph in paragraphs:
        parts = ""
        for item in paragraph.iter():
            if xml.name(item) == "br":
                parts += "\n"
            elif xml.name(item) == "oMath":
                parts += linear(item)
            elif xml.name(item) == "t" and not _within(item, "oMath"):
                parts += _run(item, parts)
        words = " ".join(with_fractions(parts).split())
        level = next((int(item.get("lvl", "0")) for item in paragraph if xml.name(item) == "pPr"), 0)
        if words:
            lines.append(f"{'  ' * level}- {words}" if len(paragraphs) > 1 else words)
    return "\n".join(lines)


def _run(text: xml.Element, before: str) -> str:
    """Return the words of a run, raised and lowered ones as text."""
    properties = next((item for item in text.itersiblings(preceding=True) if xml.name(item) == "rPr"), None)
    baseline = properties.get("baseline", "0") if properties is not None else "0"
    if baseline.startswith("-"):
        return under(text.text or "", before)
    return raised(text.text or "", before) if baseline.strip("0") else text.text or ""


def _within(item: xml.Element, kind: str) -> bool:
    return any(xml.name(parent) == kind for parent in item.iterancestors())
