"""Boxes and buttons of forms, which are drawings: whether they are ticked."""

from collections.abc import Sequence

import numpy as np

from bot.files.documents.pdf.fields import TickBox
from bot.files.documents.pdf.fragments import Fragment, Page, turned

_TICKED, _EMPTY = "☑", "☐"


def add_ticks(page: Page, boxes: Sequence[TickBox]) -> None:
    """Put a sign in the place of what is drawn in each box."""
    for edges, ticked in boxes:
        left, top, right, bottom = turned(np.array([edges], np.float32), page.quarter)[0].tolist()
        outside = [
            item
            for item in page.fragments
            if len(item.text) > 1
            or not (left < (item.left + item.right) / 2 < right and top < (item.top + item.bottom) / 2 < bottom)
        ]
        sign = Fragment(_TICKED if ticked else _EMPTY, left, top, right, bottom, bold=False)
        page.fragments = [*outside, sign]
