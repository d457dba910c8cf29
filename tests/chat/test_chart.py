"""The picture of a bill: it decodes, its bars are as long as their share, and no name breaks it."""

import io
import struct
from decimal import Decimal

import pytest
from PIL import Image

from bot.chat import chart
from bot.chat.chart import Bar, Column, Label


def colours(png: bytes) -> dict[str, int]:
    """Return how many pixels have each colour."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    found = image.getcolors(1 << 20) or []
    return {"#{:02x}{:02x}{:02x}".format(*colour): count for count, colour in found if isinstance(colour, tuple)}


def bar(words: str, cost: str, colour: str, instead: str = "") -> Bar:
    return Bar(Label(words, instead), Decimal(cost), f"${cost}", colour)


def test_bars_and_columns_are_as_large_as_their_share() -> None:
    red, blue = chart.colour(0), chart.colour(1)
    days = [Column("11-01", "$3", [(Decimal(1), red), (Decimal(2), blue)]), Column("11-02", "$0", [])]
    png = chart.draw(
        Label("$3"), days, [[bar("answers", "2", chart.colour(2)), bar("summaries", "1", chart.colour(3))]]
    )
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">I", png[16:20]) == (chart.WIDTH_PX,)
    seen = colours(png)
    for more, less in ((blue, red), (chart.colour(2), chart.colour(3))):
        assert 1.9 < seen[more] / seen[less] < 2.1
    assert seen[chart.BACKGROUND_COLOUR] > sum(seen[colour] for colour in (red, blue)), "it brings its own dark ground"


def test_nothing_spent_is_no_column_and_no_bar() -> None:
    png = chart.draw(Label("$0"), [Column("11-01", "$0", [])], [[bar("answers", "0", chart.colour(0))], []])
    assert chart.colour(0) not in colours(png)


def test_the_smallest_sums_are_drawn_too() -> None:
    tiny = [(Decimal("0.000001"), chart.colour(0)), (Decimal(1), chart.colour(1)), (Decimal("0.0001"), chart.colour(2))]
    png = chart.draw(
        Label("$1"),
        [Column("11-01", "$1", tiny)],
        [[bar("a", "1", chart.TEXT_COLOUR), bar("b", "0.000001", chart.TEXT_COLOUR)]],
    )
    assert chart.colour(1) in colours(png)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Ada", "Ada"),
        ("  A\u202ed\na\x00 ", "Ad a"),
        ("★Ada🎧\ufe0f", "Ada"),
        ("Ａｄａ", "Ada"),
        ("聞き手", "聞き手"),
        ("שלום", ""),
        ("Z\u0328\u0330\u0331a", ""),
        ("🎧", ""),
        ("x" * 5000, "x" * chart.MAX_LABEL_CHARACTERS),
    ],
)
def test_a_name_becomes_one_line_of_letters(name: str, drawn: str) -> None:
    assert chart.plain(name) == drawn


@pytest.mark.parametrize("name", ["聞き手", "Ünal", "한국어", "שלום", "\ue000", ""])
def test_what_no_font_has_is_never_shown_as_boxes(name: str) -> None:
    """Without the system's fonts there is Pillow's own, of ASCII: the same picture as with the number alone."""
    group = [bar(name, "1", chart.colour(0), instead="#1")]
    assert chart.draw(Label("$1"), [], [group], fonts=()) == chart.draw(
        Label("$1"), [], [[bar("#1", "1", chart.colour(0))]], fonts=()
    )


def test_a_long_name_stays_clear_of_its_bar() -> None:
    png = chart.draw(Label(""), [], [[bar("W" * 40, "0", chart.colour(0))]], fonts=())
    image = Image.open(io.BytesIO(png))
    strip = image.crop(
        (chart.MARGIN_PX + chart.LABEL_WIDTH_PX - 10, 0, chart.MARGIN_PX + chart.LABEL_WIDTH_PX, image.height)
    )
    assert strip.getcolors() == [(strip.width * strip.height, tuple(bytes.fromhex(chart.BACKGROUND_COLOUR[1:])))]
