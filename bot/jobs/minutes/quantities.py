"""Which numbers are said in a text, in digits or in words: a claim names none that its lines do not. Pure.

English and Japanese. Of lines, every reading counts ("three fifty": 3, 50, 350); of a claim, only what is certain.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_NUMBER_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_SINGLE: dict[str, int] = {
    **{word: value for value, word in enumerate(_NUMBER_SMALL.split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), 2)},
}
_LOOSE: dict[str, float] = {
    **{word: value for value, word in enumerate(_NUMBER_ORDINALS.split())},
    **{f"{word}th": value for word, value in _SINGLE.items() if value > 12},
    **{"twentieth": 20, "thirtieth": 30, "once": 1, "twice": 2, "double": 2, "triple": 3, "couple": 2, "pair": 2,
       "both": 2, "dozen": 12, "half": 0.5, "quarter": 0.25, "noon": 12, "midnight": 0, "oh": 0},
}  # fmt: skip
"""Words that name a number in lines only."""
_NUMBER_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "k": 1_000,
    "grand": 1_000,
    "million": 10**6,
    "m": 10**6,
    "billion": 10**9,
}
_NUMBER_KANJI = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "両": 2}
_KANJI_SCALES = {"十": 10, "百": 100, "千": 1_000}
_KANJI_GROUPS = {"万": 10_000, "億": 10**8}
_KANJI_PATTERN = re.compile(
    r"[\d.,〇零一二三四五六七八九十百千万億]*[〇零一二三四五六七八九十百千万億][〇零一二三四五六七八九十百千万億]*"
)
_CERTAIN_KANJI_PATTERN = re.compile(rf"(?:{_KANJI_PATTERN.pattern})(?=[円人個台本枚冊脚回件名社度割%％]|時間|分|票|つ)")
_NUMBER_WORD_PATTERN = re.compile(r"\d+(?:[.,]\d+)*|[a-z]+|[^\sa-z\d]")
_DIGITS_PATTERN = re.compile(
    r"(?<![a-z\d.,])\d+(?:[.,]\d+)*(?:\s*(k|m|thousand|million|hundred|billion|万|千|億)\b|([万千億]))?"
)
_POINT_PATTERN = re.compile(rf"\b({'|'.join(_SINGLE)}) point ({'|'.join(_SINGLE)})\b")
_HOUR_PATTERN = re.compile(
    r"(?<![\d:])(\d{1,2}):\d\d\b|\b(\d{1,2})\s*(?:[ap]\.?m\b|o'clock)|(?<!\d)(\d{1,2})時(?!間)", re.ASCII
)
_DURATION_PATTERN = re.compile(r"\b(?:hour|minute)s?\b|時間|\d分", re.ASCII)
_NUMBER_JOINTS = frozenset({"and", "a", "-", "‐", "–"})
_PM_HOURS = 12


def unsaid(claim: str, lines: Iterable[str]) -> bool:
    """Whether a claim names a number that no line does. What dates say is not for here: strip them first."""
    wanted = set(_certain(_plain(claim)))
    return bool(wanted) and not wanted <= set(_heard(_plain(" . ".join(lines))))


def unsaid_hour(claim: str, lines: Iterable[str]) -> bool:
    """Whether a claim names a time of day whose hour no line does; "quarter to four" is 15:45."""
    said = _plain(" . ".join(lines))
    hours = {(int(found[0] or found[1] or found[2]), found[0] != "") for found in _HOUR_PATTERN.findall(_plain(claim))}
    if not hours or _DURATION_PATTERN.search(said):
        return False
    known = set(_heard(said))
    return any(hour not in known and not (digital and hour + 1 in known) for hour, digital in hours)


def _certain(text: str) -> Iterator[float]:
    """Yield the numbers that a claim states; "one" and "first" mean too much, and are left out."""
    for found in _DIGITS_PATTERN.finditer(text):
        scale = found[1] or found[2]
        number = _number(re.match(r"[\d.,]+", found[0])[0])  # type: ignore[index] (it begins so)
        if number is not None:
            yield number * (
                _NUMBER_SCALES.get(scale or "") or {"万": 10_000, "千": 1_000, "億": 10**8}.get(scale or "", 1)
            )
    for values in _runs(text, _SINGLE):
        total = _added(values)
        if total is not None and total > 1:
            yield total
    for found in _CERTAIN_KANJI_PATTERN.findall(text):
        number = _japanese(found)
        if number is not None and number > 1 and not found.isascii():
            yield number


def _heard(text: str) -> Iterator[float]:
    """Yield all numbers that may be meant."""
    known: set[float] = set()
    for found in _DIGITS_PATTERN.finditer(text):
        pieces = re.findall(r"\d+", found[0])
        known.update(float(piece) for piece in pieces)
    for token in re.findall(r"\d+(?:[.,]\d+)*", text):
        if (number := _number(token)) is not None:
            known.add(number)
    known.update(_certain(text))
    for values in _runs(text, {**_SINGLE, **_LOOSE}):
        known.update(float(value) for value in values if not isinstance(value, str))
        known.update(filter(None, (_added(values),)))
        plain = [value for value in values if not isinstance(value, str)]
        for at in range(1, len(values)):
            first, second = _added(values[:at]), _added(values[at:])
            if first is not None and second is not None:
                known.update((100 * first + second, first + second / 100, first + second, first * second))
        scaled = [_NUMBER_SCALES[value] for value in values if isinstance(value, str)]
        halves = (0.0, 0.5) if 0.5 in plain else (0.0,)
        known.update((value + half) * scale for value in plain for half in halves for scale in (1, *scaled))
        if len(plain) > 2 and all(value == int(value) and value < 10 for value in plain):  # digits, one by one
            known.add(float("".join(str(int(value)) for value in plain)))
    for whole, part in _POINT_PATTERN.findall(text):
        known.add(_SINGLE[whole] + _SINGLE[part] / 10)
    for found in _KANJI_PATTERN.findall(text):
        known.update(filter(None, (_japanese(found),)))
        known.update(float(_NUMBER_KANJI[one]) for one in found if one in _NUMBER_KANJI)
    yield from known
    yield from (value + _PM_HOURS for value in known if value <= _PM_HOURS)  # "at three": 15:00
    yield from (value - _PM_HOURS for value in known if _PM_HOURS < value <= 2 * _PM_HOURS)
    yield from (value * 60 for value in known if value < 1)  # half an hour
    if "minute" in text or "分" in text:
        yield from (value / 60 for value in known)  # ninety of them: 1.5 hours
    yield from (0.0, 30.0) if "half" in text or "半" in text else (0.0,)


def _runs(text: str, words: dict[str, float] | dict[str, int]) -> Iterator[list[float | str]]:
    """Yield the numbers in words that stand side by side, with their scales."""
    run: list[float | str] = []
    for token in _NUMBER_WORD_PATTERN.findall(text):
        if token in words:
            run.append(words[token])
        elif run and token in _NUMBER_SCALES and token not in ("k", "m"):
            run.append(token)
        elif not (run and token in _NUMBER_JOINTS):
            if run:
                yield run
            run = []
    if run:
        yield run


def _added(values: list[float | str]) -> float | None:
    """Return what a run of number words adds up to."""
    total = part = 0.0
    for value in values:
        if isinstance(value, str):
            part = max(part, 1.0) * _NUMBER_SCALES[value]
            if _NUMBER_SCALES[value] >= 1_000:
                total, part = total + part, 0.0
        elif part and part % 100 and (value >= 10 or part % 10):  # "three fifty" is no sum
            if not (20 <= part % 100 < 100 and part % 10 == 0 and value < 10):  # "twenty one" is
                return None
            part += value
        else:
            part += value
    return total + part


def _japanese(text: str) -> float | None:
    total, group, digits = 0.0, 0.0, ""
    for character in text:
        if character in _NUMBER_KANJI or character.isdigit() or character in ".,":
            digits += str(_NUMBER_KANJI.get(character, character))
        elif character in _KANJI_SCALES:
            group += (_number(digits) or 1.0) * _KANJI_SCALES[character]
            digits = ""
        else:
            group = (group + (_number(digits) or 0.0)) or 1.0
            total, group, digits = total + group * _KANJI_GROUPS[character], 0.0, ""
    rest = _number(digits) if digits else 0.0
    return None if rest is None else total + group + rest


def _number(text: str) -> float | None:
    """Return 1200 for "1,200" and 1.5 for "1.5" or "1,5"."""
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", text.strip(",.")).replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
