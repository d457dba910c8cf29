"""Slides of an OpenDocument presentation -> an OpenDocument text: titles as headings, hidden slides gone."""

from bot.files.documents import xml

_ODF = {
    name: f"{{urn:oasis:names:tc:opendocument:xmlns:{space}:1.0}}"
    for name, space in {
        **{"office": "office", "text": "text", "draw": "drawing"},
        **{"presentation": "presentation", "style": "style", "table": "table"},
    }.items()
}
_SLIDE_BLOCKS = (f"{_ODF['text']}p", f"{_ODF['text']}h", f"{_ODF['text']}list", f"{_ODF['table']}table")
_SLIDE_SURROUNDINGS = ("page", "page-number", "header", "footer", "date-time")
"""Frames that say the same on every slide."""


def slides_as_text(root: xml.Element) -> None:
    """Put the text of the slides in the place of the slides, each below its title."""
    slides = next(root.iter(f"{_ODF['office']}presentation"), None)
    if slides is None:
        return
    hidden = {
        style.get(f"{_ODF['style']}name")
        for style in root.iter(f"{_ODF['style']}style")
        for page in style.iterchildren(f"{_ODF['style']}drawing-page-properties")
        if page.get(f"{_ODF['presentation']}visibility") == "hidden"
    }
    text = slides.makeelement(f"{_ODF['office']}text")
    for slide in slides.iterchildren(f"{_ODF['draw']}page"):
        if slide.get(f"{_ODF['draw']}style-name") not in hidden:
            text.extend(_blocks(slide))
    slides.getparent().replace(slides, text)


def _blocks(slide: xml.Element) -> list[xml.Element]:
    titles: list[xml.Element] = []
    blocks: list[xml.Element] = []
    for block in slide.iter(*_SLIDE_BLOCKS):
        above = list(block.iterancestors())
        if any(item.tag in _SLIDE_BLOCKS for item in above[: above.index(slide)]):
            continue  # within another one
        role = next((role for item in above if (role := item.get(f"{_ODF['presentation']}class"))), "")
        if role == "title" and xml.text(block).strip():
            block.tag = f"{_ODF['text']}h"
            block.set(f"{_ODF['text']}outline-level", "1")
            titles.append(block)
        elif role not in _SLIDE_SURROUNDINGS:
            blocks.append(block)
    return titles + blocks
