"""Text boxes and shapes of OpenDocument that stand within a paragraph -> paragraphs of their own behind it."""

from bot.files.documents import xml

_TEXT_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_PARAGRAPHS = (f"{_TEXT_SPACE}p", f"{_TEXT_SPACE}h")
_BLOCKS = (*_PARAGRAPHS, f"{_TEXT_SPACE}list", "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table")
_BOXES = tuple(f"{_DRAW}{name}" for name in ("text-box", "custom-shape", "rect", "ellipse", "caption"))


def boxes_apart(root: xml.Element) -> None:
    """Put what stands in boxes behind the paragraph that a box is anchored in, or in the place of the box."""
    for box in list(root.iter(*_BOXES)):
        blocks = [child for child in box if child.tag in _BLOCKS]
        above = next((item for item in box.iterancestors() if item.tag in _PARAGRAPHS), None)
        place = above if above is not None else _outer(box)
        for block in reversed(blocks):
            block.tail = None
            place.addnext(block)
        if blocks:
            xml.remove(_outer(box))


def _outer(box: xml.Element) -> xml.Element:
    """Return the frame of a box, or the box."""
    parent = box.getparent()
    return parent if parent.tag == f"{_DRAW}frame" else box
