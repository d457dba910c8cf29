"""What a file becomes: words, and what is to be said about how they were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_DOCUMENT_CHARACTERS = 200_000
"""About four hours of reading aloud, or an hour of podcast."""
MAX_DOCUMENT_BYTES = 25_000_000
MARKDOWN_SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that people should know about how their file was read."""

    code: str
    "chat/i18n.py finds the sentence `note <code>`"
    detail: str
    "what the sentence names, as {detail}: an encoding, page numbers"


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
        notes = tuple(Note(str(note["code"]), str(note["detail"])) for note in values.get("notes", ()))
        return cls(str(values["title"]), str(values["text"]), tuple(map(str, values.get("outline", ()))), notes)
