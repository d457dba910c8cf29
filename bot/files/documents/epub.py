"""Electronic books: the chapters in the order of the spine (EPUB 3.3 section 5.7)."""

import re
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from bot.errors import DamagedDocument, LockedDocument
from bot.files.documents import xml
from bot.files.documents.archive import Archive
from bot.files.documents.document import Document
from bot.files.documents.html import chapter

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_NO_BOOK_TITLE = re.compile(r"(unknown|untitled)( title)?$", re.IGNORECASE)
_CHAPTER_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def read_epub(data: bytes, name: str) -> Document:
    book = Archive(data)
    roots = [
        item.get("full-path", "") for item in xml.parse(book.read(_CONTAINER)).iter() if xml.name(item) == "rootfile"
    ]
    if not roots:
        raise DamagedDocument("no package document")
    package = xml.parse(book.read(roots[0]))
    parts = {item.get("id", ""): item for item in package.iter() if xml.name(item) == "item"}
    spine = [item for item in package.iter() if xml.name(item) == "itemref" and item.get("linear") != "no"]
    chapters = [part for item in spine if (part := parts.get(item.get("idref", ""))) is not None]
    paths = [
        normpath(join(dirname(roots[0]), unquote(part.get("href", ""))))
        for part in chapters
        if part.get("media-type") in _CHAPTER_TYPES and "nav" not in part.get("properties", "").split()
    ]
    if locked := _locked(book) & set(paths):
        raise LockedDocument(f"{len(locked)} chapters")
    title = next((xml.text(item).strip() for item in package.iter() if xml.name(item) == "title"), "")
    title = "" if _NO_BOOK_TITLE.match(title) else title
    return Document(title, "\n\n".join(chapter(book.read(path)) for path in paths), _contents(book, parts, roots[0]))


def _locked(book: Archive) -> set[str]:
    """Return the parts that are encrypted; fonts often are, and do not matter."""
    if _ENCRYPTION not in book:
        return set()
    references = (item for item in xml.parse(book.read(_ENCRYPTION)).iter() if xml.name(item) == "CipherReference")
    return {unquote(item.get("URI", "")) for item in references}


def _contents(book: Archive, parts: dict[str, xml.Element], root: str) -> tuple[str, ...]:
    """Return the titles of the chapters, from the table of contents of EPUB 3 or of EPUB 2."""
    for part in parts.values():
        contents = "nav" in part.get("properties", "").split()
        if contents or part.get("media-type") == "application/x-dtbncx+xml":
            path = normpath(join(dirname(root), unquote(part.get("href", ""))))
            if path in book:
                tags = ("a",) if contents else ("text",)
                page = xml.parse(book.read(path))
                lists = [item for item in page.iter() if xml.name(item) == "nav"] if contents else [page]
                found = (
                    " ".join(xml.text(item).split()) for item in (lists or [page])[0].iter() if xml.name(item) in tags
                )
                return tuple(dict.fromkeys(title for title in found if title))
    return ()
