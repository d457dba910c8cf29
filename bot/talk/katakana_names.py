"""English names as they sound to whoever writes them in katakana: a last e is silent, and a last r is a vowel."""

import re

_LAST_E = re.compile(r"([aeiouy]?)([^aeiouy]+)e(s?)$")
"""The vowel before, the consonants, and what follows the e: Alice, Mike, James."""
_LAST_R = re.compile(r"(?<=[^aeiouy])[aeo]r$")
"""Oscar, Jasper, Victor."""
_LONG_VOWELS = {"a": "ei", "e": "ee", "i": "ai", "y": "ai"}
"""What the e makes of the vowel before it: マイク. If that is not the first, or two consonants follow,
it may also stay as it is: アリス, アップル."""
_VOWEL = re.compile(r"[aeiouy]")
_MORAE = re.compile(r"(?:(?:[kgsztdnhbpmr]y?|sh|ch|ts|[jfwy])?[aeiou]|n(?![aeiou])){3,}")
"""Three or more: in あかね, every vowel is spoken."""


def katakana_forms(name: str) -> tuple[str, ...]:
    """Return how a name in Latin letters may be said, other than as it is written."""
    if not name.isascii() or _MORAE.fullmatch(name):
        return ()
    if _LAST_R.search(name):
        return (_LAST_R.sub("a", name),)
    match = _LAST_E.search(name)
    if match is None:
        return ()
    vowel, consonants, plural = match.groups()
    soft = {"c": "s", "g": "j"}.get(consonants[-1], consonants[-1])
    end = f"{consonants[:-1]}{soft}{'i' if soft == 'j' else ''}{plural}"  # セージ
    start = name[: match.start()]
    long = f"{start}{_LONG_VOWELS.get(vowel, vowel)}{end}"
    short = _VOWEL.search(start) or len(consonants) > 1
    return (long, f"{start}{vowel}{end}") if short else (long,)
