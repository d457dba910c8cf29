"""Text as it is written -> text as it is said; pure.

Models write for the eye even when they are asked not to: lists, headings, emphasis, links, code, tables. A voice reads
the marks aloud, or stumbles over them. What has a sound becomes words, the rest is left out. Signs become words only
where the language is English or Japanese; elsewhere they stay, because voices read "50 %" well in their own language.
"""

import re
import unicodedata
from collections.abc import Callable

_FENCE = re.compile(r"(?:```|~~~).*?(?:```|~~~|\Z)", re.DOTALL)
_FORMULA = re.compile(r"\$\$.*?\$\$|\\\[.*?\\\]", re.DOTALL)
_INLINE_CODE = re.compile(r"`{1,3}([^`\n]{0,400})`{1,3}")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\]\n]{0,400})\]\((?:[^()\s]|\([^()\s]{0,400}\)){0,2000}(?:\s+\"[^\"\n]*\")?\)")
_ADDRESS = re.compile(r"<?\b(?:https?://|www\.)([^\s<>()\[\]、。」』]*[^\s<>()\[\]、。」』.,;:!?'\"])>?", re.IGNORECASE)
_DISCORD = re.compile(r"<(?:@[!&]?|#|a?:\w+:|t:)-?\d+(?::[a-zA-Z])?>|:(?!(?<=\d:)[\d+-])[a-z0-9_+-]{2,}:")
"""Not what stands between the colons of 10:00-11:00."""
_VALUED = r"[\w:.@-]{1,60}\s?=\s?(?:\"[^\"<>\n]{0,400}\"|'[^'<>\n]{0,400}'|[^\s\"'<>]{1,400})"
_BARE = r"(?:async|autoplay|checked|controls|defer|disabled|hidden|loop|muted|nowrap|open|required|reversed|selected)\b"
_ATTRIBUTE = rf"\s+(?:{_VALUED}|{_BARE})"
_MARKUP_TAG = re.compile(rf"</?[a-zA-Z][\w:.-]{{0,40}}(?:{_ATTRIBUTE}){{0,40}}\s?/?>")
"""A name, and attributes with values or known to need none: in `if a <b then c> d`, words stand between two signs."""
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_LINE_MARK = re.compile(r"^\s*(?:>+\s?)*\s*(?:#{1,6}\s+|-#\s+|[-*+•‣◦・]\s+(?:\[[ xX]\]\s+)?|(\d{1,3})[.)]\s+)?")
_EMPHASIS = re.compile(r"(\*{1,3}|~~|\|\||(?<!\w)_{1,3}(?=\S))(?=\S)(.{1,400}?)(?<=\S)\1(?!\w)", re.DOTALL)
_BOLD_INSIDE = re.compile(r"(\*\*|(?<![A-Za-z0-9])\*)(?=\S)([^*\n]{1,400}?)(?<=\S)\1")
"""Japanese has no spaces around what is emphasised."""
_PRODUCT = re.compile(r"(?<=[\d)])(?:\*|[ \t]+\*[ \t]+)(?=\(?\d)")
"""Not `in 2026 *10* came`, which is emphasis: a space on both sides, or on neither."""
_LEFT_MARKS = re.compile(r"[*`|\\~^]+|(?<!\w)_+|_+(?!\w)")
_SPACES = re.compile(r"[^\S\n]+")
_GAP_BEFORE_STOP = re.compile(r"\s+([,.!?;:、。！？])")
_NOTHING_TO_SAY = re.compile(r"[\W_]*\Z")
_KANA_LETTER = re.compile(r"[\u3041-\u30ff]")
_KANJI = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"\b(?:the|is|of|and|you|it|are|that|with|this|for|to|was|not|they|have|about)\b", re.IGNORECASE)
FULL_STOPS = ".!?…؟۔।॥։።။។"
"""Of every script that has a space behind them: Arabic, Urdu, Hindi, Armenian, Amharic, Burmese and Khmer, too."""
_ENDS = (*FULL_STOPS, *":;,。！？、：；،؛")
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
_UNIT_RANGE = re.compile(
    rf"(?<![\d.])({_FIGURE})\s?({'|'.join(map(re.escape, _UNITS))}){_DASH}({_FIGURE}\s?\2)(?![A-Za-z/])"
)
_TERMS = r"(?:[\d\s^+/×÷()$€£¥%−–-]|[.,](?=\d)){0,120}"
_EQUATION = re.compile(rf"(?<![\w.])[$€£¥(]?\d{_TERMS}[=≈]{_TERMS}\d")
"""Where a dash is no range."""
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


def speakable(text: str, language: str | None = None) -> str:
    """Return what a voice says of a text, on one line; empty: nothing.

    `language` is BCP 47; None: the text tells.
    """
    text = _FORMULA.sub(" ", _FENCE.sub("\n", text.replace("\r", "\n")))
    text = _INLINE_CODE.sub(lambda found: re.sub(r"[_(){}\[\];<>]+", " ", found[1]).strip(), text)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _ADDRESS.sub(lambda found: _host(found[1]), text)
    text = _MARKUP_TAG.sub(" ", _DISCORD.sub(" ", text))
    text = _PRODUCT.sub(" × ", text)
    lines = [said for line in text.split("\n") if (said := _line(line))]
    text = _join(lines)
    text = "".join(letter for letter in text if not _is_picture(letter))
    signs = _words_for_signs(text, language)
    if signs:
        text = signs(text)
    text = _GAP_BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", _LEFT_MARKS.sub(" ", text))).strip()
    return "" if _NOTHING_TO_SAY.match(text) else text


def _host(address: str) -> str:
    """Return the host of an address: its path says nothing to the ear, and a name or a key before it is not for it."""
    host = re.split(r"[/?#\\]", address, maxsplit=1)[0].rpartition("@")[2]
    return host.partition(":")[0].removeprefix("www.")


def _line(line: str) -> str:
    """Return a line without the marks of its kind, ended as a sentence where it is a row, an item or a heading."""
    if _RULE.match(line) or _TABLE_RULE.match(line):
        return ""
    if line.count("|") >= 2 and line.strip().startswith("|"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        return _ended(_plain(", ".join(filter(None, cells))))
    mark = _LINE_MARK.match(line)
    assert mark is not None, "every part of it is optional"
    words = _plain(line[mark.end() :]).strip()
    if not words:
        return ""
    marked = bool(mark[0].strip(" >\t"))
    if mark[1]:
        words = f"{mark[1]}, {words}"
    return _ended(words) if marked else words


def _plain(words: str) -> str:
    """Take off emphasis, also within emphasis."""
    for _ in range(3):
        plainer = _BOLD_INSIDE.sub(r"\2", _EMPHASIS.sub(r"\2", words))
        if plainer == words:
            break
        words = plainer
    return words


def _ended(words: str) -> str:
    if not words or words.endswith(_ENDS):
        return words
    return words + ("。" if _KANA_LETTER.search(words) or _KANJI.search(words[-1]) else ".")


def _join(lines: list[str]) -> str:
    """Join lines; a line that another follows is a sentence of its own unless it goes on in small letters."""
    joined = ""
    for line in lines:
        if joined and not joined.endswith(_ENDS) and not line[:1].islower():
            joined = _ended(joined)
        joined += (" " if joined else "") + line
    return joined


def _is_picture(letter: str) -> bool:
    """Whether a character is an emoji, a part of one, or a drawing: nothing that is said."""
    return letter in "\ufe0f\ufe0e\u200d\u20e3" or (
        letter not in "°℃" and unicodedata.category(letter) in ("So", "Sk", "Cs", "Co") and ord(letter) > 0xFF
    )


def _words_for_signs(text: str, language: str | None) -> Callable[[str], str] | None:
    code = language.split("-")[0].lower() if language else ""
    if _KANA_LETTER.search(text) or (code == "ja" and _KANJI.search(text)):
        return _in_japanese
    if code == "en" or (not code and _ENGLISH.search(text)):
        return _in_english
    return None


def _unit_at_the_end(text: str) -> str:
    """$5–$10 and $5–10 -> 5–$10, 5 km–10 km -> 5–10 km."""
    return _UNIT_RANGE.sub(r"\1–\3", _MONEY_RANGE.sub(r"\2–\1", text))


def _differences(text: str, minus: str) -> str:
    """10 - 3 = 7 -> 10 minus 3 = 7; 10 - 3 alone may be a range, but not with a minus sign."""
    text = _EQUATION.sub(lambda found: re.sub(_MINUS.format("–-"), minus, found[0]), text)
    return re.sub(_MINUS.format("−"), minus, text)


def _powers(text: str, said: Callable[[str], str]) -> str:
    figures = str.maketrans(_SUPERSCRIPTS, "0123456789-")
    return _POWER.sub(lambda found: said(next(filter(None, found.groups())).translate(figures)), text)


def _without_commas(text: str) -> str:
    """1,234,567 -> 1234567."""
    return re.sub(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda found: found[0].replace(",", ""), text)


def _in_english(text: str) -> str:
    text = re.sub(r"\b(\d{4})-(\d{2})-(\d{2})\b", _english_date, text)
    text = _unit_at_the_end(_differences(_without_commas(text), " minus "))
    text = _ABOUT.sub("about ", text)
    for sign, (one, many, _) in _CURRENCIES.items():
        pattern = rf"(?i){re.escape(sign)}\s?({_FIGURE})(?:\s?(k|m|bn|b|t)\b|\s(thousand|million|billion|trillion)\b)?"
        text = re.sub(pattern, lambda found, one=one, many=many: _english_money(found, one, many), text)
    text = _MIXED.sub(" and ", _units(text, 0, " "))
    text = _powers(text, lambda power: {"2": " squared", "3": " cubed"}.get(power, f" to the power of {power}"))
    text = re.sub(rf"(?<![\w.-])({_FIGURE}){_DASH}({_FIGURE})(?![\w-])", r"\1 to \2", text)
    text = re.sub(rf"(?<![\w)])[-−]({_FIGURE})\b", r"minus \1", text)
    text = re.sub(r"#(\d+)\b", r"number \1", text)
    text = re.sub(r"\s*(?:→|⇒|->|=>)\s*", ", ", text)
    return _signs(text, 0, " ")


def _in_japanese(text: str) -> str:
    text = re.sub(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", lambda f: f"{f[1]}年{int(f[2])}月{int(f[3])}日", text)
    text = _unit_at_the_end(_differences(_without_commas(text), "引く"))
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
