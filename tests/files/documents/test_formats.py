"""Files are known by their content, and what cannot be read says why."""

import ast
import contextlib
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

import bot
from bot.errors import (
    ArchivedDocument,
    BadDocument,
    DamagedDocument,
    DocumentTooLong,
    EmptyDocument,
    LockedDocument,
    NotDocument,
    OldDocument,
)
from bot.files import documents
from bot.files.documents import MAX_DOCUMENT_CHARACTERS, Note, sections
from bot.files.documents.formats import FORMATS, read
from tests.files.documents.packages import docx, epub, odt, p, pptx, shape, zipped
from tests.files.documents.pdfs import Line, column, locked, pdf
from tests.files.documents.test_book_xml import DOCBOOK, FB2, JATS, OPML, TEI
from tests.files.documents.test_feeds import MBOX, RSS
from tests.files.documents.test_subtitles import ASS, ELAN, JSON3, LONG_GRID, SAMI, SCC, SRT, TTML, VTT, stl

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "name", "title", "text"),
    [
        (b"Hello  there.\r\n\r\n\r\nYou.", "a_text.txt", "a text", "Hello there.\n\nYou."),
        (b"# The title\n\nWords", "a.md", "The title", "# The title\n\nWords"),
        ("\ufeffgrüße".encode(), "", "", "grüße"),
        ("ユーティーエフ".encode("utf-16"), "", "", "ユーティーエフ"),
        ("日本語の文章".encode("cp932"), "", "", "日本語の文章"),
        (SRT.encode(), "film.srt", "film", "Hello there\nYou"),
        (b"month,rain\nMay,12\n", "a.csv", "a", "month,rain\nMay,12"),
        (b'{"month": "May"}', "a.json", "a", '{"month": "May"}'),
        (b"\n\n" + pdf([Line(50, 500, "Hello there.")]), "paper.txt", "paper", "Hello there."),
        (zipped({"a/one text.txt": "Words", "__MACOSX/a/._one text.txt": b"\0"}), "b.zip", "one text", "Words"),
    ],
)
def test_what_is_read(data: bytes, name: str, title: str, text: str) -> None:
    found = read(data, name)
    assert (found.title, found.text) == (title, text)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyDocument),
        (b" \n -- \n", EmptyDocument),
        (zipped({}), EmptyDocument),
        (b"%!PS-Adobe-3.0\n/Times findfont 100 100 moveto (Words) show showpage", NotDocument),
        (docx(p(" ")), EmptyDocument),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NotDocument),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(100), NotDocument),
        (bytes(range(256)) * 10, NotDocument),
        (zipped({"xl/workbook.xml": "<x/>"}), NotDocument),
        (zipped({"a.txt": "Words", "b.txt": "Words"}), ArchivedDocument),
        (zipped({"a.zip": zipped({"a.txt": "Words"})}), ArchivedDocument),
        (zipped({"a.png": b"\x89PNG\r\n\x1a\n"}), NotDocument),
        (zipped({"Index/Document.iwa": b"x"}), NotDocument),
        (gzip.compress(b"Words", mtime=0), ArchivedDocument),
        (OLE, OldDocument),
        (OLE + "EncryptedPackage".encode("utf-16-le"), LockedDocument),
        (locked(pdf([Line(50, 500, "Words")]), "secret"), LockedDocument),
        (b"%PDF-1.7\nbroken", DamagedDocument),
        (docx(p("Words"))[:1000], DamagedDocument),
        (zipped({"content.xml.bak": "<x/>"}), DamagedDocument),
        (zipped({"word/document.xml": "<w:document>"}), DamagedDocument),
        (b'{"cells": [{"cell_type": "code"', DamagedDocument),
        (b"a " * MAX_DOCUMENT_CHARACTERS, DocumentTooLong),
        (b"word " * (MAX_DOCUMENT_CHARACTERS // 4), DocumentTooLong),
        (pdf(*[column(40, 580, *["many words in one line of a page"] * 40, step=12)] * 400), DocumentTooLong),
    ],
)
def test_what_is_not_read_says_why(data: bytes, error: type[BadDocument]) -> None:
    with pytest.raises(error) as raised:
        read(data)
    assert type(raised.value) is error


def test_a_part_that_unpacks_to_too_much_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", bytes(70_000_000))
    with pytest.raises(DocumentTooLong):
        read(out.getvalue())


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (docx(p("Some words.") + p("More of them.") * 9), "a.docx"),
        (odt("<text:p>Some words.</text:p>" + "<text:p>More of them.</text:p>" * 9), "a.odt"),
        (epub("T", {"1": "<p>Some words.</p>" + "<p>More of them.</p>" * 9}, ["1"]), "a.epub"),
    ],
)
def test_a_package_that_breaks_off_is_read_as_far_as_it_goes(data: bytes, name: str) -> None:
    for end in (len(data) - 10, data.rindex(b"More of") + 4):
        found = read(data[:end], name)
        assert found.text.startswith("Some words.\n\nMore of them.")
        assert found.notes == (Note("cut", name),)
    with pytest.raises(DamagedDocument):
        read(data[: data.index(b"Some words")], name)


def test_a_page_that_closes_none_of_its_tags_is_read_to_its_end() -> None:
    """As old pages and mails are: each line stands in all that were opened before it."""
    lines = [f"line {number} is here" for number in range(400)]
    page = "<!doctype html><h1>Top</h1>" + "".join(f"<font size=2><div>{line}<!-- no -->" for line in lines)
    assert [line.strip() for line in read(page.encode()).text.split("\n") if line.strip()] == ["# Top", *lines]


def test_what_is_nested_too_deep_to_be_read_is_refused() -> None:
    text = "Content-Type: text/plain\n\nWords\n"
    for number in range(1500):
        text = f'Content-Type: multipart/mixed; boundary="b{number}"\n\n--b{number}\n{text}\n--b{number}--\n'
    with pytest.raises(DamagedDocument):
        read(f"MIME-Version: 1.0\nFrom: a@b.example\nSubject: S\n{text}".encode(), "a.eml")


_TEXT = b"Words"
_NOTEBOOK = json.dumps({"cells": [{"cell_type": "markdown", "source": "Words"}]}).encode()
_WORD, _OPEN, _HTML = docx(p("Words")), odt("<text:p>Words</text:p>"), b"<!doctype html><p>Words</p>"
_FLAT = (
    b'<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    b'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>Words</text:p>'
    b"</office:text></office:body></office:document>"
)
_LATEX = rb"\documentclass{article}\begin{document}Words\end{document}"
_SLIDES = pptx(shape("Words", place="title"))
EXAMPLES = {
    **dict.fromkeys((".txt", ".md", ".markdown", ".csv", ".tsv", ".json"), _TEXT),
    **dict.fromkeys((".docx", ".docm", ".dotx"), _WORD),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx"), _SLIDES),
    **dict.fromkeys((".odt", ".ott", ".odp"), _OPEN),
    **dict.fromkeys((".html", ".htm", ".xhtml"), _HTML),
    **dict.fromkeys((".ass", ".ssa"), ASS.encode()),
    **dict.fromkeys((".fodt", ".fodp"), _FLAT),
    **dict.fromkeys((".tex", ".latex"), _LATEX),
    **dict.fromkeys((".docbook", ".dbk", ".dita", ".xml"), DOCBOOK.encode()),
    ".fb2": FB2.encode("cp1251"),
    ".jats": JATS.encode(),
    ".tei": TEI.encode(),
    ".opml": OPML.encode(),
    ".ipynb": _NOTEBOOK,
    ".srt": SRT.encode(),
    ".vtt": VTT.encode(),
    ".textgrid": LONG_GRID.encode(),
    ".eaf": ELAN.encode(),
    ".smi": SAMI.encode(),
    **dict.fromkeys((".rss", ".atom", ".rdf"), RSS.encode()),
    ".mbox": MBOX,
    ".stl": stl("Words"),
    ".scc": SCC.encode(),
    ".sbv": b"0:00:01.000,0:00:03.000\nWords\n",
    ".ttml": TTML.encode(),
    ".lrc": b"[00:01.00]Words\n",
    ".json3": JSON3.encode(),
    ".pdf": pdf([Line(50, 500, "Words")]),
    ".epub": epub("T", {"a": "<p>Words</p>"}, ["a"]),
    **dict.fromkeys((".eml", ".mht", ".mhtml"), b"From: a\nMIME-Version: 1.0\nSubject: S\n\nWords\n"),
    ".rtf": rb"{\rtf1\ansi Words\par}",
}


def test_every_format_in_the_table_is_read() -> None:
    suffixes = [suffix for form in FORMATS for suffix in form.suffixes]
    assert sorted(suffixes) == sorted(EXAMPLES)
    for suffix in suffixes:
        assert read(EXAMPLES[suffix], f"a{suffix}").text


def test_only_the_table_names_the_suffixes() -> None:
    room = Path(documents.__file__).parent
    suffixes = {suffix for form in FORMATS for suffix in form.suffixes} - {".json"}  # ours, too
    house = Path(bot.__file__).parent
    for file in house.rglob("*.py"):
        source = file.read_text("utf-8")
        if room not in file.parents and any(f'"{suffix}"' in source for suffix in suffixes):
            words = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
            assert not words & suffixes, f"{file.relative_to(house)} takes them from files/documents/formats.py"


def test_sections_break_at_headings_paragraphs_and_sentences() -> None:
    text = "intro " * 60 + "\n# One\n" + "A sentence. " * 40 + "\n\n" + "文。" * 300 + "x" * 900
    found = sections(text, 500)
    assert all(len(section) <= 500 for section in found)
    assert found[1].startswith("# One")
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(section.endswith("।") for section in sections("कल बारिश होगी। " * 40, 500))


@pytest.mark.parametrize("begin", [b'<?xml version="1.0"?>', b"", b"<x>"])
@pytest.mark.parametrize("part", [b"<?>", b"<!---->"])
def test_what_could_be_the_head_of_a_page_is_looked_at_once(begin: bytes, part: bytes) -> None:
    """Not in each of the 2^n ways in which its parts might end: that would never end."""
    with contextlib.suppress(EmptyDocument):
        assert read(begin + part * 60 + b"< words").text.endswith("words")
