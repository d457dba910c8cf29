"""The languages that people name in a command: by code, in English, in the language itself, or in Japanese."""

import re
import unicodedata

from discord.app_commands import Choice

from bot.types import LANGUAGES

MAX_OFFERED_LANGUAGES = 25
"""Discord's limit."""
_CODE_PATTERN = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_BETWEEN_PATTERN = re.compile(
    r"(?:[\s,;/&+|<>=、，・／＋｜→↔⇄⇔〜~と]|から|(?<![^\W_])[-–—]|[-–—](?![^\W_])"
    r"|(?<=\s)(?:and|or|vs\.?|und|y|e|to|into|from)(?=\s))+"
)
_JAPANESE = {
    "アラビア語": "ar",
    "チェコ語": "cs",
    "ドイツ語": "de",
    "英語": "en",
    "えいご": "en",
    "スペイン語": "es",
    "フランス語": "fr",
    "ヒンディー語": "hi",
    "インドネシア語": "id",
    "イタリア語": "it",
    "日本語": "ja",
    "にほんご": "ja",
    "韓国語": "ko",
    "オランダ語": "nl",
    "ポーランド語": "pl",
    "ポルトガル語": "pt",
    "ロシア語": "ru",
    "スウェーデン語": "sv",
    "タイ語": "th",
    "トルコ語": "tr",
    "ウクライナ語": "uk",
    "ベトナム語": "vi",
    "中国語": "zh",
}
_NO_LANGUAGES = {"and", "und", "to", "the", "off", "end", "not", "all"}
"""Words that look like a code."""
_NO_REGIONS = {"en", "hi", "ja", "ko", "zh"}
"""Codes of languages that are no region's: "en-ja" is two languages, "es-ar" may be one."""


def _plain(name: str) -> str:
    """Return a name without accents and capitals: "francais" is French."""
    return "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))


_LANGUAGE_CODES = {_plain(name): code for name, code in _JAPANESE.items()} | {
    _plain(name): code for code, known in LANGUAGES.items() for name in (known.english, known.native)
}


def language_code(text: str) -> str | None:
    """Return the code (BCP 47) of a language that somebody named; None: there is no such language."""
    plain = _plain(text.strip()).replace("_", "-")
    if code := _LANGUAGE_CODES.get(plain):
        return code
    first, *rest = plain.split("-")
    if _CODE_PATTERN.fullmatch(plain) and plain not in _NO_LANGUAGES and _NO_REGIONS.isdisjoint(rest):
        return "-".join([first, *text.strip().replace("_", "-").split("-")[1:]])
    return None


def language_codes(text: str) -> list[str] | None:
    """Return the codes of several languages, each once; None where one of them is unknown."""
    codes: list[str] = []
    parts = [part for part in _BETWEEN_PATTERN.split(text) if part and part.casefold() not in _NO_LANGUAGES]
    for part in parts:
        found = _pair(part, alone=len(parts) == 1) or [language_code(part)]
        if None in found:
            return None
        codes += (code for code in found if code and code not in codes)
    return codes


def _pair(part: str, *, alone: bool) -> list[str | None]:
    """Return the two languages of "en-ja" or "English-Japanese"; empty: it is one, perhaps with a region.

    What may be either is a region if it is written like one ("es-AR"), or if more languages follow ("es-ar, ja").
    """
    names = re.split("[-–—]", part)
    codes = [language_code(name) for name in names]
    if len(codes) != 2 or len(set(codes)) != 2 or not LANGUAGES.keys() >= set(codes):
        return []
    may_be_region = "-" in part and names[1].lower() == codes[1] and codes[1] not in _NO_REGIONS
    written_as_region = names[0].islower() and names[1].isupper()
    return [] if may_be_region and (written_as_region or not alone) else codes


def native_name(code: str) -> str:
    """Return what people call a language, else its code."""
    known = LANGUAGES.get(code.split("-")[0].lower())
    return known.native if known else code


def suggestions(typed: str) -> list[Choice[str]]:
    """Return languages whose name contains what was typed."""
    wanted = typed.strip().casefold()
    return [
        Choice(name=f"{known.native} ({code})", value=code)
        for code, known in LANGUAGES.items()
        if wanted in f"{code} {known.native} {known.english}".casefold()
    ][:MAX_OFFERED_LANGUAGES]


def pair_suggestions(typed: str, own: str) -> list[Choice[str]]:
    """Return pairs of languages; before anything is typed, `own` (a locale) and each other."""
    chosen = language_codes(typed) or [own.split("-")[0]]
    if len(chosen) > 1:
        return [Choice(name=" ⇄ ".join(map(native_name, chosen))[:100], value=", ".join(chosen)[:100])]
    others = [code for code in LANGUAGES if code not in chosen]
    return [
        Choice(name=f"{native_name(chosen[0])} ⇄ {native_name(code)}", value=f"{chosen[0]}, {code}") for code in others
    ]
