"""Lists of a page as the converter to Markdown needs them: each within an item, and a new line after it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

_LISTS = ("ul", "ol")


def nest_lists(page: "Tag") -> None:
    """Put lists that stand in a list, as word processors write them, into the item before them."""
    from bs4 import Tag

    for inner in page.find_all(_LISTS):
        outer = inner.parent
        if outer is None or outer.name not in _LISTS:
            continue
        item = inner.find_previous_sibling(True)
        if item is not None and item.name != "li":
            item = None
        elif item is None and (before := outer.find_previous_sibling()) is not None and before.name in _LISTS:
            item = (before.find_all("li", recursive=False) or [None])[-1]
        if item is None:
            inner.wrap(Tag(name="div"))  # an item without words of its own
        else:
            item.append(inner.extract())
    for inner in page.select("li > ul, li > ol"):
        if any(after.get_text().strip() for after in inner.next_siblings):
            inner.insert_after(Tag(name="br"))


def notes_apart(page: "Tag", labels: dict[str, str]) -> None:
    """Make footnotes of the items of lists that marks lead to; `labels` are these, by the ids of the items."""
    for item in page.find_all("li", id=True):
        label, around = labels.get(str(item["id"])), item.parent
        if label is None or around is None or not item.get_text().strip():
            continue
        words = item.find("p") or item
        words.insert(0, f"[^{label}]: ")
        item.name = "div"
        around.insert_before(item.extract())
        if next(around.stripped_strings, None) is None:  # not the whole text: there may be a thousand notes
            around.decompose()
