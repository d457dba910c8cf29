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
    if _CODE_PATTERN.fullmatch(plain) and plain not in _NO_LANGUAGES:
        return "-".join([plain.split("-")[0], *text.strip().replace("_", "-").split("-")[1:]])
    return None


def language_codes(text: str) -> list[str] | None:
    """Return the codes of several languages, each once; None where one of them is unknown."""
    codes: list[str] = []
    for part in _BETWEEN_PATTERN.split(text):
        if not part or part.casefold() in _NO_LANGUAGES:
            continue
        found = _pair(part) or [language_code(part)]
        if None in found:
            return None
        codes += (code for code in found if code and code not in codes)
    return codes


def _pair(part: str) -> list[str | None]:
    """Return the two languages of "en-ja" or "English-Japanese"; empty: it is one, perhaps with a region."""
    both = [language_code(name) for name in re.split("[-–—]", part)]
    return both if len(both) == 2 and len(set(both)) == 2 and LANGUAGES.keys() >= set(both) else []


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
