"""PDFs become Markdown as somebody would read them aloud."""

import io
import re
from collections.abc import Sequence
from typing import Any, cast

import pypdf
import pytest
from pypdf.generic import FloatObject, NameObject, NumberObject

from bot.errors import DamagedDocument, EmptyDocument, LockedDocument, ScannedDocument
from bot.files.documents.document import Note
from bot.files.documents.formats import read
from bot.files.documents.scripts import folded
from tests.files.documents.pdfs import ACROSS, BOLD, DOWN, LAM_ALEF, SHAPES, Line, column, filled, locked, pdf

LEFT = ("The left column begins", "and goes on here and", "ends in this line.")
RIGHT = ("The right column follows", "with other words and", "has the last word.")
COLUMNS = f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def text(*pages: Sequence[Line]) -> str:
    return read(pdf(*pages), "a.pdf").text


def rowwise(left: Sequence[str], right: Sequence[str], y: float = 500) -> list[Line]:
    """Return two columns, drawn row by row."""
    return [
        line
        for number, (one, other) in enumerate(zip(left, right, strict=True))
        for line in (Line(40, y - 13 * number, one), Line(220, y - 13 * number, other))
    ]


@pytest.mark.parametrize(
    "page",
    [
        [*column(40, 500, *LEFT), *column(220, 500, *RIGHT)],
        [*column(220, 500, *RIGHT), *column(40, 500, *LEFT)],
        rowwise(LEFT, RIGHT),
        [*column(40, 500, *LEFT), *column(220, 494, *RIGHT)],
    ],
    ids=["drawn in order", "drawn right first", "drawn row by row", "on other base lines"],
)
def test_columns_are_read_one_after_the_other(page: list[Line]) -> None:
    assert text(page) == COLUMNS


def test_a_title_across_the_columns_comes_before_them_and_a_line_below_after_them() -> None:
    below = "A line of the same size that goes on across both of the columns and ends."
    page = [Line(40, 540, "A Title That Spans Both Columns", 18), *rowwise(LEFT, RIGHT), Line(40, 440, below)]
    assert text(page) == f"# A Title That Spans Both Columns\n\n{COLUMNS}\n\n{below}"


def test_a_sentence_goes_on_in_the_next_column_and_on_the_next_page() -> None:
    left, right = (
        ("The sentence begins here", "and then it goes on over"),
        ("to the right column and", "to the next page, where"),
    )
    found = text(rowwise(left, right), column(40, 500, "it ends after all."))
    assert found == f"{' '.join(left)} {' '.join(right)} it ends after all."


def test_narrow_columns_whose_words_are_cut_are_no_table() -> None:
    left = ("The gardens", "were exam-", "ples of extra-", "ordinary care", "and know-", "ledge then.")
    right = ("Water ran in", "every direc-", "tion of the or-", "chard, and no-", "body counted", "it at all.")
    found = text(rowwise(left, right))
    assert found == (
        "The gardens were examples of extraordinary care and knowledge then.\n\n"
        "Water ran in every direction of the orchard, and nobody counted it at all."
    )


def test_what_was_filled_into_a_form_stands_where_it_was_filled_in() -> None:
    page = column(40, 500, "Name:", "Where the garden is:", step=40)
    found = read(filled(pdf(page), (160, 500, "Anna Beispiel"), (160, 460, "Behind the house")), "a.pdf").text
    assert all(words in found for words in ("Anna Beispiel", "Behind the house"))
    assert found.index("Name:") < found.index("Anna") < found.index("Where") < found.index("Behind")


def test_ticked_and_empty_boxes_stand_before_their_words() -> None:
    page = [*column(40, 540, *BODY), Line(70, 500, "I am a member."), Line(70, 470, "I want letters.")]
    found = read(filled(pdf(page), (40, 500, True), (40, 470, False)), "a.pdf").text
    assert found.endswith("☑ I am a member.\n\n☐ I want letters.")


def test_a_box_over_words_takes_none_of_them_and_one_that_is_hidden_is_not_there() -> None:
    page = [*column(40, 540, *BODY), Line(70, 500, "I am a member."), Line(70, 470, "I want letters.")]
    writer = pypdf.PdfWriter(io.BytesIO(filled(pdf(page), (68, 500, True), (40, 470, False))))
    wide, hidden = (note.get_object() for note in cast(list[Any], writer.pages[0]["/Annots"]))
    wide["/Rect"][2] = FloatObject(200)
    hidden[NameObject("/F")] = NumberObject(2)
    writer.write(out := io.BytesIO())
    assert read(out.getvalue(), "a.pdf").text.endswith("☑ I am a member.\n\nI want letters.")


def test_a_table_is_kept_as_a_table() -> None:
    page = [
        line
        for number, row in enumerate((("Month", "Rain", "Sun"), ("May", "12", "200"), ("June", "7", "240")))
        for line in (Line(40 + 90 * place, 500 - 15 * number, cell) for place, cell in enumerate(row))
    ]
    prose = column(40, 560, "A text stands above it, and it is long enough to be one line of prose.")
    assert text([*prose, *page]).endswith(
        "| Month | Rain | Sun |\n| --- | --- | --- |\n| May | 12 | 200 |\n| June | 7 | 240 |"
    )


def numbered_page(number: int, last: int) -> list[Line]:
    end = "." if number == last else ""
    return [
        *column(150, 580, "ANNUAL REPORT 2025 - Garden Society", size=8),
        *column(
            40,
            550,
            f"Part {number} tells of the beds and of the water which",
            f"runs on to the next page so that it{end}",
        ),
        *column(40, 60, f"{number}  See the almanac of 1911, p. 44.", size=7),
        *column(190, 25, str(number), size=8),
    ]


@pytest.mark.parametrize("count", [2, 3, 6])
def test_running_heads_page_numbers_and_footnotes_stay_out_of_the_sentence(count: int) -> None:
    sentence, *notes = text(*(numbered_page(number, count) for number in range(1, count + 1))).split("\n\n")
    parts = (
        f"Part {number} tells of the beds and of the water which runs on to the next page so that it"
        for number in range(1, count + 1)
    )
    assert sentence == " ".join(parts) + "."
    assert notes == [f"[^{number}]: See the almanac of 1911, p. 44." for number in range(1, count + 1)]


def test_a_page_whose_only_line_is_like_the_others_keeps_it() -> None:
    found = text(*(column(40, 550, f"Page {number} has one line.") for number in range(5)))
    assert found.count("has one line.") == 5


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("The gardeners of the well-", "known society met."), "The gardeners of the well-known society met."),
        (("They made an exam-", "ple of it."), "They made an example of it."),
        (("It is a state-of-the-", "art pump."), "It is a state-of-the-art pump."),
        (("The years 2019-", "2024 were dry."), "The years 2019-2024 were dry."),
        (("An Anglo-", "American garden."), "An Anglo-American garden."),
        (("The e-mail came; another e-", "mail went."), "The e-mail came; another e-mail went."),
    ],
)
def test_a_hyphen_goes_only_where_it_cuts_a_word(lines: tuple[str, str], expected: str) -> None:
    assert text(column(40, 500, *lines)) == expected


def test_a_word_cut_by_the_end_of_a_page_is_whole() -> None:
    assert (
        text(column(40, 40, "It was an extraor-"), column(40, 550, "dinary year.")) == "It was an extraordinary year."
    )


def test_japanese_lines_are_joined_without_a_space() -> None:
    lines = ("会議は九時に始まります。青い", "フォルダーを忘れないで", "ください。")
    assert text(column(40, 500, *lines, size=12, step=16, font=ACROSS)) == "".join(lines)


def test_vertical_japanese_is_read_from_right_to_left() -> None:
    """Its font is in no file, and on hardly any machine."""
    page = [Line(300, 500, "会議は九時に始まり", 12, DOWN), Line(280, 500, "ます。青いフォル", 12, DOWN)]
    assert text([page[0], page[1]]) == text([page[1], page[0]]) == "会議は九時に始まります。青いフォル"


def test_furigana_stand_in_brackets_after_their_word() -> None:
    page = [Line(40, 500, "会議は九時に始まります。", 12, ACROSS), Line(43, 512.5, "かいぎ", 6, ACROSS)]
    assert text(page) == "会議（かいぎ）は九時に始まります。"


def test_ligatures_soft_hyphens_and_radicals_are_written_as_usual() -> None:
    assert folded("o\ufb03ce so\u00adft ⼈⽣ ︒") == "office soft 人生 。"
    assert folded("ك\ufe77ت\ufe76ب\ufc60") == "ك\u0640\u064eت\u064eب\u064e\u0651"


def test_text_on_its_side_is_read_in_order() -> None:
    side = [
        Line(200, 300, "A page that is turned", matrix="0 1 -1 0"),
        Line(213, 300, "on its side.", matrix="0 1 -1 0"),
    ]
    assert text(side) == "A page that is turned on its side."
    turned = read(pdf(column(40, 400, "A page that is rotated", "has a second line."), rotate=90)).text
    assert turned == "A page that is rotated has a second line."


def test_lists_and_paragraphs_are_told_apart() -> None:
    found = text(
        column(
            40, 550, "First paragraph has a first line that is long and", "its last sentence ends here.", "",
            "A second paragraph starts here after a gap and has", "a list:",
            "- one thing", "- two things", "1. One", "2. Two",
        )
    )  # fmt: skip
    assert found == (
        "First paragraph has a first line that is long and its last sentence ends here.\n\n"
        "A second paragraph starts here after a gap and has a list:\n\n- one thing\n- two things\n\n1. One\n2. Two"
    )


def test_headings_have_levels_by_their_size_and_weight() -> None:
    body = "The text of this section is long enough to be the body of all of it."
    page = [
        *column(40, 560, "The Title", size=20), *column(40, 530, "A Section", size=14), *column(40, 510, body),
        *column(40, 480, "A Part in Bold", font=BOLD), *column(40, 460, body),
    ]  # fmt: skip
    assert text(page) == f"# The Title\n\n## A Section\n\n{body}\n\n### A Part in Bold\n\n{body}"


def test_the_text_of_a_slide_is_no_heading_though_it_is_larger_than_that_of_others() -> None:
    points = ["Rain falls on the garden,", "and on the house behind it,", "so that nobody goes out,", "until it ends."]
    slide = [Line(40, 560, "Weather", 30), *column(40, 500, *points, size=18, step=22)]
    notes = column(40, 560, *["What the speaker says takes many small lines on a page of its own."] * 9)
    assert text(slide, notes).startswith(f"# Weather\n\n{' '.join(points)}\n\n")


def test_a_large_bullet_makes_no_heading() -> None:
    body = "The text of this section is long enough to be the body of all of it."
    assert text([Line(40, 500, "\u2022 Cups", 14), *column(40, 460, body, body)]).startswith("- Cups\n")


@pytest.mark.parametrize(("gap", "expected"), [(2.3, "A quotation of tea"), (0.5, "Aquotation of tea")])
def test_a_gap_between_words_is_a_space_though_none_is_written(gap: float, expected: str) -> None:
    assert text([Line(40, 500, "A"), Line(46.67 + gap, 500, "quotation of tea")]) == expected


def test_a_file_that_breaks_off_is_said_to_be_cut() -> None:
    whole = pdf(column(40, 500, *LEFT))
    assert not read(whole, "a.pdf").notes
    end = whole.index(b"trailer")
    for left in (whole[:end], whole[:end].replace(b"/Catalog", b"/Gone"), whole + b"9 0 obj<</A 1>>endobj 10 0 o"):
        found = read(left, "a.pdf")
        assert (found.text, found.notes) == (" ".join(LEFT), (Note("cut", "a.pdf"),))
    with pytest.raises(DamagedDocument):
        read(whole[:300], "a.pdf")


def test_the_outline_names_the_chapters() -> None:
    pages = [
        column(40, 550, title, "It was so. And then it was not", "any more.")
        for title in ("One Bright Day", "The Rain")
    ]
    found = read(pdf(*pages, title="untitled", outline=[("One Bright Day", 0), ("The Rain", 1)]), "my_story.pdf")
    assert found.outline == ("One Bright Day", "The Rain")
    assert found.text.startswith("# One Bright Day\n\nIt was so.")
    assert "\n\n# The Rain\n\nIt was so." in found.text


@pytest.mark.parametrize("title", ["", "untitled", "Untitled 3", "Microsoft Word - draft.docx", "draft.indd", "無題"])
def test_the_name_of_the_file_comes_before_a_title_that_is_none(title: str) -> None:
    page = pdf(column(40, 550, "Words."), title="" if title == "無題" else title)
    assert read(page, "my_story.pdf").title == "my story"
    assert read(pdf(column(40, 550, "Words."), title="The Real Title"), "my_story.pdf").title == "The Real Title"


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256"])
def test_an_empty_password_needs_none(algorithm: str) -> None:
    assert read(locked(pdf(column(40, 500, "Hello there.")), "", algorithm)).text == "Hello there."


def test_each_cause_has_its_own_error() -> None:
    page = pdf(column(40, 500, "Hello there."))
    with pytest.raises(LockedDocument):
        read(locked(page, "secret"))
    with pytest.raises(DamagedDocument):
        read(b"%PDF-1.7\nbroken")
    with pytest.raises(EmptyDocument):
        read(pdf([]))
    for scanned in (pdf([], extra="40 40 300 400 re f\n"), pdf([Line(40, 500, "\ue001\ue002\ue003", font=ACROSS)])):
        with pytest.raises(ScannedDocument):
            read(scanned)


def test_pages_that_are_pictures_alone_are_named() -> None:
    found = read(pdf(column(40, 500, "Hello there."), [], [], extra="40 40 300 300 re f\n"))
    assert [(note.code, note.detail) for note in found.notes] == [("unread_pages", "2–3")]


BODY = ("The beds are dug in the autumn and the water is let", "in from the pond in the spring.")


@pytest.mark.parametrize(
    "numbers",
    [("1", "2", "3"), ("i", "ii", "iii"), ("Page 1 of 3", "Page 2 of 3", "Page 3 of 3"), ("- 1 -", "- 2 -", "- 3 -")],
)
def test_page_numbers_go_and_the_same_words_on_every_page_stay(numbers: Sequence[str]) -> None:
    found = text(*([*column(40, 550, *BODY), *column(190, 20, number, size=9)] for number in numbers))
    assert found == "\n\n".join([" ".join(BODY)] * 3)


def test_running_heads_may_alternate_from_page_to_page() -> None:
    heads = ("The Garden Book", "Chapter One: Soil")
    pages = [[*column(40, 580, heads[n % 2], size=8), *column(40, 550, *BODY)] for n in range(6)]
    assert text(*pages) == "\n\n".join([" ".join(BODY)] * 6)


def test_a_letter_keeps_its_parts() -> None:
    page = [*column(250, 570, "Ann Example", "London"), *column(40, 500, "Dear Bob,", "", *BODY, "", "Yours,", "Ann")]
    assert text(page) == f"Ann Example London\n\nDear Bob,\n\n{' '.join(BODY)}\n\nYours, Ann"


def test_a_heading_above_a_table_is_none_of_its_rows() -> None:
    rows = [("Introduction", "3"), ("Method", "7"), ("Results", "12")]
    cells = [Line(x, 540 - 15 * n, cell) for n, row in enumerate(rows) for x, cell in zip((40, 330), row, strict=True)]
    found = text([*column(40, 565, "Contents", size=16), *cells])
    assert found == "# Contents\n\n| Introduction | 3 |\n| --- | --- |\n| Method | 7 |\n| Results | 12 |"


def test_a_centred_title_a_list_and_a_small_table_stand_in_one_column() -> None:
    """As LibreOffice writes a letter: few lines cross the middle of the page, and bullets stand well apart."""
    first, last = (
        "The meeting begins at nine, and everybody brings what was asked for.",
        "The end, in a line as long as that.",
    )
    cells = ("Month", "Rain", "", "", "May, with its", "12", "frost", "", "", "", "June", "7")
    page = [
        Line(150, 570, "The Garden in October", 18, BOLD),
        Line(40, 540, "First chapter", 14, BOLD),
        *column(40, 520, first),
        *column(52, 500, "•", "•", "•"),
        *column(76, 500, "one thing", "two things", "three things"),
        *(Line(40 + 150 * (cell % 2), 450 - 13 * (cell // 2), words) for cell, words in enumerate(cells) if words),
        *column(40, 340, last),
    ]
    assert text(page).split("\n\n") == [
        *("# The Garden in October", "## First chapter", first),
        "- one thing\n- two things\n- three things",
        "| Month | Rain |\n| --- | --- |\n| May, with its frost | 12 |\n| June | 7 |",
        last,
    ]


def test_stretched_lines_are_none_of_the_columns_beside_them() -> None:
    columns = (
        ("The gardeners met at", "five and went", "home when it was late"),
        ("again the next day to", "see whether every", "plant had been watere"),
        ("d, which it was not, s", "o that they all", "had to begin once more"),
    )
    page: list[Line] = []
    for number, lines in enumerate(columns):
        left = 40 + number * 119
        for row, line in enumerate(lines):
            words = line.split() if row == 1 else [line]
            gap = (110 - 5 * sum(map(len, words))) / max(1, len(words) - 1)
            x = float(left)
            for word in words:
                page.append(Line(x, 500 - 13 * row - 5 * (number == 0), word, font=SHAPES))
                x += 5 * len(word) + gap
    assert text(page).split() == " ".join(line for lines in columns for line in lines).split()


@pytest.mark.parametrize("cells", [("Orchards", "Litres"), ("Bed", "Orchard", "410")])
def test_a_row_as_wide_as_the_caption_of_its_table_is_no_stretched_line(cells: tuple[str, ...]) -> None:
    gap = (120 - 5 * sum(map(len, cells))) / (len(cells) - 1)
    places = [40 + sum(5 * len(cell) + gap for cell in cells[:n]) for n in range(len(cells))]
    rows = [Line(x, 487 - 13 * n, cell, font=SHAPES) for n in range(3) for x, cell in zip(places, cells, strict=True)]
    page = [Line(40, 500, "Rain of each bed in June", font=SHAPES), *rows]
    assert text(page).count(f"| {' | '.join(cells)} |") == 3


def test_a_table_beside_running_text_is_read_apart_from_it() -> None:
    left = (
        "The northern beds got more",
        "water than anybody in the",
        "society had expected, but",
        "the others had none.",
    )
    cells = [("Month", "Rain", "Sun"), ("May", "12", "200"), ("June", "7", "240")]
    table = [
        Line(x, 496 - 17 * n, cell) for n, row in enumerate(cells) for x, cell in zip((220, 280, 330), row, strict=True)
    ]
    assert text([*column(40, 500, *left), *table]) == (
        f"{' '.join(left)}\n\n| Month | Rain | Sun |\n| --- | --- | --- |\n| May | 12 | 200 |\n| June | 7 | 240 |"
    )


def test_what_names_the_columns_of_a_table_on_each_page_is_no_running_head() -> None:
    def page(number: int) -> list[Line]:
        rows = [("Place", "Keeper", "Litres"), *((f"Bed {number}{n}", "Ann", f"{n}") for n in range(3))]
        return [
            Line(x, 560 - 22 * n, cell)
            for n, row in enumerate(rows)
            for x, cell in zip((40, 160, 280), row, strict=True)
        ]

    assert text(*map(page, range(3))).startswith("| Place | Keeper | Litres |")


def test_a_running_head_of_three_parts_above_three_columns_names_none_of_them() -> None:
    def page(number: int) -> list[Line]:
        head = zip((40, 160, 280), ("Vol. 12", "Garden News", f"Page {number}"), strict=True)
        lines = ("the beds are dug in", "May and the water is", "let in from the pond", "by all who are there")
        return [Line(x, 560, part) for x, part in head] + [
            line for x in (40, 160, 280) for line in column(x, 540, *lines)
        ]

    found = text(*map(page, range(3, 6)))
    assert "Garden News" not in found and "Page" not in found and found.count("the beds are dug") == 9


@pytest.mark.parametrize(
    ("initial", "line", "word"),
    [
        ("T", "he gardeners met in June", "The gardeners"),
        ("T", "HE GARDENERS met in June", "THE GARDENERS"),
        ("A", "garden is here", "A garden"),
        ("Q", "What did the gardeners do", "Q What did"),
    ],
)
def test_an_initial_begins_its_first_word(initial: str, line: str, word: str) -> None:
    below = [Line(62, 487, "when the water was low"), *column(40, 474, "and the garden was dry,", "as they all said.")]
    found = text([Line(40, 478, initial, 30), Line(62, 500, line), *below])
    assert found.startswith(word) and found.endswith("low and the garden was dry, as they all said.")


@pytest.mark.parametrize("name", ["Baker", "BAKER"])
def test_the_letter_beside_a_part_of_an_index_is_none_of_its_first_word(name: str) -> None:
    found = text(
        [Line(40, 478, "B", 30), *column(62, 500, f"{name}, Ann 12", "Beech, Bob 7", "Birch, Eve 9", "Boll 1")]
    )
    assert name in found and f"B{name}" not in found


def test_an_initial_begins_its_line_though_their_boxes_overlap() -> None:
    below = column(62, 487, "when the water was low", "and the garden was dry,", "as they all said.")
    found = text([Line(40, 478, "T", 30), Line(50, 500, "he gardeners met in June"), *below])
    assert found.startswith("The gardeners met in June when")


def test_a_watermark_across_every_page_is_none_of_its_lines() -> None:
    mark = Line(80, 380, "DRAFT", 90, matrix="0.707 0.707 -0.707 0.707")
    pages = [[*column(40, 500, *BODY, *BODY), mark] for _ in range(3)]
    found = text(*pages)
    assert "DRAFT" not in found
    assert found.count(BODY[0]) == 6


def test_what_stands_upright_on_every_page_is_told_once() -> None:
    heads = [Line(40 + 20 * n, 420, word, matrix="0 1 -1 0") for n, word in enumerate(("Rainfall", "Sunshine"))]
    found = text(*([*column(40, 560, *BODY, *BODY), *heads] for _ in range(3)))
    assert found.count("Rainfall") == found.count("Sunshine") == 1


@pytest.mark.parametrize(
    ("before", "number", "after"), [("dated with ", "14", "C and found"), ("now take ", "1", "/2 cup of it")]
)
def test_raised_numbers_that_begin_a_word_are_no_marks_of_footnotes(before: str, number: str, after: str) -> None:
    drawn = f"BT 40 500 Td /F1 10 Tf ({before}) Tj /F1 6 Tf 4 Ts ({number}) Tj /F1 10 Tf 0 Ts ({after}) Tj ET\n"
    page = pdf(column(40, 440, *BODY), extra=drawn)
    assert f"{before}{number}{after}" in read(page, "a.pdf", aloud=True).text


def test_powers_are_kept_where_marks_of_footnotes_are_left_out() -> None:
    page = [
        Line(40, 500, "So E = mc"),
        Line(86.6, 504, "2", 6),
        Line(40, 480, "It was said before"),
        Line(122, 484, "4", 6),
    ]
    found = read(pdf([*page, *column(40, 440, *BODY)]), "a.pdf", aloud=True).text
    assert "E = mc²" in found
    assert "said before " in found.replace("\n", " ") and "4" not in found


def test_a_footnote_after_a_short_name_is_no_power() -> None:
    page = [
        *(Line(40, 500, "It was so in the EU"), Line(123.8, 504, "2", 6)),
        *(Line(40, 480, "They had 5 km"), Line(105.6, 484, "2", 6)),
    ]
    notes = column(40, 60, "2 See the almanac.", size=7)
    found = read(pdf([*page, *column(40, 440, *BODY), *notes]), "a.pdf").text
    assert "EU[^2]" in found and "km²" in found


def test_columns_of_hebrew_are_read_from_right_to_left() -> None:
    right, left = (
        ["הגנים נפגשו בבוקר", "כאשר המים היו", "מעטים מאוד."],
        ["ואחר כך הלכו", "כולם הביתה עם", "הרשימות שלהם."],
    )
    page = [
        *column(40, 500, *(line[::-1] for line in left), font=SHAPES),
        *column(240, 500, *(line[::-1] for line in right), font=SHAPES),
    ]
    assert text(page) == f"{' '.join(right)}\n\n{' '.join(left)}"


@pytest.mark.parametrize("words", ["اجتمع في عام ٢٠٢٦ هنا", "في سال ۲۰۲۶ اینجا", "ص١٢٣٤", "اجتمع ٣٫١٤ هنا"])
def test_numbers_within_arabic_and_persian_keep_their_order(words: str) -> None:
    drawn = re.sub(r"[\d٫]+", lambda number: number.group()[::-1], words)[::-1]
    assert text([Line(40, 500, drawn, font=SHAPES)]) == words


def test_the_two_letters_of_an_arabic_shape_stand_in_their_order() -> None:
    words = "يبدأ الاجتماع في الساعة"
    assert text([Line(40, 500, words.replace("لا", LAM_ALEF)[::-1], font=SHAPES)]) == words


def test_letters_that_are_told_beside_their_shapes_are_in_the_order_of_reading() -> None:
    """As Chromium writes Arabic: the shapes from left to right, and their letters as one text."""
    told = "".join(f"{ord(letter):04x}" for letter in "في الساعة")
    span = f"/Span <</ActualText <feff{told}>>> BDC\n"
    page = Line(40, 500, "في الساعة"[::-1], font=SHAPES)
    found = read(pdf([page], extra=span).replace(b"Tj ET\nendstream", b"Tj ET EMC\nendstream"), "a.pdf").text
    assert found == "في الساعة"


def test_what_is_hardly_smaller_than_the_text_is_a_power_where_it_is_raised() -> None:
    page = [Line(40, 500, "It is 20 m"), Line(86.2, 503.5, "2", 8.5), Line(94, 500, "large")]
    assert text([*page, *column(40, 440, *BODY)]).startswith("It is 20 m² large")


def test_numbers_of_a_list_that_have_no_stop_get_one() -> None:
    listed = [
        *(Line(40, 480, "1 dig the bed"), Line(40, 467, "2 sow the seed and water it, every evening, until it")),
        *(Line(52, 454, "rains again for a week"), Line(40, 441, "3 wait")),
    ]
    found = text([*column(40, 520, *BODY), *listed])
    assert found.endswith(
        "1. dig the bed\n2. sow the seed and water it, every evening, until it rains again for a week\n3. wait"
    )
    parts = column(40, 480, "1 Water", "The beds are dug in the autumn.", "2 Trees", "They are cut in the winter.")
    assert "1. Water" not in text(parts)
    prose = ("In that year there was a list on which", "1 house was entered by those who live in it, and", "2 sheds.")
    assert text(column(40, 480, *prose)) == " ".join(prose)


def test_the_head_of_a_table_that_goes_on_over_pages_is_said_once() -> None:
    rows = [("Name", "Sum"), *((f"Person {number}", str(number)) for number in range(1, 7))]

    def page(cells: list[tuple[str, str]]) -> list[Line]:
        return [
            Line(x, 560 - 15 * y, cell) for y, row in enumerate(cells) for x, cell in zip((40, 140), row, strict=True)
        ]

    found = text(page(rows[:4]), page([rows[0], *rows[4:]]))
    assert found == "\n".join(
        ["| Name | Sum |", "| --- | --- |", *(f"| {name} | {number} |" for name, number in rows[1:])]
    )


@pytest.mark.parametrize("title", ["Untitled document", "Untitled presentation\0"])
def test_a_title_that_means_none_is_none(title: str) -> None:
    assert read(pdf(column(40, 500, *BODY), title=title), "my_story.pdf").title == "my story"
