"""XML of strangers: parsed without entities of their own, without the network, within a size."""

from typing import Any, TypeAlias

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] # it has no types

from bot.errors import DamagedDocument

Element: TypeAlias = Any
"""An element of lxml, which has no types."""


def parse(data: bytes) -> Element:
    """Return the root. Raises DamagedDocument."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DamagedDocument(type(error).__name__) from error


def name(element: Element) -> str:
    """Return the name of an element without its namespace; empty for comments and instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text(element: Element) -> str:
    return "".join(part for part in element.itertext() if isinstance(part, str))


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
