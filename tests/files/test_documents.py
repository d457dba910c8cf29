"""Documents of every format become paragraphs, or an error that says why not."""

import ast
import io
from pathlib import Path

import pypdf
import pytest

from bot.errors import BadDocument, DocumentTooLong
from bot.files import documents
from bot.files.documents import FORMATS, MAX_DOCUMENT_CHARACTERS, read, sections

SRT = "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> there\n\n2\n00:00:02,000 --> 00:00:03,000\nHello there\nYou\n"
VTT = (
    "WEBVTT\n\nNOTE a note\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello there\n\n00:02.000 --> 00:03.000\nYou\n"
)


def pdf(text: str) -> bytes:
    """Return a PDF of one page with a line of text."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = io.BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, item in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, item))
    start = out.tell()
    out.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def locked_pdf() -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "title", "text"),
    [
        (b"Hello  there.\r\n\r\n\r\nYou.", "a_text.txt", "a text", "Hello there.\n\nYou."),
        (b"# The title\n\nWords", "a.md", "The title", "# The title\n\nWords"),
        ("\ufeffgrüße".encode(), "", "", "grüße"),
        ("ユーティーエフ".encode("utf-16"), "", "", "ユーティーエフ"),
        ("日本語の文章".encode("cp932"), "", "", "日本語の文章"),
        (SRT.encode(), "film.srt", "film", "Hello there\nYou"),
        (VTT.encode(), "film.vtt", "film", "Hello there\nYou"),
        (pdf("Hello there."), "paper.pdf", "paper", "Hello there."),
    ],
)
def test_what_is_read(data: bytes, name: str, title: str, text: str) -> None:
    found = read(data, name)
    assert (found.title, found.text) == (title, text)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", BadDocument),
        (b" \n -- \n", BadDocument),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), BadDocument),
        (bytes(range(256)) * 10, BadDocument),
        (b"%PDF-1.7\nbroken", BadDocument),
        (pdf(""), BadDocument),
        (locked_pdf(), BadDocument),
        (b"a " * MAX_DOCUMENT_CHARACTERS, DocumentTooLong),
        (b"word " * (MAX_DOCUMENT_CHARACTERS // 4), DocumentTooLong),
    ],
)
def test_what_is_not_read(data: bytes, error: type[BadDocument]) -> None:
    with pytest.raises(error) as raised:
        read(data)
    assert type(raised.value) is error


EXAMPLES = {".txt": b"Words", ".md": b"# Words", ".srt": SRT.encode(), ".vtt": VTT.encode(), ".pdf": pdf("Words")}


def test_every_format_in_the_table_is_read() -> None:
    suffixes = [suffix for form in FORMATS for suffix in form.suffixes]
    assert sorted(suffixes) == sorted(EXAMPLES)
    for suffix in suffixes:
        assert read(EXAMPLES[suffix], f"a{suffix}").text


def test_only_the_table_names_the_suffixes() -> None:
    table = Path(documents.__file__)
    suffixes = {suffix for form in FORMATS for suffix in form.suffixes}
    bot = table.parents[1]
    for file in bot.rglob("*.py"):
        if file != table:
            words = {node.value for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Constant)}
            assert not words & suffixes, f"{file.relative_to(bot)} takes them from files/documents.py"


def test_sections_break_at_headings_paragraphs_and_sentences() -> None:
    text = "intro " * 60 + "\n# One\n" + "A sentence. " * 40 + "\n\n" + "文。" * 300 + "x" * 900
    found = sections(text, 500)
    assert all(len(section) <= 500 for section in found)
    assert found[1].startswith("# One")
    assert "".join("".join(found).split()) == "".join(text.split())
