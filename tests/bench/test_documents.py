"""CPU that 500 pages take to become Markdown, beside what pypdf takes for their bare text; and each other format."""

import io
import random
import time
from collections.abc import Callable

import pypdf
import pytest

from bot.files.documents.formats import read
from tests.bench import BRIEF
from tests.files.documents.packages import docx, epub, odt, p
from tests.files.documents.pdfs import Line, pdf

PAGES = 50 if BRIEF else 500
COPIES = 20 if BRIEF else 200
"""Of a paragraph of 900 characters."""
_WORDS = ("garden", "water", "summer", "record", "weather", "people", "pond", "wind", "rain", "sun", "and", "the")


def pages(lines: int) -> bytes:
    """Return a report with running heads and page numbers; more than six lines a page are too long to be read."""
    words = random.Random(7)

    def page(number: int) -> list[Line]:
        body = [Line(40, 540 - 13 * line, " ".join(words.choices(_WORDS, k=11)) + ".") for line in range(lines)]
        return [Line(150, 580, "REPORT ON GARDENS", 8), *body, Line(190, 20, str(number + 1), 8)]

    return pdf(*(page(number) for number in range(PAGES)))


def cpu(work: Callable[[], object]) -> float:
    """Return the seconds of CPU that `work` takes, the least of three times, or of once where brief."""
    taken: list[float] = []
    for _ in range(1 if BRIEF else 3):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize("lines", [1, 6])
def test_many_pages(figures: dict[str, list[str]], lines: int) -> None:
    data = pages(lines)
    found = read(data, "report.pdf")
    assert "REPORT ON GARDENS" not in found.text
    assert found.text.count(".") == PAGES * lines
    ours = cpu(lambda: read(data, "report.pdf"))
    theirs = cpu(lambda: [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages])
    line = f"{PAGES} pages of {lines} lines, {len(found.text)} characters: {ours:.2f} s, pypdf {theirs:.2f} s"
    figures.setdefault("Documents: CPU of reading", []).append(line)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("docx", lambda text: docx("".join(p(text) for _ in range(COPIES)))),
        ("odt", lambda text: odt(f"<text:p>{text}</text:p>" * COPIES)),
        ("epub", lambda text: epub("T", {"a": f"<p>{text}</p>" * COPIES}, ["a"])),
        ("html", lambda text: f"<!doctype html><body>{f'<p>{text}</p>' * COPIES}</body>".encode()),
        ("md", lambda text: ((text + "\n\n") * COPIES).encode()),
        ("rtf", lambda text: b"{\\rtf1\\ansi " + f"{text}\\par ".encode() * COPIES + b"}"),
    ],
)
def test_many_characters(figures: dict[str, list[str]], name: str, make: Callable[[str], bytes]) -> None:
    text = " ".join(random.Random(7).choices(_WORDS, k=140)) + "."
    data = make(text)
    assert read(data, f"a.{name}").text.count(text) == COPIES
    taken, heard = cpu(lambda: read(data, f"a.{name}")), cpu(lambda: read(data, f"a.{name}", aloud=True))
    line = f"{name}, {COPIES * len(text)} characters: {taken:.2f} s, to be heard {heard:.2f} s"
    figures.setdefault("Documents: CPU of reading", []).append(line)
