"""English names that end in a silent e, as they sound to whoever writes them in katakana: Alice, Mike, James."""

import re

_SILENT_E = re.compile(r"([aeiouy]?)([^aeiouy]+)e(s?)$")
"""The vowel before, the consonants, and what follows the e."""
_LONG_VOWELS = {"a": "ei", "e": "ee", "i": "ai", "y": "ai"}
"""What the e makes of the vowel before it: マイク. If that is not the first, or two consonants follow,
it may also stay as it is: アリス, アップル."""
_VOWEL = re.compile(r"[aeiouy]")
_MORAE = re.compile(r"(?:(?:[kgsztdnhbpmr]y?|sh|ch|ts|[jfwy])?[aeiou]|n(?![aeiou])){3,}")
"""Three morae or more: in あかね, every vowel is spoken."""


def spoken_forms(name: str) -> tuple[str, ...]:
    """Return how a name in Latin letters may be said, if its last e is silent."""
    if not (name.isascii() and (match := _SILENT_E.search(name))) or _MORAE.fullmatch(name):
        return ()
    vowel, consonants, plural = match.groups()
    soft = {"c": "s", "g": "j"}.get(consonants[-1], consonants[-1])
    end = f"{consonants[:-1]}{soft}{'i' if soft == 'j' else ''}{plural}"  # セージ
    start = name[: match.start()]
    long = f"{start}{_LONG_VOWELS.get(vowel, vowel)}{end}"
    short = _VOWEL.search(start) or len(consonants) > 1
    return (long, f"{start}{vowel}{end}") if short else (long,)
