"""The formats that are read, and how each is known by its content, for names can be wrong."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.errors import (
    ArchivedDocument,
    DamagedDocument,
    DocumentTooLong,
    EmptyDocument,
    LockedDocument,
    NotDocument,
    OldDocument,
)
from bot.files.documents.archive import Archive, uncut
from bot.files.documents.book_xml import is_book_xml, read_book_xml
from bot.files.documents.broadcast import is_stl, read_stl
from bot.files.documents.document import MARKDOWN_SUFFIX, MAX_DOCUMENT_BYTES, MAX_DOCUMENT_CHARACTERS, Document, Note
from bot.files.documents.docx import read_docx
from bot.files.documents.epub import read_epub
from bot.files.documents.feeds import is_feed, read_feed
from bot.files.documents.flat_opc import is_flat_opc, read_flat_opc
from bot.files.documents.html import is_fragment, read_html
from bot.files.documents.latex import is_latex, read_latex
from bot.files.documents.listening import for_listening
from bot.files.documents.mail import is_mail, is_mail_folder, read_mail, read_mail_folder
from bot.files.documents.odf import is_flat_odf, read_flat_odf, read_odf
from bot.files.documents.opml import is_opml, read_opml
from bot.files.documents.pdf import read_pdf
from bot.files.documents.plain import read_text
from bot.files.documents.pptx import read_pptx
from bot.files.documents.rtf import read_rtf

_SNIFFED_BYTES = 1024
_UNSEEN_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HTML_START = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?>(?:<!--.*?-->\s*)*)<(?:!doctype\s+html|html|head|body)[\s>]",
    re.I | re.S,
)
_FIRST_HEADING = re.compile(r"#{1,3}\s+(.{1,120})")
_MARKUP = re.compile(r"[*_`]{1,3}|\s*\{#[\w-]+\}\s*$")
_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_HIDDEN = re.compile(r"(?:^|/)(?:\.|__MACOSX/)")
_OTHER_PACKAGES = ("xl/", "Index/", "Index.zip", "FixedDocSeq.fdseq", "FixedDocumentSequence.fdseq")
"""Parts of sheets, of iWork's files and of XPS, which nobody can unpack and send."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""The name of the stream in which Office keeps a document that has a password."""
_OTHERS = (
    b"\x7fELF",
    b"MZ",
    b"\x89PNG",
    b"GIF8",
    b"BM",
    b"OggS",
    b"ID3",
    b"RIFF",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"\xff\xd8\xff",
    b"\xff\xfb",
    b"II*\x00",
    b"MM\x00*",
    b"SQLite format 3",
    b"%!PS",
)
"""First bytes of what is no text, or, as PostScript, a program. Some would decode as text in some encoding."""

Reader = Callable[[bytes, str], Document]


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    suffixes: tuple[str, ...]
    "what names of such files end in"
    matches: Callable[[bytes], bool]
    "whether the content is of this format"
    read: Reader
    "gets the content and the name; raises BadDocument"


def _begins(signature: bytes) -> Callable[[bytes], bool]:
    return lambda data: signature in data[:_SNIFFED_BYTES]


def _zipped(*parts: str) -> Callable[[bytes], bool]:
    """Whether the content is a zip file with a part whose name begins with one of `parts`."""
    return lambda data: data.startswith(_ZIP) and any(name.startswith(parts) for name in Archive(data).names)


def _is_html(data: bytes) -> bool:
    head = data[:_SNIFFED_BYTES]
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode()
    return _HTML_START.match(head) is not None


FORMATS = (
    DocumentFormat((".pdf",), _begins(b"%PDF-"), read_pdf),
    DocumentFormat((".docx", ".docm", ".dotx"), _zipped("word/"), read_docx),
    DocumentFormat((".pptx", ".pptm", ".ppsx"), _zipped("ppt/presentation.xml"), read_pptx),
    DocumentFormat((".epub",), _begins(b"mimetypeapplication/epub+zip"), read_epub),
    DocumentFormat((".odt", ".ott", ".odp"), _zipped("content.xml"), read_odf),
    DocumentFormat((".fodt", ".fodp"), is_flat_odf, read_flat_odf),
    DocumentFormat((".fb2", ".docbook", ".dbk", ".jats", ".tei", ".dita", ".xml"), is_book_xml, read_book_xml),
    DocumentFormat((".opml",), is_opml, read_opml),
    DocumentFormat((".rss", ".atom", ".rdf"), is_feed, read_feed),
    DocumentFormat((), is_flat_opc, read_flat_opc),
    DocumentFormat((".rtf",), lambda data: data.lstrip()[:5] == b"{\\rtf", read_rtf),
    DocumentFormat((".eml", ".mht", ".mhtml"), is_mail, read_mail),
    DocumentFormat((".mbox",), is_mail_folder, read_mail_folder),
    DocumentFormat((".stl",), is_stl, read_stl),
    DocumentFormat((".tex", ".latex"), is_latex, read_latex),
    DocumentFormat((".html", ".htm", ".xhtml"), _is_html, read_html),
    DocumentFormat(
        (
            *(".txt", MARKDOWN_SUFFIX, ".markdown", ".csv", ".tsv", ".json", ".ipynb"),
            *(".srt", ".vtt", ".ass", ".ssa", ".sbv", ".smi", ".ttml", ".scc", ".lrc", ".json3"),
            *(".textgrid", ".eaf"),
        ),
        lambda data: True,
        read_text,
    ),
)
"""All formats that are read; the first that matches reads the file."""


def read(data: bytes, name: str = "", *, aloud: bool = False) -> Document:
    """Read a file. Its name is the title when the content has none.

    `aloud` leaves out what nobody wants to hear: addresses, code, references.

    Raises BadDocument, by its kind for each cause, and DocumentTooLong.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLong(f"{len(data)} bytes")
    if not data.strip() or data.startswith(_EMPTY_ZIP):
        raise EmptyDocument
    _refuse_others(data)
    data, cut = uncut(data)
    shown = name
    form = _form_of(data)
    if form is None:
        data, name = _unpacked(data)
        _refuse_others(data)
        form = _form_of(data)
    if form is None:
        raise ArchivedDocument("in an archive")
    reader = read_html if form is FORMATS[-1] and is_fragment(data, name) else form.read
    try:
        found = reader(data, name)
    except RecursionError as error:
        raise DamagedDocument("one thing in another, too many times") from error
    if len(found.text) > MAX_DOCUMENT_CHARACTERS * 2:
        raise DocumentTooLong(f"{len(found.text)} characters")
    text = tidied(found.text)
    heading = _FIRST_HEADING.match(text)
    text = for_listening(text) if aloud else text
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise DocumentTooLong(f"{len(text)} characters")
    if not any(character.isalnum() for character in text):
        raise DamagedDocument("cut off before its words") if cut else EmptyDocument("no words in it")
    title = found.title or (_MARKUP.sub("", heading.group(1)) if heading else "") or _stem(name)
    notes = (*found.notes, Note("cut", shown)) if cut else found.notes
    return replace(found, title=" ".join(title.split())[:120], text=text, notes=notes)


def _form_of(data: bytes) -> DocumentFormat | None:
    """Return the format of the content; None: it is a zip file of none of them."""
    form = next(form for form in FORMATS if form.matches(data))
    return None if form is FORMATS[-1] and data.startswith(_ZIP) else form


def _unpacked(data: bytes) -> tuple[bytes, str]:
    """Return the only file of a zip file, and its name. Raises NotDocument, ArchivedDocument."""
    archive = Archive(data)
    if any(name.startswith(_OTHER_PACKAGES) for name in archive.names):
        raise NotDocument("another program's package")
    files = {part: name for part, name in archive.files().items() if not _HIDDEN.search(name)}
    if len(files) != 1:
        raise ArchivedDocument(f"{len(files)} files")
    [(part, name)] = files.items()
    return archive.read(part), name.rpartition("/")[2]


def tidied(text: str) -> str:
    """Remove control characters, spaces within and after lines, and all but one of several blank lines."""
    lines = [_tidied(line) for line in _UNSEEN_CONTROLS.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _tidied(line: str) -> str:
    words = " ".join(line.split())
    indent = len(line) - len(line.lstrip(" \t"))
    return " " * min(len(line[:indent].expandtabs(4)), 24) + words if words else ""


def _refuse_others(data: bytes) -> None:
    """Raise for what is known not to be read, by its cause."""
    if data.startswith(_ARCHIVES) or data[257:262] == b"ustar":
        raise ArchivedDocument
    if data.startswith(_OLD_OFFICE):
        raise LockedDocument if _ENCRYPTED_PACKAGE in data else OldDocument
    if data.startswith(_OTHERS) or data[4:8] == b"ftyp":
        raise NotDocument("not text")


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name).replace("_", " ").strip()
