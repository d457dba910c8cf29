"""Which days a text names, told from the day on which it was said; pure. English and Japanese.

Every reading counts: "Friday" is the coming one, the one after it and the last one.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta

Days = tuple[date, date]
"""The first and the last."""

_CALENDAR_MONTHS = re.findall(
    r"\w+", "january february march april may june july august september october november december"
)
_CALENDAR_WEEKDAYS = re.findall(r"\w+", "monday tuesday wednesday thursday friday saturday sunday")
_CALENDAR_ORDINALS = re.findall(
    r"\w+",
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " "
    "sixteenth seventeenth eighteenth nineteenth twentieth",
)
_COUNTS = re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen")
_CALENDAR_KANJI = "〇一二三四五六七八九"

_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if name[3:] else name for name in _CALENDAR_MONTHS)
_NTH, _NTH_OF_TEN = "|".join(_CALENDAR_ORDINALS), "|".join(_CALENDAR_ORDINALS[:9])
_DAY = rf"\d{{1,2}}(?:st|nd|rd|th)?|(?:twenty|thirty)[ -](?:{_NTH_OF_TEN})|{_NTH}|thirtieth"
_COUNT = rf"\d{{1,3}}|{'|'.join(_COUNTS)}|an?|a couple of"
_JA_NUMBER = r"[\d〇一二三四五六七八九十]{1,3}"
_VAGUE_PATTERN = re.compile(
    r"\b(?:soon|later|asap|some ?day|sometime|christmas|easter|holidays?|spring|summer|autumn|fall|winter"
    r"|quarter|semester"
    r"|sprint|release|birthday|new year\w*|next (?:time|meeting|call)|in time|eventually)\b"
    r"|クリスマス|正月|[春夏秋冬]|次回|今度|そのうち|後で|あとで|早めに|なるべく|学期|連休",
    re.ASCII,
)
"""Times that no calendar tells."""

_Reader = tuple[re.Pattern[str], Callable[[re.Match[str], date], Iterator[Days]]]


def named_days(text: str, said: date) -> list[Days] | None:
    """Return the days that a text names; None: it names a time that no calendar tells."""
    plain = _plain(text)
    if _VAGUE_PATTERN.search(plain):
        return None
    days: list[Days] = []
    for pattern, read in _CALENDAR_READERS:
        for found in pattern.finditer(plain):
            days += read(found, said)
        plain = pattern.sub(" ", plain)
    return days


def without_times(text: str) -> str:
    """Return a text without the days and the times of day in it."""
    plain = _plain(text)
    for pattern, _ in _CALENDAR_READERS:
        plain = pattern.sub(" ", plain)
    return _CALENDAR_CLOCK_PATTERN.sub(" ", plain)


_CALENDAR_CLOCK_PATTERN = re.compile(
    r"\b\d{1,2}(?::\d\d){1,2}\b(?:\s*[ap]\.?m\.?)?|\b\d{1,2}\s*(?:[ap]\.?m\b\.?|o'clock)"
    r"|\d{1,2}時(?:\d{1,2}分|半)?|\b20\d\d\b年?",
    re.ASCII,
)


def _iso(found: re.Match[str], said: date) -> Iterator[Days]:
    yield from _on(int(found[1]), int(found[2]), int(found[3]))


def _month_day(found: re.Match[str], said: date) -> Iterator[Days]:
    month = next(n for n, name in enumerate(_CALENDAR_MONTHS, 1) if found["month"].startswith(name[:3]))
    for year in (said.year, said.year + 1):
        yield from _on(year, month, _day(found["day"]))


def _slashed(found: re.Match[str], said: date) -> Iterator[Days]:
    first, second = int(found[1]), int(found[2] or found[3])
    for year in (said.year, said.year + 1):
        yield from _on(year, first, second)
        yield from _on(year, second, first)


def _japanese_day(found: re.Match[str], said: date) -> Iterator[Days]:
    for year in (said.year, said.year + 1):
        yield from _on(year, _kanji(found[1]), _kanji(found[2]))


def _day_alone(found: re.Match[str], said: date) -> Iterator[Days]:
    number = _day(found["day"]) if "day" in found.groupdict() else _kanji(found[1])
    for months in (0, 1):
        first = _months_on(said, months)
        yield from _on(first.year, first.month, number)


def _weekday(found: re.Match[str], said: date) -> Iterator[Days]:
    named = found[1]
    number = "月火水木金土日".index(named) if named in "月火水木金土日" else _CALENDAR_WEEKDAYS.index(named)
    coming = said + timedelta(days=(number - said.weekday()) % 7)
    yield from (_only(coming + timedelta(days=7 * weeks)) for weeks in (-1, 0, 1))


def _weekday_of(found: re.Match[str], said: date) -> Iterator[Days]:
    weeks = {"今週": 0, "来週": 1, "再来週": 2}[found["week"]]
    monday = said - timedelta(days=said.weekday())
    yield _only(monday + timedelta(days=7 * weeks + "月火水木金土日".index(found[2])))


def _near(found: re.Match[str], said: date) -> Iterator[Days]:
    word = found[0]
    steps = next(days for days, words in _NEAR_DAYS.items() if word in words)
    yield _only(said + timedelta(days=steps))


def _after(found: re.Match[str], said: date) -> Iterator[Days]:
    count, unit = _count(found["count"]), found["unit"]
    if unit.startswith(("month", "か月", "ヶ月", "カ月")):
        middle, slack = said + timedelta(days=round(30.4 * count)), 5
    else:
        length = 7 if unit.startswith(("week", "週")) else 1
        middle, slack = said + timedelta(days=length * count), 3 if length > 1 else 1
    yield middle - timedelta(days=slack), middle + timedelta(days=slack)


def _week(found: re.Match[str], said: date) -> Iterator[Days]:
    word = found[0]
    monday = said - timedelta(days=said.weekday())
    weeks = 2 if "after next" in word or "再来週" in word else 1 if "next" in word or "来週" in word else 0
    first = monday + timedelta(days=7 * weeks)
    if "end" in word or "末" in word:  # said on a Saturday, it may be the next one's
        yield first + timedelta(days=4), first + timedelta(days=6 if said.weekday() < 4 else 13)
    else:
        yield first, first + timedelta(days=6)


def _month(found: re.Match[str], said: date) -> Iterator[Days]:
    word = found[0]
    first = _months_on(said, 1 if "next" in word or "来月" in word else 0)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    if "end" in word or "末" in word:
        yield last - timedelta(days=7), last + timedelta(days=1)
    else:
        yield first, last


def _whole_month(found: re.Match[str], said: date) -> Iterator[Days]:
    named = found[1]
    month = _kanji(named) if named[0] in _CALENDAR_KANJI + "十" or named[0].isdigit() else _month_number(named)
    for year in (said.year, said.year + 1):
        if 1 <= month <= 12:
            yield date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _year_end(found: re.Match[str], said: date) -> Iterator[Days]:
    yield date(said.year, 12, 10), date(said.year, 12, 31)


_NEAR_DAYS = {
    -1: ("yesterday", "昨日", "きのう"),
    0: ("today", "tonight", "this morning", "this afternoon", "this evening", "今日", "本日", "今夜", "今晩"),
    1: ("tomorrow", "明日", "あした", "あす", "翌日"),
    2: ("day after tomorrow", "明後日", "あさって"),
}
_NEAR_NAMES = "|".join(sorted((word for words in _NEAR_DAYS.values() for word in words), key=len, reverse=True))


def _bounded(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which kana and kanji bound words and numbers: Japanese has no spaces."""
    return re.compile(pattern, re.ASCII)


_CALENDAR_READERS: tuple[_Reader, ...] = (
    (_bounded(r"\b(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"), _iso),
    (_bounded(rf"\b(?P<month>{_MONTH})\.? (?:the )?(?P<day>{_DAY})\b(?:,? 20\d\d)?"), _month_day),
    (_bounded(rf"\b(?P<day>{_DAY})(?: of)? (?P<month>{_MONTH})\b(?:,? 20\d\d)?"), _month_day),
    (_bounded(rf"({_JA_NUMBER})月({_JA_NUMBER})日"), _japanese_day),
    (_bounded(r"(?<![\d/.])(\d{1,2})(?:/(\d{1,2})(?![\d/])|\.(\d{1,2})\.)"), _slashed),
    (_bounded(rf"\bthe (?P<day>{_DAY})\b"), _day_alone),
    (_bounded(r"\b(?P<day>\d{1,2}(?:st|nd|rd|th))\b"), _day_alone),
    (_bounded(rf"(?<![月\d])({_JA_NUMBER})日(?!間|後|以内)"), _day_alone),
    (_bounded(r"(?P<week>再来週|来週|今週)の?([月火水木金土日])曜日?"), _weekday_of),
    (_bounded(rf"\b({'|'.join(_CALENDAR_WEEKDAYS)})s?\b"), _weekday),
    (_bounded(r"([月火水木金土日])曜日?"), _weekday),
    (_bounded(_NEAR_NAMES), _near),
    (_bounded(rf"\b(?:in|within|for)? ?(?P<count>{_COUNT}) (?P<unit>day|week|month)s?\b"), _after),
    (_bounded(rf"(?P<count>{_JA_NUMBER})(?P<unit>日|週間|か月|ヶ月|カ月)(?:後|以内)"), _after),
    (_bounded(r"(?:end of )?(?:the |this |next )?week(?:end)?\b(?: after next)?|(?:再来|来|今)?週末|再来週|[来今]週"),
     _week),
    (_bounded(r"(?:end of )?(?:the |this |next )month\b|[来今]月末?|月末|月内"), _month),
    (_bounded(rf"\b(?:in|by|until|before|mid|early|late)[ -]({'|'.join(_CALENDAR_MONTHS)})\b"), _whole_month),
    (_bounded(rf"({_JA_NUMBER})月(?![\d〇一二三四五六七八九十]*日)"), _whole_month),
    (_bounded(r"end of (?:the |this )?year|年末|年内"), _year_end),
)  # fmt: skip


def _on(year: int, month: int, day: int) -> Iterator[Days]:
    with suppress(ValueError):  # no such day
        yield _only(date(year, month, day))


def _only(day: date) -> Days:
    return day, day


def _months_on(said: date, months: int) -> date:
    month = said.month - 1 + months
    return date(said.year + month // 12, month % 12 + 1, 1)


def _month_number(name: str) -> int:
    return next(number for number, known in enumerate(_CALENDAR_MONTHS, 1) if known.startswith(name[:3]))


def _day(text: str) -> int:
    if digits := re.match(r"\d+", text):
        return int(digits[0])
    if text in _CALENDAR_ORDINALS:
        return _CALENDAR_ORDINALS.index(text) + 1
    tens, _, rest = text.replace("-", " ").partition(" ")
    return (20 if tens.startswith("twent") else 30) + (_CALENDAR_ORDINALS.index(rest) + 1 if rest else 0)


def _count(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text in _COUNTS:
        return _COUNTS.index(text)
    return 2 if text.endswith("of") else 1 if text.startswith("a") else _kanji(text)


def _kanji(text: str) -> int:
    """Return 23 for 二十三, 23 or 二三."""
    if text.isdecimal():
        return int(text)
    tens, ten, rest = text.partition("十")
    if ten:
        return 10 * (_kanji(tens) if tens else 1) + (_kanji(rest) if rest else 0)
    return int("".join(str(_CALENDAR_KANJI.index(one)) if one in _CALENDAR_KANJI else one for one in text) or 0)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
