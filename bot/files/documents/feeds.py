"""News feeds (RSS 2.0, RSS 1.0 in RDF, Atom of RFC 4287) -> Markdown: a chapter for each entry, in the feed's order."""

from bot.files.documents import xml
from bot.files.documents.document import Document
from bot.files.documents.html import fragment
from bot.files.documents.scripts import folded

_FEED_ROOTS = ("rss", "feed", "RDF")
_ENTRIES = ("{*}item", "{*}entry")
_BODIES = ("{*}encoded", "{*}content", "{*}description", "{*}summary", "{*}subtitle")
"""What an entry says, the longest form first."""


def is_feed(data: bytes) -> bool:
    name, declared = xml.root_of(data)
    return declared and name in _FEED_ROOTS


def read_feed(data: bytes, name: str) -> Document:
    root = xml.parse(data)
    xml.expand_entities(root)
    channel = next(root.iter("{*}channel"), root)
    title = _line(channel.find("{*}title"))
    entries = list(root.iter(*_ENTRIES))
    titles = [_line(entry.find("{*}title")) for entry in entries]
    blocks = [f"# {title}" if title else "", _body(channel)]
    for heading, entry in zip(titles, entries, strict=True):
        blocks += [f"## {heading}" if heading else "", _body(entry)]
    return Document(title, folded("\n\n".join(block for block in blocks if block)), tuple(filter(None, titles)))


def _body(entry: xml.Element) -> str:
    for path in _BODIES:
        found = entry.find(path)
        if found is not None and (words := xml.text(found).strip()):
            return fragment(xml.inner(found) if len(found) else words)
    return ""


def _line(element: xml.Element | None) -> str:
    return "" if element is None else " ".join(fragment(xml.text(element)).split())
