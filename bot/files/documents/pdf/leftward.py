"""Hebrew and Arabic on a page: letters in the order in which they are read, and in boxes as high as their line.

Programs that shape Arabic say beside the shapes which letters they are (ActualText). The library puts those letters in
the order in which they were drawn, in boxes of the shapes alone; the two letters of one shape it turns about
(findings/pdfium-alef-before-lam.sh).
"""

import ctypes
import re

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from bot.files.documents.scripts import LEFTWARD

_RUN = re.compile(rf"(?:(?![\u0660-\u066c\u06f0-\u06f9]){LEFTWARD.pattern}){{2,}}")
"""Without the digits of Arabic and Persian, which run from left to right."""
_ALEF_LAM = re.compile("[\u0622\u0623\u0625\u0627\u0671]\u0644")
_ASCENT, _DESCENT = 0.93, 0.24
"""Of the usual fonts, in shares of their size."""
_LEAST_HEIGHT = 0.9
"""The boxes of lines are higher than this share of the letters' size, those of shapes mostly lower."""


def as_read(text_page: pypdfium2.PdfTextPage, text: str, boxes: np.ndarray) -> str:
    """Return a page's characters in the order of reading, and make their boxes as high as their lines."""
    found = [match.start() for match in LEFTWARD.finditer(text)]
    if not found:
        return text
    _heighten(text_page, found, boxes)
    letters = list(text)
    for run in _RUN.finditer(text):
        start, end = run.span()
        steps = np.diff(boxes[start:end, 0] + boxes[start:end, 2])
        if (steps > 0).mean() > 0.5:
            letters[start:end] = letters[start:end][::-1]
            boxes[start:end] = boxes[start:end][::-1].copy()
    for pair in _ALEF_LAM.finditer("".join(letters)):
        start, end = pair.span()
        if np.array_equal(boxes[start], boxes[start + 1]):
            letters[start:end] = letters[start:end][::-1]
    return "".join(letters)


def _heighten(text_page: pypdfium2.PdfTextPage, found: list[int], boxes: np.ndarray) -> None:
    """Give letters the boxes of a line where the library tells those of shapes."""
    raw, x, y, matrix = text_page.raw, ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    for index in found:
        pdfium.FPDFText_GetMatrix(raw, index, matrix)
        size = pdfium.FPDFText_GetFontSize(raw, index) * abs(matrix.d)
        if not matrix.b and boxes[index, 1] - boxes[index, 3] < size * _LEAST_HEIGHT:
            pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
            boxes[index, 1], boxes[index, 3] = y.value + _ASCENT * size, y.value - _DESCENT * size
