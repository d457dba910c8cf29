"""Outlines (OPML 2.0) of outliners and feed readers: a chapter for each branch with lists below it, and the notes."""

import html
import re

from bot.files.documents import xml
from bot.files.documents.document import Document
from bot.files.documents.scripts import folded

_OUTLINE_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NOTE_ATTRIBUTES = ("_note", "description")
"""Attributes in which outliners and feed readers keep what belongs to an outline."""


def is_opml(data: bytes) -> bool:
    return xml.root_of(data)[0] == "opml"


def read_opml(data: bytes, name: str) -> Document:
    root = xml.parse(data)
    title = root.findtext("{*}head/{*}title") or ""
    branches = root.findall("{*}body/{*}outline")
    chapters = [_words(branch) for branch in branches if len(branch)]
    blocks: list[str] = []
    for branch in branches:
        blocks += [f"# {_words(branch)}", *_notes(branch)] if len(branch) else ["\n".join(_item(branch, 0))]
        blocks.append("\n".join(line for below in branch for line in _item(below, 0)))
    return Document(_plain(title), folded("\n\n".join(block for block in blocks if block)), tuple(chapters))


def _item(outline: xml.Element, depth: int) -> list[str]:
    if xml.name(outline) != "outline" or outline.get("isComment") == "true":
        return []
    own = [f"{'  ' * depth}- {' – '.join(part for part in [_words(outline), *_notes(outline)] if part)}"]
    return own + [line for below in outline for line in _item(below, depth + 1)]


def _words(outline: xml.Element) -> str:
    return _plain(outline.get("text") or outline.get("title") or "")


def _notes(outline: xml.Element) -> list[str]:
    return [words for key in _NOTE_ATTRIBUTES if (words := _plain(outline.get(key) or "")) and words != _words(outline)]


def _plain(words: str) -> str:
    """Return the words of an attribute, which may be HTML (OPML 2.0, "text attribute")."""
    return " ".join(html.unescape(_OUTLINE_TAG.sub(" ", words)).split())
