"""A text, Markdown, PDF or subtitle file -> plain paragraphs. Takes CPU: call it in a thread."""

import io
import re
from dataclasses import dataclass

from bot.errors import BadDocument, DocumentTooLong

LONGEST = 200_000
"""Characters of a document: about four hours of reading aloud, an hour of podcast."""
LARGEST = 25_000_000
"""Bytes of a file."""
_MOST_PAGES = 2_000
_CUE = re.compile(r"^\s*(\d+:)?\d+:\d+[.,]\d+\s*-->.*$")
_TAG = re.compile(r"<[^<>\n]{0,80}>|\{\\[^{}\n]{0,80}\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKS = (b"\x7fELF", b"MZ", b"PK\x03\x04", b"\x89PNG", b"OggS", b"ID3", b"RIFF", b"\x1f\x8b", b"\xff\xd8\xff")
"""How files begin that no text does, in case their bytes read as one."""


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    "empty when it has none"
    text: str
    "paragraphs, a blank line between two"


def read(data: bytes, name: str = "") -> Document:
    """Read a file by what is in it; its name helps only where that is not enough.

    Raises BadDocument, DocumentTooLong.
    """
    if len(data) > LARGEST:
        raise DocumentTooLong(f"{len(data)} bytes")
    text, title = _pdf(data) if data[:1024].lstrip().startswith(b"%PDF-") else (_decoded(data), "")
    if len(text) > LONGEST * 2:
        raise DocumentTooLong(f"{len(text)} characters")
    if _is_subtitles(text):
        text = _spoken(text)
    text = tidied(text)
    if len(text) > LONGEST:
        raise DocumentTooLong(f"{len(text)} characters")
    if not any(character.isalnum() for character in text):
        raise BadDocument("no words in it")
    heading = re.match(r"#{1,3}\s+(.{1,120})", text)
    return Document((heading.group(1) if heading else title or _stem(name)).strip(), text)


def tidied(text: str) -> str:
    """Return `text` without control characters, stray spaces and more than one blank line in a row."""
    lines = [" ".join(line.split()) for line in _CONTROL.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def sections(text: str, limit: int) -> list[str]:
    """Cut `text` into sections of about `limit` characters: at headings, else paragraphs, else sentences.

    No section is longer, and a cut is made early only where a heading stands in the second half.
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


def _pdf(data: bytes) -> tuple[str, str]:
    import pypdf  # 15 MB of memory, for those who send one

    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadDocument("encrypted")
        pages: list[str] = []
        size = 0
        for page in reader.pages[:_MOST_PAGES]:
            pages.append(page.extract_text() or "")
            size += len(pages[-1])
            if size > LONGEST * 2:
                raise DocumentTooLong(f"more than {size} characters")
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except BadDocument:
        raise
    except Exception as error:  # a broken PDF makes pypdf raise whatever its bytes lead to
        raise BadDocument(type(error).__name__) from error
    # Words cut at the ends of lines are joined, and lines to paragraphs.
    text = "\n\n".join(pages)
    text = re.sub(r"(\w)-\n(\w)", r"\1\2", text)
    return re.sub(r"(?<![.!?:。！？\n])\n(?=[^\n#•\-–*])", " ", text), title[:120]


def _decoded(data: bytes) -> str:
    if data.startswith(_MARKS):
        raise BadDocument("no text file")
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if len(_CONTROL.findall(text[:4000])) <= len(text[:4000]) // 50:
            return text
    raise BadDocument("not text in any encoding known")


def _is_subtitles(text: str) -> bool:
    return any(_CUE.match(line) for line in text[:2000].splitlines())


def _spoken(text: str) -> str:
    """Return the words of SubRip or WebVTT subtitles; lines that only go on repeating are said once."""
    words: list[str] = []
    for block in re.split(r"\n\s*\n", text.replace("\r", "")):
        lines = block.splitlines()
        timed = next((number for number, line in enumerate(lines) if _CUE.match(line)), None)
        if timed is None:
            continue  # WEBVTT, NOTE, STYLE
        for line in lines[timed + 1 :]:
            line = _TAG.sub("", line).strip()
            if line and (not words or words[-1] != line):
                words.append(line)
    return "\n".join(words)


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name).replace("_", " ").strip()[:120]
