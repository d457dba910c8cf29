"""XML of strangers: parsed without entities of their own, without the network, within a size."""

import html.entities
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from typing import Any, TypeAlias

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] # it has no types

from bot.errors import DamagedDocument

Element: TypeAlias = Any
"""An element of lxml, which has no types."""


_GUARDED = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_XML_HEAD_BYTES = 8192
_ENTITY_TAG = re.compile(r"<[^<>]*>")
_XML_PROLOG = re.compile(
    r"\s*((?>(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>\s*)*))<(?:[\w.-]+:)?([\w.-]+)([^>]*)",
    re.DOTALL,
)
"""The group is atomic: each of its parts ends at its first mark, or there would be 2^n ways through n of them."""


def root_of(data: bytes) -> tuple[str, bool]:
    """Return the name of the root without its prefix, and whether the file declares to be XML; "": it has none."""
    wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    head = data[:_XML_HEAD_BYTES].decode("utf-16" if wide else "utf-8", errors="ignore").removeprefix("\ufeff")
    found = _XML_PROLOG.match(head)
    return (found.group(2), bool(found.group(1) or "xmlns" in found.group(3))) if found else ("", False)


def parse(data: bytes) -> Element:
    """Return the root. Prefixes that are not declared, as many makers of books leave them, cost nothing.

    Raises DamagedDocument.
    """
    parser = etree.XMLParser(**_GUARDED, recover=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if not data or {entry.type_name for entry in parser.error_log} != {"NS_ERR_UNDEFINED_NAMESPACE"}:
            raise DamagedDocument(type(error).__name__) from error
    parser = etree.XMLParser(**_GUARDED, recover=True)
    return etree.fromstring(data, parser)


def closed(data: bytes) -> bytes:
    """Return XML that breaks off with its elements closed; of what breaks off before the first one, an empty one."""
    root = etree.fromstring(data, etree.XMLParser(**_GUARDED, recover=True)) if data else None
    return b"<cut/>" if root is None else written(root)


def expand_entities(root: Element) -> None:
    """Replace the entities that a document defines, and those of HTML, by their words, which hold no further ones.

    Those that would grow many times over, the parser has refused.
    """
    declared = root.getroottree().docinfo.internalDTD
    words = {entity.name: entity.content or "" for entity in declared.iterentities()} if declared is not None else {}
    for item in list(root.iter(etree.Entity)):
        found = words.get(item.name) or html.entities.html5.get(f"{item.name};", "")
        item.tail = html.unescape(_ENTITY_TAG.sub("", found)) + (item.tail or "")
        remove(item)


def name(element: Element) -> str:
    """Return the name of an element without its namespace; empty for comments and instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def text(element: Element) -> str:
    return "".join(part for part in element.itertext() if isinstance(part, str))


def text_before(element: Element) -> str:
    """Return the text between an element and what stands before it in its parent."""
    before = element.getprevious()
    return (before.tail if before is not None else element.getparent().text) or ""


def inner(element: Element) -> str:
    """Return what stands in an element, as it is written."""
    return (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)


def written(root: Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def remove(element: Element) -> None:
    """Take an element out of its parent; the text that follows it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def unwrap(root: Element, *tags: str) -> None:
    """Put what stands in elements in their place."""
    etree.strip_tags(root, *tags)
