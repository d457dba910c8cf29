"""Scripts that are written without spaces, and signs that are another way to write a usual one."""

import re
import unicodedata

_UNSPACED_SIGN = r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\u0e00-\u0eff\U00020000-\U0003ffff]"
_UNSPACED = re.compile(_UNSPACED_SIGN)
"""Chinese and Japanese with their signs, Thai and Lao. Korean has spaces."""
_VARIANTS = re.compile(
    r"[\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdff\ufe70-\ufefc\u2e80-\u2fdf\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe44"
    r"\U0001d400-\U0001d7ff]"
)
"""Ligatures, shapes of Hebrew and Arabic letters, radicals that stand for ideographs, compatibility ideographs, signs
of vertical writing, letters of formulas."""
_UNSEEN = re.compile(r"[\u00ad\u200b\u200c\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd\ufffe\uffff]")
"""Soft hyphens and other signs without a shape. The joiner U+200D stays: emoji need it."""
_INNER_SPACE = re.compile(rf"(?<={_UNSPACED_SIGN})[ \r\n]+(?={_UNSPACED_SIGN})")
LEFTWARD = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_WIDE_FORMS = str.maketrans("(){}[]", "（）｛｝［］")


def glue(before: str, after: str) -> str:
    """Return what joins two pieces of a line: nothing beside Chinese, Japanese and Thai, else a space."""
    if not before or not after or _UNSPACED.match(before[-1]) or _UNSPACED.match(after[0]):
        return ""
    return " "


def closed_up(text: str) -> str:
    """Return the text without the spaces between signs of scripts that have none; an ideographic space stays one."""
    return " ".join(_INNER_SPACE.sub("", text).split())


def is_leftward(text: str) -> bool:
    """Whether a text is written from right to left, by most of its letters."""
    return len(LEFTWARD.findall(text)) * 2 > sum(map(str.isalpha, text))


def folded(text: str) -> str:
    """Return the text with ligatures as letters, and without soft hyphens and other signs that nobody sees."""
    return _VARIANTS.sub(_usual, _UNSEEN.sub("", text))


def whole(text: str) -> str:
    """Return text with signs beyond 16 bits in one piece, where a library leaves them in two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usual(found: re.Match[str]) -> str:
    usual = unicodedata.normalize("NFKC", found.group()).lstrip(" ")  # it puts the vowel signs of Arabic on a space
    return usual.translate(_WIDE_FORMS) if found.group() >= "\ufe10" else usual
