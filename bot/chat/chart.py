"""A server's bill as a picture: columns by day, bars by kind and person. Pure; draws with Pillow, the extra [charts].

Discord shows it on its dark theme and its light one, so it brings its own dark ground.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # an extra: only there when it was asked for
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, MARGIN = 1000, 40
"""Pixels: twice what Discord shows in a chat, so that it is sharp."""
SIZE, ROW, GAP = 28, 46, 36
"""Pixels of a letter, of a bar with its space, and between two groups."""
LABELS, VALUES = 410, 150
"""Pixels kept for the words before a bar, and the money after it."""
COLUMNS = 220
"""Pixels of the highest column."""
DATE = 100
"""Pixels a date, or the money above a column, takes."""
GROUND, TEXT, FAINT, TRACK = "#1e1f22", "#f2f3f5", "#b5bac1", "#2f3136"
COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7")
"""Okabe and Ito's, which people who see colours otherwise can tell apart, too."""
FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansJP-Regular.ttf",
    "ipaexg.ttf",
    "ipag.ttf",
    "DroidSansFallbackFull.ttf",
    "wqy-zenhei.ttc",
    "segoeui.ttf",
    "YuGothM.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "Hiragino Sans GB.ttc",
    "Arial Unicode.ttf",
)
"""Names of fonts a system may have; Pillow's own knows ASCII only. Together they have most of the world's letters."""
LETTERS = 40
"""Characters of a label looked at."""
DIRECTIONS = {"L", "EN", "ES", "ET", "CS", "ON", "WS"}
"""Of letters that stand in the order they are drawn; for the others a picture would need a typesetter."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words, and others in ASCII for where no font has their letters."""

    words: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: what it is, how long, and what it says at its end."""

    label: Label
    cost: Decimal
    shown: str
    colour: str


@dataclass(frozen=True, slots=True)
class Column:
    """One day, its parts from the ground up with their colours."""

    label: str
    shown: str
    "what it says if it is the highest"
    parts: Sequence[tuple[Decimal, str]]

    @property
    def total(self) -> Decimal:
        return sum((cost for cost, _ in self.parts), Decimal(0))


def available() -> bool:
    """Whether the extra is installed."""
    return find_spec("PIL") is not None


def colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def draw(
    title: Label, columns: Sequence[Column], groups: Sequence[Sequence[Bar]], fonts: Sequence[str] = FONTS
) -> bytes:
    """Return a PNG: a heading, a column for each day, a group of bars for each question.

    `fonts` are tried in order.
    """
    from PIL import Image, ImageDraw

    pen = _Pen(fonts)
    groups = [bars for bars in groups if bars]
    heights = [COLUMNS + 2 * ROW] if columns else []
    heights += [len(bars) * ROW for bars in groups]
    height = 2 * MARGIN + ROW + sum(heights) + GAP * len(heights)
    image = Image.new("RGB", (WIDTH, height), GROUND)
    canvas = ImageDraw.Draw(image)
    top = MARGIN
    pen.write(canvas, (MARGIN, top), WIDTH - 2 * MARGIN, TEXT, title)
    top += ROW + GAP
    if columns:
        _columns(canvas, pen, columns, top)
        top += heights[0] + GAP
    for bars in groups:
        _bars(canvas, pen, bars, top)
        top += len(bars) * ROW + GAP
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _bars(canvas: "ImageDraw", pen: "_Pen", bars: Sequence[Bar], top: int) -> None:
    left, right = MARGIN + LABELS, WIDTH - MARGIN - VALUES
    most = max((bar.cost for bar in bars), default=Decimal(0))
    for bar in bars:
        pen.write(canvas, (MARGIN, top), LABELS - 20, TEXT, bar.label)
        box = (left, top + 6, right, top + ROW - 14)
        canvas.rounded_rectangle(box, 6, fill=TRACK)
        if most and bar.cost:
            end = left + max(8, round((right - left) * float(bar.cost / most)))
            canvas.rounded_rectangle((left, box[1], end, box[3]), 6, fill=bar.colour)
        pen.write(canvas, (right + 20, top), VALUES - 20, FAINT, Label(bar.shown))
        top += ROW


def _columns(canvas: "ImageDraw", pen: "_Pen", columns: Sequence[Column], top: int) -> None:
    ground, pitch = top + ROW + COLUMNS, (WIDTH - 2 * MARGIN) / len(columns)
    most = max(column.total for column in columns)
    every = max(1, -(-DATE * len(columns) // (WIDTH - 2 * MARGIN)))
    for number, column in enumerate(columns):
        left, base = MARGIN + number * pitch, float(ground)
        right = left + pitch * 0.8
        for cost, fill in column.parts:
            height = COLUMNS * float(cost / most) if most else 0.0
            if height:
                canvas.rectangle((left, base - height, right, max(base - height, base - 1)), fill=fill)
            base -= height
        if column.total == most:
            pen.write(
                canvas, (min(round(left), WIDTH - MARGIN - DATE), round(base) - ROW), DATE, FAINT, Label(column.shown)
            )
        if (len(columns) - 1 - number) % every == 0:
            pen.write(canvas, (max(MARGIN, round(right) - DATE + 20), ground + 6), DATE, FAINT, Label(column.label))
    canvas.line((MARGIN, ground, WIDTH - MARGIN, ground), fill=FAINT, width=2)


class _Pen:
    """Writes words in the first font that has all their letters."""

    def __init__(self, fonts: Sequence[str]) -> None:
        from PIL import ImageFont

        self._fonts: list[FreeTypeFont] = []
        for name in fonts:
            try:
                self._fonts.append(ImageFont.truetype(name, SIZE))
            except OSError:
                continue  # this system does not have it
        self._fonts.append(ImageFont.load_default(SIZE))  # pyright: ignore[reportArgumentType] (a size gives FreeType's)

    def write(self, canvas: "ImageDraw", at: tuple[int, int], width: int, fill: str, label: Label) -> None:
        """Write a label, cut to `width` pixels."""
        text = plain(label.words)
        font = self._font(text) if text else None
        if font is None:
            text, font = label.instead, self._fonts[-1]
        shown = text
        while text and font.getlength(shown) > width:
            text = text[:-1]
            shown = f"{text.rstrip()}..."
        canvas.text((at[0], at[1] + SIZE), shown, font=font, fill=fill, anchor="ls")

    def _font(self, text: str) -> "FreeTypeFont | None":
        return next((font for font in self._fonts if all(_has(font, letter) for letter in set(text))), None)


def plain(name: str) -> str:
    """Return a name as one line of letters that can be drawn next to each other; empty when it has none."""
    text = unicodedata.normalize("NFKC", name)[:LETTERS]
    spaced = "".join(" " if letter.isspace() else letter for letter in text)
    line = " ".join("".join(letter for letter in spaced if not _ornament(letter)).split())
    return line if all(unicodedata.bidirectional(letter) in DIRECTIONS for letter in line) else ""


def _ornament(letter: str) -> bool:
    """Whether a name reads the same without: emoji, their variants, control and format characters."""
    return unicodedata.category(letter) in ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn") or "\ufe00" <= letter <= "\ufe0f"


def _has(font: "FreeTypeFont", letter: str) -> bool:
    """Whether the font draws a letter otherwise than one that no font has."""
    return letter == " " or _shape(font, letter) != _shape(font, "\U0010ffff")


def _shape(font: "FreeTypeFont", letter: str) -> bytes:
    return bytes(font.getmask(letter))  # pyright: ignore[reportArgumentType] (a sequence of pixels)
