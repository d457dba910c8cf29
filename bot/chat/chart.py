"""A server's costs as a picture: columns by day, bars by kind and person. Pure; draws with Pillow, the extra [charts].

Discord shows the picture on a dark or a light theme, so it has a dark background of its own.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # an extra: not always installed
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH_PX, MARGIN_PX = 1000, 40
"""Twice what Discord shows in a chat, to stay sharp on dense screens."""
FONT_SIZE_PX, ROW_HEIGHT_PX, GROUP_GAP_PX = 28, 46, 36
"""Height of the font, height of a bar with its spacing, and the gap between two groups."""
LABEL_WIDTH_PX, VALUE_WIDTH_PX = 410, 150
"""Width of the words before a bar, and of the amount after it."""
COLUMN_HEIGHT_PX = 220
"""Height of the highest column."""
DATE_WIDTH_PX = 100
"""Width of a date, and of the amount above a column."""
BACKGROUND_COLOUR, TEXT_COLOUR, FAINT_COLOUR, TRACK_COLOUR = "#1e1f22", "#f2f3f5", "#b5bac1", "#2f3136"
CHART_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7")
"""The palette of Okabe and Ito, which colour-blind people can tell apart too."""
FONT_FILES = (
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
"""Fonts that a system may have; together they cover most of the world's scripts. Pillow's own has ASCII only."""
MAX_LABEL_CHARACTERS = 40
"""Characters of a label that are drawn at most."""
LEFT_TO_RIGHT_CLASSES = {"L", "EN", "ES", "ET", "CS", "ON", "WS"}
"""Bidirectional classes (Unicode) that are drawn in reading order. Others would need a text shaping engine."""


@dataclass(frozen=True, slots=True)
class Label:
    """Text, and an ASCII fallback for when no font has its characters."""

    text: str
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length, and the text at its end."""

    label: Label
    cost: Decimal
    shown: str
    colour: str


@dataclass(frozen=True, slots=True)
class Column:
    """One day: its parts with their colours, from the bottom up."""

    label: str
    shown: str
    "the text above it, if it is the highest"
    parts: Sequence[tuple[Decimal, str]]

    @property
    def total(self) -> Decimal:
        return sum((cost for cost, _ in self.parts), Decimal(0))


def available() -> bool:
    """Whether the extra is installed."""
    return find_spec("PIL") is not None


def colour(number: int) -> str:
    return CHART_COLOURS[number % len(CHART_COLOURS)]


def draw(
    title: Label, columns: Sequence[Column], groups: Sequence[Sequence[Bar]], fonts: Sequence[str] = FONT_FILES
) -> bytes:
    """Return a PNG: a heading, a column for each day, and groups of bars.

    `fonts` are tried in order.
    """
    from PIL import Image, ImageDraw

    pen = _Pen(fonts)
    groups = [bars for bars in groups if bars]
    heights = [COLUMN_HEIGHT_PX + 2 * ROW_HEIGHT_PX] if columns else []
    heights += [len(bars) * ROW_HEIGHT_PX for bars in groups]
    height = 2 * MARGIN_PX + ROW_HEIGHT_PX + sum(heights) + GROUP_GAP_PX * len(heights)
    image = Image.new("RGB", (WIDTH_PX, height), BACKGROUND_COLOUR)
    canvas = ImageDraw.Draw(image)
    top = MARGIN_PX
    pen.write(canvas, (MARGIN_PX, top), WIDTH_PX - 2 * MARGIN_PX, TEXT_COLOUR, title)
    top += ROW_HEIGHT_PX + GROUP_GAP_PX
    if columns:
        _columns(canvas, pen, columns, top)
        top += heights[0] + GROUP_GAP_PX
    for bars in groups:
        _bars(canvas, pen, bars, top)
        top += len(bars) * ROW_HEIGHT_PX + GROUP_GAP_PX
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _bars(canvas: "ImageDraw", pen: "_Pen", bars: Sequence[Bar], top: int) -> None:
    left, right = MARGIN_PX + LABEL_WIDTH_PX, WIDTH_PX - MARGIN_PX - VALUE_WIDTH_PX
    most = max((bar.cost for bar in bars), default=Decimal(0))
    for bar in bars:
        pen.write(canvas, (MARGIN_PX, top), LABEL_WIDTH_PX - 20, TEXT_COLOUR, bar.label)
        box = (left, top + 6, right, top + ROW_HEIGHT_PX - 14)
        canvas.rounded_rectangle(box, 6, fill=TRACK_COLOUR)
        if most and bar.cost:
            end = left + max(8, round((right - left) * float(bar.cost / most)))
            canvas.rounded_rectangle((left, box[1], end, box[3]), 6, fill=bar.colour)
        pen.write(canvas, (right + 20, top), VALUE_WIDTH_PX - 20, FAINT_COLOUR, Label(bar.shown))
        top += ROW_HEIGHT_PX


def _columns(canvas: "ImageDraw", pen: "_Pen", columns: Sequence[Column], top: int) -> None:
    ground, pitch = top + ROW_HEIGHT_PX + COLUMN_HEIGHT_PX, (WIDTH_PX - 2 * MARGIN_PX) / len(columns)
    most = max(column.total for column in columns)
    every = max(1, -(-DATE_WIDTH_PX * len(columns) // (WIDTH_PX - 2 * MARGIN_PX)))
    for number, column in enumerate(columns):
        left, base = MARGIN_PX + number * pitch, float(ground)
        right = left + pitch * 0.8
        for cost, fill in column.parts:
            height = COLUMN_HEIGHT_PX * float(cost / most) if most else 0.0
            if height:
                canvas.rectangle((left, base - height, right, max(base - height, base - 1)), fill=fill)
            base -= height
        if column.total == most:
            pen.write(
                canvas,
                (min(round(left), WIDTH_PX - MARGIN_PX - DATE_WIDTH_PX), round(base) - ROW_HEIGHT_PX),
                DATE_WIDTH_PX,
                FAINT_COLOUR,
                Label(column.shown),
            )
        if (len(columns) - 1 - number) % every == 0:
            pen.write(
                canvas,
                (max(MARGIN_PX, round(right) - DATE_WIDTH_PX + 20), ground + 6),
                DATE_WIDTH_PX,
                FAINT_COLOUR,
                Label(column.label),
            )
    canvas.line((MARGIN_PX, ground, WIDTH_PX - MARGIN_PX, ground), fill=FAINT_COLOUR, width=2)


class _Pen:
    """Writes text in the first font that has all its characters."""

    def __init__(self, fonts: Sequence[str]) -> None:
        from PIL import ImageFont

        self._fonts: list[FreeTypeFont] = []
        for name in fonts:
            try:
                self._fonts.append(ImageFont.truetype(name, FONT_SIZE_PX))
            except OSError:
                continue  # not installed on this system
        self._fonts.append(ImageFont.load_default(FONT_SIZE_PX))  # pyright: ignore[reportArgumentType] (a size gives FreeType's)

    def write(self, canvas: "ImageDraw", at: tuple[int, int], width: int, fill: str, label: Label) -> None:
        """Write a label, cut to `width` pixels."""
        text = plain(label.text)
        font = self._font(text) if text else None
        if font is None:
            text, font = label.fallback, self._fonts[-1]
        shown = text
        while text and font.getlength(shown) > width:
            text = text[:-1]
            shown = f"{text.rstrip()}..."
        canvas.text((at[0], at[1] + FONT_SIZE_PX), shown, font=font, fill=fill, anchor="ls")

    def _font(self, text: str) -> "FreeTypeFont | None":
        return next((font for font in self._fonts if all(_has(font, letter) for letter in set(text))), None)


def plain(name: str) -> str:
    """Return a name as one line of characters that can be drawn side by side; empty when that is not possible."""
    text = unicodedata.normalize("NFKC", name)[:MAX_LABEL_CHARACTERS]
    spaced = "".join(" " if letter.isspace() else letter for letter in text)
    line = " ".join("".join(letter for letter in spaced if not _ornament(letter)).split())
    return line if all(unicodedata.bidirectional(letter) in LEFT_TO_RIGHT_CLASSES for letter in line) else ""


def _ornament(letter: str) -> bool:
    """Whether a name reads the same without it: emoji, variation selectors, control and format characters."""
    return unicodedata.category(letter) in ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn") or "\ufe00" <= letter <= "\ufe0f"


def _has(font: "FreeTypeFont", letter: str) -> bool:
    """Whether the font has the character: it draws it differently from one that no font has."""
    return letter == " " or _shape(font, letter) != _shape(font, "\U0010ffff")


def _shape(font: "FreeTypeFont", letter: str) -> bytes:
    return bytes(font.getmask(letter))  # pyright: ignore[reportArgumentType] (a sequence of pixels)
