"""The font that stands in for Chinese, Japanese and Korean ones that a PDF names and does not contain.

PDFium takes the size of a letter from a font of the machine, and drops text whose letters have none: without a CJK
font, vertical Japanese is lost, line by line (findings/pdfium-vertical-without-fonts.sh). `square.ttf` has one square
for every character; tools/make_square_font.py makes it. So a file reads the same on every machine.
"""

import ctypes
from importlib import resources
from typing import Any

from pypdfium2 import PdfSysfontBase

_CJK_CHARSETS = frozenset({128, 129, 130, 134, 136})
"""FXFONT_SHIFTJIS, HANGEUL, JOHAB, GB2312, CHINESEBIG5 of fpdf_sysfontinfo.h."""
_SQUARE_HANDLE = 1


class SquareFont(PdfSysfontBase):
    """Gives PDFium the square font for CJK character sets, and none else, so that it uses those it has built in.

    The callbacks and their arguments are those of FPDF_SYSFONTINFO.
    """

    def __init__(self) -> None:
        super().__init__()
        self._data = resources.files("bot.files.documents.pdf").joinpath("square.ttf").read_bytes()

    def EnumFonts(self, _: Any, pMapper: Any) -> None:
        """Offer none of the machine's fonts."""

    def MapFont(
        self, _: Any, weight: int, bItalic: int, charset: int, pitch_family: int, face: Any, _ignored: Any
    ) -> int | None:
        return _SQUARE_HANDLE if charset in _CJK_CHARSETS else None

    def GetFont(self, _: Any, face: Any) -> None:
        return None

    def GetFontData(self, _: Any, hFont: Any, table: int, buffer: Any, buf_size: int) -> int:
        """Copy the font into a buffer that is large enough; return its size, or 0 for a part of it."""
        if table:
            return 0
        if buffer and buf_size >= len(self._data):
            ctypes.memmove(buffer, self._data, len(self._data))
        return len(self._data)

    def GetFaceName(self, _: Any, hFont: Any, buffer: Any, buf_size: int) -> int:
        return 0

    def GetFontCharset(self, _: Any, hFont: Any) -> int:
        return min(_CJK_CHARSETS)

    def DeleteFont(self, _: Any, hFont: Any) -> None:
        """The font outlives every use."""


def use_square_font() -> None:
    """Have PDFium ask for fonts here. Before the first document; again does nothing."""
    if PdfSysfontBase.SINGLETON is None:
        SquareFont().setup()
