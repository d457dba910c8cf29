"""Documents that people send -> words as Markdown.

What is imported here is light. The readers take CPU, and libraries that strangers' files may upset: `formats.read` runs
in the child process only. To read another format, write its reader and add a row to FORMATS in formats.py.
"""

from bot.files.documents.document import (
    MARKDOWN_SUFFIX,
    MAX_DOCUMENT_BYTES,
    MAX_DOCUMENT_CHARACTERS,
    NOTE_SENTENCES,
    Document,
    Note,
)
from bot.files.documents.sections import sections

__all__ = [
    "MARKDOWN_SUFFIX",
    "MAX_DOCUMENT_BYTES",
    "MAX_DOCUMENT_CHARACTERS",
    "NOTE_SENTENCES",
    "Document",
    "Note",
    "sections",
]
