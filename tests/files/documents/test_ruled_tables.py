"""Tables of PDFs whose cells are parted by lines are read cell by cell, however the lines were drawn."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from bot.files.documents.formats import read
from tests.files.documents.pdfs import ACROSS, BOLD, Line, column, pdf

LEFTS, TOPS = (40, 110, 170, 330), (500, 480, 460, 420, 400)
BODY = "The text of this page is long enough to be the body of all of it."
WORDS = [
    *(Line(44, 486, "Month", font=BOLD), Line(114, 486, "Rain in mm", font=BOLD), Line(174, 486, "Remarks", font=BOLD)),
    *(Line(44, 466, "May"), Line(114, 466, "12"), Line(174, 466, "dry")),
    *(Line(44, 446, "June"), Line(114, 446, "7")),
    *(Line(174, 446, "a long remark that is wrapped"), Line(174, 434, "over several lines, and is exem-")),
    *(Line(174, 422, "plary"), Line(44, 406, "Total"), Line(114, 406, "19")),
]
TABLE = (
    "| Month | Rain in mm | Remarks |\n| --- | --- | --- |\n| May | 12 | dry |\n"
    "| June | 7 | a long remark that is wrapped over several lines, and is exemplary |\n| Total | 19 | |"
)


def strokes() -> Iterator[str]:
    yield from (f"{LEFTS[0]} {y} m {LEFTS[-1]} {y} l S" for y in TOPS)
    yield from (f"{x} {TOPS[0]} m {x} {TOPS[-1]} l S" for x in LEFTS)


def thin_areas() -> Iterator[str]:
    yield from (f"{x} {y} {LEFTS[-1] - LEFTS[0]} 0.5 re f" for y in TOPS for x in LEFTS[:1])
    yield from (
        f"{x} {y - height} 0.5 {height} re f" for x in LEFTS for y, height in zip(TOPS, (20, 20, 40, 20), strict=False)
    )


def boxes() -> Iterator[str]:
    for top, bottom in itertools.pairwise(TOPS):
        for left, right in itertools.pairwise(LEFTS):
            yield f"{left} {bottom} {right - left} {top - bottom} re S"


def one_path() -> Iterator[str]:
    yield "2 0 0 2 0 0 cm"
    yield from (f"{LEFTS[0] / 2} {y / 2} m {LEFTS[-1] / 2} {y / 2} l" for y in TOPS)
    yield from (f"{x / 2} {TOPS[0] / 2} m {x / 2} {TOPS[-1] / 2} l" for x in LEFTS)
    yield "S"


@pytest.mark.parametrize("lines", [strokes, thin_areas, boxes, one_path])
def test_cells_are_parted_by_the_lines_between_them(lines: Callable[[], Iterator[str]]) -> None:
    drawn = "q 0.5 w\n" + "\n".join(lines()) + "\nQ\n"
    found = read(pdf([*column(40, 560, BODY), *WORDS, *column(40, 380, BODY)], extra=drawn), "a.pdf").text
    assert found == f"{BODY}\n\n{TABLE}\n\n{BODY}"


def test_what_no_line_parts_is_one_cell() -> None:
    drawn = [f"{x} {y} m {z} {y} l S" for x, y, z in ((40, 500, 330), (40, 480, 330), (110, 460, 330), (40, 440, 330))]
    drawn += [
        f"{x} {y} m {x} {z} l S" for x, y, z in ((40, 500, 440), (110, 480, 440), (330, 500, 440), (220, 480, 440))
    ]
    words = [
        Line(44, 486, "A head above all columns"),
        Line(44, 460, "July"),
        Line(114, 466, "30"),
        Line(224, 466, "wet"),
    ]
    words += [Line(114, 446, "31"), Line(224, 446, "wetter")]
    found = read(pdf([*column(40, 560, BODY), *words], extra="\n".join(drawn) + "\n"), "a.pdf").text
    assert found.endswith(
        "| A head above all columns | | |\n| --- | --- | --- |\n| July | 30 | wet |\n| | 31 | wetter |"
    )


def test_columns_that_stand_close_are_parted_by_a_line() -> None:
    drawn = "\n".join(
        [*(f"40 {y} m 120 {y} l S" for y in (500, 485, 470)), *(f"{x} 500 m {x} 470 l S" for x in (40, 62, 120))]
    )
    words = [Line(42, 489, "abcd"), Line(64, 489, "efgh"), Line(42, 474, "1234"), Line(64, 474, "5678")]
    found = read(pdf([*column(40, 560, BODY), *words], extra=drawn + "\n"), "a.pdf").text
    assert found.endswith("| abcd | efgh |\n| --- | --- |\n| 1234 | 5678 |")


def test_a_frame_around_words_makes_no_table() -> None:
    words = [*column(50, 500, BODY, "It goes on below."), *column(40, 440, BODY)]
    found = read(pdf(words, extra="45 480 340 40 re S\n45 495 m 385 495 l S\n"), "a.pdf").text
    assert "|" not in found


def test_a_page_that_is_laid_out_with_lines_is_none() -> None:
    drawn = "\n".join(
        [*(f"30 {y} m 390 {y} l S" for y in (590, 560, 30)), *(f"{x} 590 m {x} 30 l S" for x in (30, 210, 390))]
    )
    one = ["The words of the left part, and"] * 36
    words = [Line(40, 570, "Left"), Line(220, 570, "Right"), *column(40, 540, *one), *column(220, 540, *one)]
    assert "|" not in read(pdf(words, extra=drawn + "\n"), "a.pdf").text


def test_lines_below_the_rows_alone_part_columns_where_they_end() -> None:
    """As web pages draw them: a line below each cell. The head is above the first, and may be wrapped."""
    drawn = "".join(f"40 {y} 60 0.5 re f\n100 {y} 140 0.5 re f\n" for y in (500, 450, 430))
    words = [
        *(Line(62, 515, "Name", font=BOLD), Line(101, 519, "What it does in the", font=BOLD)),
        *(Line(140, 506, "garden", font=BOLD), Line(42, 470, "Spade"), Line(101, 476, "It digs deep holes")),
        *(Line(101, 463, "for the trees"), Line(42, 436, "Rake"), Line(101, 436, "It makes it flat")),
    ]
    found = read(pdf([*column(40, 560, BODY), *words, *column(40, 400, BODY)], extra=drawn), "a.pdf").text
    table = "| Name | What it does in the garden |\n| --- | --- |\n"
    table += "| Spade | It digs deep holes for the trees |\n| Rake | It makes it flat |"
    assert found == f"{BODY}\n\n{table}\n\n{BODY}"


def test_a_paragraph_above_the_first_line_is_no_head() -> None:
    drawn = "".join(f"40 {y} 60 0.5 re f\n100 {y} 140 0.5 re f\n" for y in (500, 480, 460))
    words = [Line(42, 486, "May"), Line(104, 486, "12"), Line(42, 466, "June"), Line(104, 466, "7")]
    found = read(pdf([*column(40, 506, BODY), *words, *column(40, 400, BODY)], extra=drawn), "a.pdf").text
    assert found == f"{BODY}\n\n| May | 12 |\n| --- | --- |\n| June | 7 |\n\n{BODY}"


def squares(count: int, size: float) -> str:
    end = 20 + count * size
    edges = [20 + number * size for number in range(count + 1)]
    return "\n".join(f"20 {at} m {end} {at} l S\n{at} 20 m {at} {end} l S" for at in edges) + "\n"


def test_squared_paper_is_no_table_whether_it_is_for_drawing_or_for_each_letter() -> None:
    assert read(pdf(column(40, 360, BODY, BODY), extra=squares(75, 5)), "a.pdf").text == f"{BODY} {BODY}"
    rows = ["吾輩は猫である。", "名前はまだ無い。どう"]
    letters = [Line(24 + 20 * place, 405 - 20 * row, letter, 12, ACROSS)
               for row, words in enumerate(rows) for place, letter in enumerate(words)]  # fmt: skip
    assert read(pdf(letters, extra=squares(20, 20)), "a.pdf").text == "\n\n".join(rows)
