"""HTML -> Markdown, without what surrounds the text of a page."""

import re
from typing import TYPE_CHECKING

from bot.errors import DamagedDocument
from bot.files.documents import xml
from bot.files.documents.document import Document, Note
from bot.files.documents.encodings import decode
from bot.files.documents.formulas import linear
from bot.files.documents.html_lists import nest_lists, notes_apart
from bot.files.documents.html_tables import fill_rows
from bot.files.documents.raised import raised, under, with_fractions
from bot.files.documents.scripts import folded

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.I)
_NEVER = "script, style, noscript, template, svg, iframe, object, canvas, audio, video, button, select, input, head"
_AROUND = (
    "nav, aside, form, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=search], [role=banner], "
    "[role=contentinfo], [role=complementary], [role=dialog], [role=alert], [style*='display:none'], "
    "[style*='display: none']"
)
"""What is not the text of a page, by what it says of itself."""
_AROUND_NAMES = re.compile(
    r"(?:^|[-_\s])(?:cookies?|consent|toc|breadcrumbs?|sidebar|share|sharing|social|newsletter|adverts?|ads|promo|navbar|"
    r"navigation|popup|paywall|skip-?link|related-?(?:posts|articles)?)(?:$|[-_\s])",
    re.IGNORECASE,
)
"""The same, by the names that pages give it."""
_NOTE_LINKS = {"doc-noteref", "noteref", "footnote-ref"}
_NOTE_LABEL = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡])[\])]?")
_TAG_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?>(?:<!--.*?-->\s*)*)<[a-zA-Z][\w:-]*[\s>/]", re.DOTALL)
_PIECE_HEAD_BYTES = 4096
_BACK = ("↩", "↩︎", "↑", "^", "⏎", "")
_MAX_OPEN_TAGS = 150
"""Tags in each other: old pages and mails never close some, and the converter calls itself three times for each."""
_BREAKING_TAG = re.compile("address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|t[dhr]|ul")
_LEAST_LEFT = 0.3
"""A page of which less is left without its surroundings has them named in another way."""


def is_fragment(data: bytes, name: str) -> bool:
    """Whether a file without a head is HTML: it is called so, and begins with a tag."""
    return name.lower().endswith((".html", ".htm", ".xhtml")) and _TAG_START.match(data[:_PIECE_HEAD_BYTES]) is not None


def read_html(data: bytes, name: str) -> Document:
    text, notes = _decoded(data)
    soup = _soup(text)
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    return Document(folded(title), _markdown(_main(soup)), (), notes)


def chapter(data: bytes) -> str:
    """Return a chapter of an electronic book as Markdown; nothing surrounds it."""
    soup = _soup(_decoded(data)[0])
    _drop(soup, _NEVER)
    return _markdown(soup)


def fragment(text: str) -> str:
    """Return a piece of HTML, or a text that only may be some, as Markdown."""
    if "<" not in text and "&" not in text:
        return text.strip()
    soup = _soup(text)
    _drop(soup, _NEVER)
    return _markdown(soup).strip()


def _decoded(data: bytes) -> tuple[str, tuple[Note, ...]]:
    """Decode by what the page says of itself, if that is true."""
    said = _CHARSET.search(data[:4096])
    if said and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        encoding = (said.group(1) or said.group(2)).decode()
        try:
            return data.decode({"shift_jis": "cp932", "iso-8859-1": "cp1252"}.get(encoding.lower(), encoding)), ()
        except (LookupError, UnicodeError):
            pass
    return decode(data)


def _soup(text: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), "lxml")
    _flatten(soup)
    for box in soup.select("li input[type=checkbox]"):
        box.replace_with("☒ " if box.has_attr("checked") else "☐ ")
    return soup


def _flatten(soup: "BeautifulSoup") -> None:
    """Leave only words and line breaks in tags that stand in very many others."""
    from bs4.element import NavigableString

    depths = {id(soup): 0}
    for tag in soup.find_all(True):
        depth = depths.get(id(tag.parent))
        if depth is None:  # in one that was emptied
            continue
        depths[id(tag)] = depth + 1
        if depth + 1 < _MAX_OPEN_TAGS:
            continue
        inside = list(tag.descendants)
        tag.clear()
        for node in inside:
            if type(node) is NavigableString:  # its subclasses are comments, scripts and styles
                tag.append(NavigableString(node))
            elif _BREAKING_TAG.fullmatch(getattr(node, "name", None) or ""):
                tag.append(soup.new_tag("br"))


def _main(soup: "BeautifulSoup") -> "Tag":
    """Return the part of a page that is its text."""
    _drop(soup, _NEVER)
    whole = _length(soup)
    _drop(soup, _AROUND)
    for tag in soup.find_all(["header", "footer"]):
        if tag.find_parent(["article", "main"]) is None:
            tag.decompose()
    plain = str(soup)
    for tag in soup.find_all(["div", "section", "ul", "p", "a"]):
        names = " ".join([*(tag.get_attribute_list("class") or []), str(tag.get("id") or "")]) if tag.attrs else ""
        if names and _AROUND_NAMES.search(names):
            tag.decompose()
    if _length(soup) < whole * _LEAST_LEFT:
        soup = _soup(plain)
    for choice in ("main", "[role=main]", "article"):
        found = soup.select(choice)
        if len(found) == 1 and _length(found[0]) * 2 > _length(soup):
            return found[0]
    return soup


def _drop(soup: "Tag", selector: str) -> None:
    for tag in soup.select(selector):
        if not tag.decomposed:
            tag.decompose()


def _length(tag: "Tag") -> int:
    return len("".join(tag.get_text().split()))


def _markdown(tag: "Tag") -> str:
    from markdownify import MarkdownConverter

    for table in tag.find_all("table"):
        fill_rows(table)
    for image in tag.find_all("img"):
        image.replace_with(str(image.get("alt") or ""))
    for bracket in tag.find_all("rp"):  # not always closed: the reading may be within
        for words in bracket.find_all(string=True, recursive=False):
            words.extract()
    for reading in tag.find_all("rt"):
        reading.replace_with(f"（{reading.get_text().strip()}）")
    for formula in tag.find_all("math"):
        formula.replace_with(_formula(formula))
    labels: dict[str, str] = {}
    for link in tag.find_all("a"):
        _plain_link(link, labels)
    notes_apart(tag, labels)
    nest_lists(tag)
    for words in tag.find_all(["sup", "sub"]):
        _level(words)
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        table_infer_header=True,
        code_language_callback=_language,
    )
    return folded(with_fractions(converter.convert_soup(tag)))


def _formula(formula: "Tag") -> str:
    try:
        return linear(xml.parse(str(formula).encode()))
    except DamagedDocument:
        return formula.get_text()


def _level(words: "Tag") -> None:
    """Write raised or lowered words as text; links to footnotes and others stay what they are."""
    text = words.get_text()
    if words.find("a") is None and "[^" not in text:
        before = str(words.find_previous(string=True) or "")
        words.replace_with(raised(text, before) if words.name == "sup" else under(text, before))


def _plain_link(link: "Tag", labels: dict[str, str]) -> None:
    """Make footnote marks of links to footnotes, nothing of the links back, and words of links within the page.

    Where the marks lead to is put into `labels`.
    """
    target, words = str(link.get("href") or ""), link.get_text().strip()
    inside = "#" in target and "//" not in target
    says = {str(link.get(key) or "") for key in ("role", "epub:type")} | set(link.get_attribute_list("class"))
    if "doc-backlink" in says or (inside and words in _BACK):
        link.decompose()
    elif says & _NOTE_LINKS or (inside and _NOTE_LABEL.fullmatch(words)):
        label = words.strip("[]()")
        labels[target.rpartition("#")[2]] = label
        link.replace_with(f"[^{label}]" + ("" if _words_before(link) else ": "))
    elif inside or not target:
        link.unwrap()


def _words_before(link: "Tag") -> bool:
    """Whether a link is preceded by words in its paragraph, or followed by none: it does not begin a footnote."""
    block = link.find_parent(["p", "li", "dd", "td", "div", "body"])
    if block is None:
        return True
    for part in block.descendants:  # one by one: a paragraph may have a thousand links
        if part is link:
            break
        if isinstance(part, str) and part.strip():
            return True
    return block.get_text().strip() == link.get_text().strip()


def _language(block: "Tag") -> str:
    """Return the language that a code block names."""
    code = block.find("code")
    names = [*block.get_attribute_list("class"), *(code.get_attribute_list("class") if code else [])]
    return next((str(name)[9:] for name in names if str(name).startswith("language-")), "")
