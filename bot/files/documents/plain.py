"""Text files of every kind: prose, Markdown, subtitles, notebooks, tables."""

import re
from dataclasses import replace

from bot.files.documents.document import Document
from bot.files.documents.encodings import decode
from bot.files.documents.notebook import is_notebook, read_notebook
from bot.files.documents.scripts import folded
from bot.files.documents.subtitles import kind_of, read_subtitles

FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?=[\w\"'-]+[ \t]*:)(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
    r"|\A\+\+\+[ \t]*\n(.*?)\n\+\+\+[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
"""Facts about a Markdown file above its text, as YAML or TOML."""
_LINE_BREAK = re.compile(r"\r+\n|\r")
"""Programs that make \\r\\n of every \\n make \\r\\r\\n of what had one."""
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)


def read_text(data: bytes, name: str) -> Document:
    """Read a text file; a note tells when its encoding is a guess.

    Raises NotDocument, UnknownEncoding, DamagedDocument.
    """
    text, notes = decode(data)
    text = _LINE_BREAK.sub("\n", text)
    if kind := kind_of(text):
        return replace(read_subtitles(text, kind), notes=notes)
    if text.lstrip()[:1] == "{" and is_notebook(text):
        return replace(read_notebook(text), notes=notes)
    front = FRONT_MATTER.match(text)
    title = _FRONT_TITLE.search(front.group(1) or front.group(2)) if front else None
    return Document(title.group(1).strip("\"' ") if title else "", folded(text), (), notes)
