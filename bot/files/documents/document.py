"""What a file becomes: words, and what is to be said about how they were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_DOCUMENT_CHARACTERS = 200_000
"""About four hours of reading aloud, or an hour of podcast."""
MAX_DOCUMENT_BYTES = 25_000_000
MARKDOWN_SUFFIX = ".md"


NOTE_SENTENCES = {
    "cut": "{detail} is cut off at the end; I used the part that exists.",
    "encoding": "I read the file as {detail}. If characters look wrong, save it as UTF-8.",
    "unread_pages": "I can't read pages that are images: {detail}.",
}
"""Code of a note -> what it says, in English; chat/i18n.py has the sentence `note <code>` in every language."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that people should know about how their file was read."""

    code: str
    "one of NOTE_SENTENCES"
    detail: str
    "what the sentence names: an encoding, page numbers"

    def __str__(self) -> str:
        return NOTE_SENTENCES[self.code].format(detail=self.detail)


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    "empty when it has none"
    text: str
    "Markdown: paragraphs, headings, lists and tables, separated by blank lines"
    outline: tuple[str, ...] = ()
    "titles of its chapters, as its table of contents names them"
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Document":
        """Return the document whose fields `asdict` gave. Raises KeyError, TypeError."""
        told = [(str(note["code"]), str(note["detail"])) for note in values.get("notes", ())]
        notes = tuple(Note(code, detail) for code, detail in told if code in NOTE_SENTENCES)
        return cls(str(values["title"]), str(values["text"]), tuple(map(str, values.get("outline", ()))), notes)
