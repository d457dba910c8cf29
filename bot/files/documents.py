"""A text, Markdown, PDF or subtitle file -> plain paragraphs. Takes CPU: call it in a thread.

To read another format, write its reader and add a row to FORMATS.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import BadDocument, DocumentTooLong

MAX_DOCUMENT_CHARACTERS = 200_000
"""About four hours of reading aloud, or an hour of podcast."""
MAX_DOCUMENT_BYTES = 25_000_000
MARKDOWN_SUFFIX = ".md"
_MAX_PDF_PAGES = 2_000
_CUE_TIMING = re.compile(r"^\s*(\d+:)?\d+:\d+[.,]\d+\s*-->.*$")
_TAG = re.compile(r"<[^<>\n]{0,80}>|\{\\[^{}\n]{0,80}\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BINARY_SIGNATURES = (
    b"\x7fELF",
    b"MZ",
    b"PK\x03\x04",
    b"\x89PNG",
    b"OggS",
    b"ID3",
    b"RIFF",
    b"\x1f\x8b",
    b"\xff\xd8\xff",
)
"""First bytes that no text file has. Without this check, such a file could decode as text in some encoding."""


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    "empty when it has none"
    text: str
    "paragraphs, separated by blank lines"


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    suffixes: tuple[str, ...]
    "what names of such files end in; the content decides how a file is read, because names can be wrong"
    signature: bytes
    "how the content begins; empty: the format has no signature"
    read: Callable[[bytes], tuple[str, str]]
    "returns text and title; raises BadDocument, DocumentTooLong"


def read(data: bytes, name: str = "") -> Document:
    """Read a file. Its content decides the format; its name is the title when the content has none.

    Raises BadDocument, DocumentTooLong.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLong(f"{len(data)} bytes")
    head = data[:1024].lstrip()
    text, title = next(form for form in FORMATS if head.startswith(form.signature)).read(data)
    if len(text) > MAX_DOCUMENT_CHARACTERS * 2:
        raise DocumentTooLong(f"{len(text)} characters")
    if _is_subtitles(text):
        text = _spoken(text)
    text = tidied(text)
    if len(text) > MAX_DOCUMENT_CHARACTERS:
        raise DocumentTooLong(f"{len(text)} characters")
    if not any(character.isalnum() for character in text):
        raise BadDocument("no words in it")
    heading = re.match(r"#{1,3}\s+(.{1,120})", text)
    return Document((heading.group(1) if heading else title or _stem(name)).strip(), text)


def tidied(text: str) -> str:
    """Remove control characters, extra spaces, and all but one of several blank lines."""
    lines = [" ".join(line.split()) for line in _CONTROL.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def sections(text: str, limit: int) -> list[str]:
    """Cut `text` into sections of at most `limit` characters: at headings, else paragraphs, else sentences.

    A heading or a paragraph is looked for only in the second half of a section, so that sections are not too short.
    """
    found: list[str] = []
    rest = text
    while len(rest) > limit:
        at = _cut(rest, limit)
        found.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [section for section in [*found, rest] if section]


def _cut(text: str, limit: int) -> int:
    for mark, least in (("\n#", limit // 2), ("\n\n", limit // 2), ("\n", limit // 2)):
        at = text.rfind(mark, least, limit)
        if at > 0:
            return at
    ends = [match.end() for match in re.finditer(r"[.!?][\"')\]]?\s|[。！？」]", text[:limit])]
    if ends and ends[-1] > limit // 3:
        return ends[-1]
    space = text.rfind(" ", limit // 2, limit)
    return space if space > 0 else limit


def _read_pdf(data: bytes) -> tuple[str, str]:
    import pypdf  # takes 15 MB of memory, so only when somebody sends a PDF

    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadDocument("encrypted")
        pages: list[str] = []
        size = 0
        for page in reader.pages[:_MAX_PDF_PAGES]:
            pages.append(page.extract_text() or "")
            size += len(pages[-1])
            if size > MAX_DOCUMENT_CHARACTERS * 2:
                raise DocumentTooLong(f"more than {size} characters")
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except BadDocument:
        raise
    except Exception as error:  # pypdf raises errors of many types for a broken PDF
        raise BadDocument(type(error).__name__) from error
    # Join words that are hyphenated at the end of a line, then lines to paragraphs.
    text = "\n\n".join(pages)
    text = re.sub(r"(\w)-\n(\w)", r"\1\2", text)
    return re.sub(r"(?<![.!?:。！？\n])\n(?=[^\n#•\-–*])", " ", text), title[:120]


def _read_text(data: bytes) -> tuple[str, str]:
    if data.startswith(_BINARY_SIGNATURES):
        raise BadDocument("no text file")
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if len(_CONTROL.findall(text[:4000])) <= len(text[:4000]) // 50:
            return text, ""
    raise BadDocument("not text in any encoding known")


def _is_subtitles(text: str) -> bool:
    return any(_CUE_TIMING.match(line) for line in text[:2000].splitlines())


def _spoken(text: str) -> str:
    """Return the words of SubRip or WebVTT subtitles. A line that repeats the one before is left out."""
    words: list[str] = []
    for block in re.split(r"\n\s*\n", text.replace("\r", "")):
        lines = block.splitlines()
        timed = next((number for number, line in enumerate(lines) if _CUE_TIMING.match(line)), None)
        if timed is None:
            continue  # WEBVTT, NOTE, STYLE
        for line in lines[timed + 1 :]:
            line = _TAG.sub("", line).strip()
            if line and (not words or words[-1] != line):
                words.append(line)
    return "\n".join(words)


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name).replace("_", " ").strip()[:120]


FORMATS = (
    DocumentFormat((".pdf",), b"%PDF-", _read_pdf),
    DocumentFormat((".txt", MARKDOWN_SUFFIX, ".srt", ".vtt"), b"", _read_text),
)
"""All formats that are read; the first whose signature matches reads the file."""
