"""The languages that people name in a command: by code, in English, in the language itself, or in Japanese."""

import re

from discord.app_commands import Choice

from bot.types import LANGUAGES

MAX_OFFERED_LANGUAGES = 25
"""Discord's limit."""
_CODE_PATTERN = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_BETWEEN_PATTERN = re.compile(r"[\s,;/&+、，・／＋⇄↔→と]+|(?<=\s)(?:and|und|to)(?=\s)")
_JAPANESE = {
    "ドイツ語": "de",
    "英語": "en",
    "スペイン語": "es",
    "フランス語": "fr",
    "イタリア語": "it",
    "日本語": "ja",
    "韓国語": "ko",
    "オランダ語": "nl",
    "ポーランド語": "pl",
    "ポルトガル語": "pt",
    "ロシア語": "ru",
    "中国語": "zh",
}
_LANGUAGE_CODES = _JAPANESE | {
    name.casefold(): code for code, known in LANGUAGES.items() for name in (known.english, known.native)
}
_NO_LANGUAGES = {"and", "und", "to", "the"}
"""Words that look like a code."""


def language_code(text: str) -> str | None:
    """Return the code (BCP 47) of a language that somebody named; None: there is no such language."""
    text = text.strip()
    if code := _LANGUAGE_CODES.get(text.casefold()):
        return code
    if _CODE_PATTERN.fullmatch(text) and text.casefold() not in _NO_LANGUAGES:
        first, *rest = text.split("-")
        return "-".join([first.lower(), *rest])
    return None


def language_codes(text: str) -> list[str] | None:
    """Return the codes of several languages, each once; None where one of them is unknown."""
    codes: list[str] = []
    for part in _BETWEEN_PATTERN.split(text):
        if not part or part.casefold() in _NO_LANGUAGES:
            continue
        code = language_code(part)
        if code is None:
            return None
        if code not in codes:
            codes.append(code)
    return codes


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
