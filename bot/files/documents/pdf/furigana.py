"""Readings that stand in small kana above ideographs -> words in brackets after them: 会議（かいぎ）"""

import re
from collections import defaultdict

from bot.files.documents.pdf.fragments import Fragment

_KANA_READING = re.compile(r"^[\u3041-\u30ff・]+$")
_HAN = re.compile(r"[\u3400-\u9fff々〆ヶ\uf900-\ufaff]")
_READING_SIZE = 0.7
"""Readings are smaller than this share of what they stand above; usually half of it."""
_FARTHEST = 0.9
"""How far above its line a reading stands at most, in its own height."""


def attach_readings(fragments: list[Fragment]) -> list[Fragment]:
    """Return the fragments with each reading put into the line below it."""
    readings: defaultdict[int, list[Fragment]] = defaultdict(list)
    taken: set[int] = set()
    lines = {id(item): item for item in fragments if _HAN.search(item.text)}
    for small in fragments:
        if lines and _KANA_READING.match(small.text):
            below = (line for line in lines.values() if _stands_above(small, line))
            if (base := next(below, None)) is not None:
                readings[id(base)].append(small)
                taken.add(id(small))
    for key, found in readings.items():
        base = lines[key]
        for small in sorted(found, key=lambda item: -item.left):
            place = _end_of_base(base, small)
            base.text = f"{base.text[:place]}（{small.text}）{base.text[place:]}"
    return [item for item in fragments if id(item) not in taken]


def _stands_above(small: Fragment, line: Fragment) -> bool:
    middle = (small.left + small.right) / 2
    return (
        small.height < line.height * _READING_SIZE
        and line.left - small.height <= middle <= line.right + small.height
        and -0.6 * small.height <= line.top - small.bottom <= _FARTHEST * small.height
    )


def _end_of_base(line: Fragment, small: Fragment) -> int:
    """Return where in the line's text the ideographs end that a reading stands above; they are evenly spaced."""
    count = len(line.text)
    width = max(line.right - line.left, 1.0) / count
    first = max(0, round((small.left - line.left) / width))
    place = min(count, max(first + 1, round((small.right - line.left) / width)))
    ends = [
        at for at in range(1, count + 1) if _HAN.match(line.text[at - 1]) and not _HAN.match(line.text[at : at + 1])
    ]
    nearest = min(ends, key=lambda at: abs(at - place), default=place)
    return nearest if abs(nearest - place) <= 2 else place
