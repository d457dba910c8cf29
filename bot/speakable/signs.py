"""Signs and figures -> the words that are said for them, in English and Japanese; pure."""

import re
from collections.abc import Callable

KANA_LETTER = re.compile(r"[\u3041-\u30ff]")
KANJI = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"\b(?:the|is|of|and|you|it|are|that|with|this|for|to|was|not|they|have|about)\b", re.IGNORECASE)
_FIGURE = r"\d+(?:\.\d+)?"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_CURRENCIES = {
    "$": ("dollar", "dollars", "ドル"),
    "€": ("euro", "euros", "ユーロ"),
    "£": ("pound", "pounds", "ポンド"),
    "¥": ("yen", "yen", "円"),
    "￥": ("yen", "yen", "円"),
}
_SCALES = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion", "t": "trillion"}
_UNITS = {
    "km²": ("square kilometers", "平方キロメートル"),
    "cm²": ("square centimeters", "平方センチメートル"),
    "mm²": ("square millimeters", "平方ミリメートル"),
    "m²": ("square meters", "平方メートル"),
    "cm³": ("cubic centimeters", "立方センチメートル"),
    "m³": ("cubic meters", "立方メートル"),
    "m/s²": ("meters per second squared", "メートル毎秒毎秒"),
    "km/h": ("kilometers per hour", "キロメートル毎時"),
    "m/s": ("meters per second", "メートル毎秒"),
    "km": ("kilometers", "キロメートル"),
    "cm": ("centimeters", "センチメートル"),
    "mm": ("millimeters", "ミリメートル"),
    "kg": ("kilograms", "キログラム"),
    "ms": ("milliseconds", "ミリ秒"),
    "kB": ("kilobytes", "キロバイト"),
    "MB": ("megabytes", "メガバイト"),
    "GB": ("gigabytes", "ギガバイト"),
    "°C": ("degrees Celsius", "度"),
    "℃": ("degrees Celsius", "度"),
    "°F": ("degrees Fahrenheit", "度（華氏）"),
    "°": ("degrees", "度"),
    "%": ("percent", "パーセント"),
    "％": ("percent", "パーセント"),
}
_DASHES = "[-–—~〜～]"
_DASH = rf"\s?{_DASHES}\s?(?!0\d)"
_MONEY_RANGE = re.compile(
    rf"([$€£¥￥])\s?({_FIGURE})(?:{_DASH}\1|{_DASHES})(?={_FIGURE}(?:\s?(?:k|m|bn|b|t)\b|(?![\w-])))", re.I
)
_SCALED_RANGE = re.compile(
    rf"([$€£¥￥])\s?({_FIGURE})\s?(k|m|bn|b|t)(?:{_DASH}\1|{_DASHES})(?={_FIGURE}\s?(k|m|bn|b|t)\b)", re.I
)
_UNIT_RANGE = re.compile(
    rf"(?<![\d.])({_FIGURE})\s?({'|'.join(map(re.escape, _UNITS))}){_DASH}({_FIGURE}\s?\2)(?![A-Za-z/])"
)
_TERMS = r"(?:[\d\s^+/×÷()$€£¥%−–-]|[.,](?=\d)){0,120}"
_EQUATION = re.compile(rf"(?<![\w.])[$€£¥(]?\d{_TERMS}[=≈]{_TERMS}\d")
"""Where a dash is no range."""
_YEARS = re.compile(rf"[$€£¥(]?({_FIGURE})\s?[-–]\s?({_FIGURE})\)?\s*[=≈]\s*\d")
"""1914-1918 = 4, if the first is the smaller one: a range and its length, for a difference would be below zero."""
_JAPANESE_SCORE = re.compile(
    rf"(?<![\d.-])(\d{{1,2}})\s?{_DASHES}\s?(?=\d{{1,2}}で(?:[快完圧辛]?勝|[惜完]?敗|負|逆転|引き分|リード|先行))"
    rf"|(?<=スコアは)(\d{{1,2}})\s?{_DASHES}\s?(?=\d{{1,2}}(?![\d-]))"
)
_MINUS = r"(?<=[\d)%])\s?[{}]\s?(?=[(\d$€£¥])"
_ABOUT = re.compile(r"(?<![\w~])~\s?(?=[$€£¥]?\d)")
_FRACTIONS = {
    "½": ("one half", "2分の1"),
    "¼": ("one quarter", "4分の1"),
    "¾": ("three quarters", "4分の3"),
    "⅓": ("one third", "3分の1"),
    "⅔": ("two thirds", "3分の2"),
    "⅛": ("one eighth", "8分の1"),
}
_MIXED = re.compile(rf"(?<=\d)\s?(?=[{''.join(_FRACTIONS)}])")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
_CARET = re.compile(r"\^(?:[23]|\{[23]\})(?![A-Za-z0-9_^]|\.\d)")
_EXPONENT = r"([-−]?\d{1,4}(?:\.\d{1,4})?|[a-z])"
_POWER = re.compile(
    rf"(?<=[\dA-Za-z\u0370-\u03ff)])(?<![A-Za-z]{{3}})"
    rf"(?:\^(?:\{{{_EXPONENT}\}}|\({_EXPONENT}\)|{_EXPONENT})"
    rf"|([²³]|(?<=[\d)])(?!¹(?![{_SUPERSCRIPTS}]))[{_SUPERSCRIPTS}]{{1,4}}))(?![{_SUPERSCRIPTS}A-Za-z0-9])"
)
"""Of a number, a bracket or a name of one or two letters: behind a word stands the mark of a footnote."""
_SPOKEN_SIGNS = {
    "&": ("and", "と"),
    "=": ("equals", "イコール"),
    "≈": ("about", "約"),
    "≠": ("is not", "ノットイコール"),
    "≤": ("at most", "以下"),
    "≥": ("at least", "以上"),
    "×": ("times", "かける"),
    "÷": ("divided by", "割る"),
    "±": ("plus or minus", "プラスマイナス"),
}
_COMPARISONS = {"<": ("is less than", "小なり"), ">": ("is greater than", "大なり")}
_COMPARISON = re.compile(r"(?<=\d)\s?[<>]\s?(?=\d|[A-Za-z]\b)|(?:(?<=\b[A-Za-z])(?:\s[<>]\s|[<>]))(?=\d)")
"""Of a figure with another, or with a quantity of one letter: not `Windows 11 > Settings`, nor `I <3 you`."""


def words_for_signs(text: str, language: str | None) -> Callable[[str], str] | None:
    code = language.split("-")[0].lower() if language else ""
    if KANA_LETTER.search(text) or (code == "ja" and KANJI.search(text)):
        return _in_japanese
    if code == "en" or (not code and _ENGLISH.search(text)):
        return _in_english
    return None


def _unit_at_the_end(text: str) -> str:
    """$5–$10 and $5–10 -> 5–$10, 5 km–10 km -> 5–10 km."""
    return _UNIT_RANGE.sub(r"\1–\3", _MONEY_RANGE.sub(r"\2–\1", text))


def _differences(text: str, minus: str) -> str:
    """10 - 3 = 7 -> 10 minus 3 = 7; 10 - 3 alone may be a range, but not with a minus sign."""
    text = _EQUATION.sub(lambda found: _equation(found[0], minus), text)
    return re.sub(_MINUS.format("−"), minus, text)


def _equation(text: str, minus: str) -> str:
    years = _YEARS.match(text)
    return text if years and float(years[1]) < float(years[2]) else re.sub(_MINUS.format("–-"), minus, text)


def _scaled(found: re.Match[str]) -> str:
    """$5k-$10k -> 5–$10k, $500k-$1M -> 500 thousand to $1M."""
    sign, figure, one, other = found.groups()
    return f"{figure}–{sign}" if one.lower() == other.lower() else f"{figure} {_SCALES[one.lower()]} to {sign}"


def _powers(text: str, said: Callable[[str], str]) -> str:
    figures = str.maketrans(_SUPERSCRIPTS, "0123456789-")
    return _POWER.sub(lambda found: said(next(filter(None, found.groups())).translate(figures)), text)


def _without_commas(text: str) -> str:
    """1,234,567 -> 1234567."""
    return re.sub(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda found: found[0].replace(",", ""), text)


def _in_english(text: str) -> str:
    text = re.sub(r"\b(\d{4})-(\d{2})-(\d{2})\b", _english_date, text)
    text = _SCALED_RANGE.sub(_scaled, _without_commas(text))
    text = _unit_at_the_end(_differences(text, " minus "))
    text = _ABOUT.sub("about ", text)
    for sign, (one, many, _) in _CURRENCIES.items():
        pattern = rf"(?i){re.escape(sign)}\s?({_FIGURE})(?:\s?(k|m|bn|b|t)\b|\s(thousand|million|billion|trillion)\b)?"
        text = re.sub(pattern, lambda found, one=one, many=many: _english_money(found, one, many), text)
    text = _MIXED.sub(" and ", _units(text, 0, " "))
    text = _powers(text, lambda power: {"2": " squared", "3": " cubed"}.get(power, f" to the power of {power}"))
    text = re.sub(rf"(\b\d\d?:\d\d)\s?{_DASHES}\s?(?=\d\d?:\d\d\b)", r"\1 to ", text)
    text = re.sub(rf"(?<![\w.-])({_FIGURE}){_DASH}({_FIGURE})(?![\w-])", r"\1 to \2", text)
    text = re.sub(rf"(?<![\w)])[-−]({_FIGURE})\b", r"minus \1", text)
    text = re.sub(r"#(\d+)\b", r"number \1", text)
    text = re.sub(r"\s*(?:→|⇒|->|=>)\s*", ", ", text)
    return _signs(text, 0, " ")


def _in_japanese(text: str) -> str:
    text = re.sub(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", lambda f: f"{f[1]}年{int(f[2])}月{int(f[3])}日", text)
    text = _JAPANESE_SCORE.sub(lambda found: f"{found[1] or found[2]}対", _without_commas(text))
    text = _unit_at_the_end(_differences(text, "引く"))
    text = re.sub(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])", _japanese_time, text)
    for sign, (_, _, name) in _CURRENCIES.items():
        text = re.sub(rf"{re.escape(sign)}\s?({_FIGURE}(?:[万億兆千]*))", rf"\1{name}", text)
    text = _MIXED.sub("と", _units(text, 1, ""))
    text = _powers(text, lambda power: f"の{power}乗")
    text = re.sub(rf"(?<![\d.-])({_FIGURE}[円年月日時分人個回歳]?){_DASH}(?={_FIGURE}(?![\d-]))", r"\1から", text)
    text = re.sub(rf"(?<![\dA-Za-z)])[-−]({_FIGURE})", r"マイナス\1", text)
    text = re.sub(r"#(\d+)", r"\1番", text)
    text = re.sub(r"\s*(?:→|⇒|->|=>)\s*", "、", text)
    return _signs(text, 1, "")


def _english_date(found: re.Match[str]) -> str:
    month = int(found[2])
    return f"{_MONTHS[month - 1]} {int(found[3])}, {found[1]}" if 1 <= month <= len(_MONTHS) else found[0]


def _english_money(found: re.Match[str], one: str, many: str) -> str:
    amount, short, scale = found[1], found[2], found[3]
    if short or scale:
        return f"{amount} {_SCALES[short.lower()] if short else scale} {many}"
    if "." in amount and one in ("dollar", "euro") and len(amount.split(".")[1]) == 2:
        whole, cents = amount.split(".")
        unit = one if whole == "1" else many
        return f"{whole} {unit} {int(cents)}" if int(cents) else f"{whole} {unit}"
    return f"{amount} {one if amount == '1' else many}"


def _japanese_time(found: re.Match[str]) -> str:
    minutes = int(found[2])
    return f"{int(found[1])}時{minutes}分" if minutes else f"{int(found[1])}時"


def _units(text: str, column: int, space: str) -> str:
    text = _CARET.sub(lambda found: "²" if "2" in found[0] else "³", text)
    for unit, names in _UNITS.items():
        end = r"(?![A-Za-z/])" if unit[-1].isalpha() else ""
        text = re.sub(rf"(\d)\s?{re.escape(unit)}{end}", rf"\g<1>{space}{names[column]}", text)
    return text


def _signs(text: str, column: int, space: str) -> str:
    for sign, names in (_FRACTIONS | _SPOKEN_SIGNS).items():
        if sign in text:
            text = re.sub(rf"\s*{re.escape(sign)}\s*", f"{space}{names[column]}{space}", text)
    text = _COMPARISON.sub(lambda found: f"{space}{_COMPARISONS[found[0].strip()][column]}{space}", text)
    return re.sub(r"(?<=[\w)])\s?\+\s?(?=\d)", f"{space}{('plus', '足す')[column]}{space}", text)
