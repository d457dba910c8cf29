"""What somebody types for "since when" -> a moment in the past; pure."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

MAX_SINCE_DAYS = 31
"""How far back minutes can reach."""

_UNIT_SECONDS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "秒": 1, "秒間": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60, "分": 60, "分間": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "時間": 3600,
    "d": 86400, "day": 86400, "days": 86400, "日": 86400, "日間": 86400,
    "w": 604800, "week": 604800, "weeks": 604800, "週": 604800, "週間": 604800,
}  # fmt: skip
_UNIT_NAMES = "|".join(sorted(_UNIT_SECONDS, key=len, reverse=True))
_PIECE_PATTERN = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({_UNIT_NAMES})(?![a-z])\s*")
_SHORT_PATTERN = re.compile(r"(\d+)h(\d{1,2})")
_CLOCK_PATTERN = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?:[:.](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?")
_JAPANESE_CLOCK_PATTERN = re.compile(r"(午前|午後)?(\d{1,2})時(?:(\d{1,2})分|(半))?")
_DATE_PATTERN = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_STAMP_PATTERN = re.compile(r"<t:(\d{1,12})(?::[a-z])?>")
_DAYS_AGO = {"today": 0, "yesterday": 1, "今日": 0, "昨日": 1, "きのう": 1, "一昨日": 2, "おととい": 2}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPELLED_OUT = {
    r"\bhalf an hour\b": "30m", r"\ban hour and a half\b": "90m",
    r"\b(?:an|one|the last) (hour|day|minute|week)\b": r"1 \1", r"\b(?:last|past) (hour|day|week)\b": r"1 \1",
    r"\bnoon\b": "12:00", r"\bmidnight\b": "0:00", r"半時間": "30分",
}  # fmt: skip
_FILLERS_PATTERN = re.compile(
    r"\b(?:since|from|ago|for|the|last|past|at|on|and|back|o'clock)\b|,|、|前|から|以降|の|に"
)


def read_since(text: str, now: datetime, local: Callable[[datetime], datetime] = lambda moment: moment) -> datetime:
    """Return the moment that `text` names, before `now` and in its time zone. Raises ValueError.

    Lengths ("1h", "1 h 30 min", "30 minutes", "30": minutes, "1時間半"), times of day ("14:00", "2 pm", "14時": the
    last one there was), days ("yesterday", "monday 14:00", "昨日"), dates ("2026-11-28 14:00", ISO 8601), and Discord's
    timestamps ("<t:1764000000>"). `local` gives a time on the wall the offset of its own day: since then the clocks may
    have been changed for summer or winter.
    """
    typed = unicodedata.normalize("NFKC", text).strip().casefold()
    moment = _moment(typed, now, local)
    if moment > now or now - moment > timedelta(days=MAX_SINCE_DAYS):
        raise ValueError("not in the past month")
    return moment


def _moment(typed: str, now: datetime, local: Callable[[datetime], datetime]) -> datetime:
    if stamp := _STAMP_PATTERN.fullmatch(typed):
        return datetime.fromtimestamp(int(stamp[1]), now.tzinfo)
    if re.match(r"\d{4}-\d\d-\d\dt", typed):
        read = datetime.fromisoformat(typed.upper())
        return (read if read.tzinfo else read.replace(tzinfo=now.tzinfo)).astimezone(now.tzinfo)
    for pattern, plain in _SPELLED_OUT.items():
        typed = re.sub(pattern, plain, typed)
    typed = typed.replace("時間半", "時間30分")
    typed = " ".join(_FILLERS_PATTERN.sub(" ", typed).split())
    if (length := _length(typed)) is not None:
        return now - length
    return local(_time_of_day(typed, now))


def local_time(moment: datetime) -> datetime:
    """Return a time on the wall with the offset that this machine's time zone had then."""
    return moment.replace(tzinfo=None).astimezone()


def _length(typed: str) -> timedelta | None:
    """Return a length of time; None: it is none."""
    if re.fullmatch(r"\d{1,4}", typed):
        return timedelta(minutes=int(typed))
    if short := _SHORT_PATTERN.fullmatch(typed):
        return timedelta(hours=int(short[1]), minutes=int(short[2]))
    found, at = 0.0, 0
    while piece := _PIECE_PATTERN.match(typed, at):
        found += float(piece[1].replace(",", ".")) * _UNIT_SECONDS[piece[2]]
        at = piece.end()
    if not at or at < len(typed) or found > MAX_SINCE_DAYS * 86_400:
        return None
    return timedelta(seconds=found)


def _time_of_day(typed: str, now: datetime) -> datetime:
    """Return a day, a time of day or both. Raises ValueError."""
    day, rest = _day(typed, now)
    if not rest:
        if day is None:
            raise ValueError("nothing that can be read")
        return day
    hour, minute, second = _clock(rest)
    moment = (day or now).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return moment - timedelta(days=1) if day is None and moment > now else moment


def _day(typed: str, now: datetime) -> tuple[datetime | None, str]:
    """Return the beginning of the day that is named, if one is, and what else is typed."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if date := _DATE_PATTERN.match(typed):
        year, month, number = map(int, date.groups())
        return midnight.replace(year=year, month=month, day=number), typed[date.end() :].strip()
    for word, ago in _DAYS_AGO.items():
        if word in typed:
            return midnight - timedelta(days=ago), typed.replace(word, " ", 1).strip()
    for number, name in enumerate(_WEEKDAYS):
        if found := re.search(rf"\b{name[:3]}(?:{name[3:]})?\b", typed):
            ago = (now.weekday() - number) % 7
            return midnight - timedelta(days=ago), f"{typed[: found.start()]} {typed[found.end() :]}".strip()
    return None, typed


def _clock(typed: str) -> tuple[int, int, int]:
    """Return hour, minute and second. Raises ValueError."""
    if japanese := _JAPANESE_CLOCK_PATTERN.fullmatch(typed.replace(" ", "")):
        half, hour, minute, thirty = japanese.groups()
        return _hour(int(hour), {"午前": "am", "午後": "pm"}.get(half or "", "")), 30 if thirty else int(minute or 0), 0
    clock = _CLOCK_PATTERN.fullmatch(typed)
    if clock is None or not (clock[2] or clock[4]):
        raise ValueError("no time of day")
    return _hour(int(clock[1]), (clock[4] or "").replace(".", "")), int(clock[2] or 0), int(clock[3] or 0)


def _hour(hour: int, half: str) -> int:
    if half and not 0 <= hour <= 12:
        raise ValueError("no such hour")
    return hour % 12 + 12 * (half == "pm") if half else hour


def zone_name(moment: datetime) -> str:
    """Return the time zone of a moment as people write it, as UTC or UTC+9."""
    offset = moment.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    name = timezone(offset).tzname(None) or "UTC"  # UTC+09:00
    return re.sub(r":00$", "", re.sub(r"([+-])0", r"\1", name))
