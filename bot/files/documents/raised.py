"""Raised and lowered words, as a text writes them that has neither: x², 10⁻³, e^(x+1), but 1st and Mme."""

import re

_FORMULA_SIGNS = "0123456789+-−=()"
_RAISED = str.maketrans(_FORMULA_SIGNS + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_FORMULA_SIGNS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_RAISABLE = re.compile(r"[\d+\-−=(),\s]*[ni]?[\d+\-−=(),\s]*")
_LOWERABLE = re.compile(r"[\d+\-−=()]+")
_LONGEST_POWER = 16
_NO_POWER = re.compile(r"\[[^\]]*\]|\(?\w{1,3}[).]|[a-z\d]\s?[,*†‡§].*")
"""Of a footnote, a source or an author's place: [1], a), a,b"""
_TERM = re.compile(r"\w\s?[+\-−/·=^]\s?\w|\d[a-zA-Z]\b|^[-−]\w")
"""What marks of notes and of addresses have not: [3], a,b or 1,*"""
_POWERLESS = re.compile(r"[\dNn]$")
"""Before a letter that is part of its word: 2e, 1o, No"""
_FRACTION = re.compile(r"(\d?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)(?:/(?=[₀₁₂₃₄₅₆₇₈₉])|⁄(?=[\d₀₁₂₃₄₅₆₇₈₉]))([₀₁₂₃₄₅₆₇₈₉]*)")
_ON_THE_LINE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")


def raised(words: str, before: str = "") -> str:
    """Return raised words as text. `before`: what they are raised after."""
    bare = words.strip()
    if _RAISABLE.fullmatch(bare):
        return words.translate(_RAISED)
    if not any(map(str.isalnum, bare)) or len(bare) > _LONGEST_POWER or _NO_POWER.fullmatch(bare):
        return words
    if bare.isalpha():
        return words if len(bare) > 1 or not bare.isascii() or _POWERLESS.search(before) else f"^{words}"
    return f"^({bare})"


def lowered(words: str) -> str:
    """Return the lowered words of a formula as text."""
    bare = words.strip()
    return bare.translate(_LOWERED) if _LOWERABLE.fullmatch(bare) else f"_{bare}" if len(bare) == 1 else f"_({bare})"


def under(words: str, before: str = "") -> str:
    """Return lowered words as text: as they are, but for what is below a fraction's bar.

    `before`: what is before them.
    """
    return words.translate(_LOWERED) if words.isdecimal() and before.endswith(("/", "⁄")) else words


def with_fractions(text: str) -> str:
    """Return text in which fractions of raised and lowered numbers are level, apart from a number before them."""
    return _FRACTION.sub(lambda found: _level(*found.groups()), text)


def _level(whole: str, over: str, under: str) -> str:
    return f"{whole}{' ' if whole else ''}{over.translate(_ON_THE_LINE)}/{under.translate(_ON_THE_LINE)}"
