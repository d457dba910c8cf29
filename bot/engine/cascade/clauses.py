"""Text in any portions -> clauses, each spoken by a request of its own; pure.

The first clause is short, so that the voice begins early; later ones are whole sentences, because a voice that sees the
whole sentence gives it a melody. Nothing is cut within a number, an abbreviation, an address, a quotation or code.
"""

import re

from bot.speakable import FULL_STOPS

MIN_FIRST_WEIGHT = 24.0
"""Of a first clause that ends at a comma: about a second and a half. A sentence's end needs no length."""
MIN_WEIGHT = 40.0
"""Of every later one: shorter sentences go together."""
MAX_WEIGHT = 260.0
"""A clause is cut at a space, or anywhere, before it is heavier than this."""
WIDE_WEIGHT = 2.5
"""Of a kana or a kanji, in letters of the Latin alphabet."""
_BACKTICKS = "```"
_OPENING = "([{「『（【“„"
_PAIRED = ")]}」』）】”"
_CLOSING = _PAIRED + "\"'’"
_EYES = re.compile(r"[:;]-?$")
"""Before the bracket of a sad face, which nothing closes."""
_WIDE_ENDS = "。！？"
_COMMAS = ",;:、，；：—،؛"
_WIDE_LETTER = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|No|Nr|approx|Inc|Ltd|z\.B|d\.h|[A-Za-z])\.$"
)
_ITEM_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,3}[.)]$")


class ClauseSplitter:
    """Takes text in any portions, returns the clauses that are complete. Together they are the whole text."""

    def __init__(self) -> None:
        self._text = ""
        self._looked = 0
        "characters of it that were looked at"
        self._fenced = 0
        "characters of it, the last of which is code; 0: it is none"
        self._first = True

    def feed(self, text: str) -> list[str]:
        """Return the clauses that this completes, each with the space after it."""
        self._text += text
        found: list[str] = []
        while (end := self._end()) is not None:
            found.append(self._take(end))
        return found

    def end(self) -> list[str]:
        """Return the rest."""
        return [self._take(len(self._text))] if self._text else []

    def _take(self, end: int) -> str:
        clause, self._text = self._text[:end], self._text[end:]
        self._looked = self._fenced = 0
        self._first = self._first and not clause.strip()
        return clause

    def _end(self) -> int | None:
        """Return where the first clause ends; None: more text is needed to tell."""
        text = self._text
        if self._fenced and _BACKTICKS not in text[self._fenced - 2 :]:
            self._fenced = len(text)
            return None
        weight, depth = weight_of(text[: self._looked]), 0
        fences = {found.start() for found in re.finditer(_BACKTICKS, text)}
        fenced = sum(start < self._looked for start in fences) % 2 == 1
        depth = _depth(text[: self._looked])
        space = None
        for at in range(self._looked, len(text)):
            letter = text[at]
            weight += WIDE_WEIGHT if _WIDE_LETTER.match(letter) else 1.0
            fenced ^= at in fences
            if fenced:
                continue
            depth = _depth_behind(text, at, depth)
            if letter.isspace() or _WIDE_LETTER.match(letter):
                space = at + 1
            if weight > MAX_WEIGHT and (space or weight > 2 * MAX_WEIGHT):
                return space or at + 1
            if at + 1 == len(text) and letter not in _WIDE_ENDS:
                break
            closes = depth == 1 and letter in FULL_STOPS and text[at + 1] in _PAIRED
            if (depth == 0 or closes) and self._ends(at, weight):
                return _after(text, at)
        # The last letters are looked at again: what follows them decides.
        self._looked = max(0, len(text) - 2) if not fenced and depth == 0 else 0
        self._fenced = len(text) if fenced else 0
        return None

    def _ends(self, at: int, weight: float) -> bool:
        """Whether a clause may end after the letter at this place."""
        text, letter = self._text, self._text[at]
        least = 0.0 if self._first else MIN_WEIGHT
        following = text[at + 1 : at + 2]
        if letter == "\n":
            return weight >= max(2.0, least) and bool(text[:at].strip())
        if weight < least:
            return False
        if letter in _WIDE_ENDS:
            return True
        if letter in FULL_STOPS:
            before = text[: at + 1]
            whole = following.isspace() or (following in _CLOSING and text[at + 2 : at + 3].isspace())
            return whole and not _ABBREVIATION.search(before) and not _ITEM_NUMBER.search(before)
        if letter in _COMMAS and self._first:
            return weight >= MIN_FIRST_WEIGHT and (following.isspace() or bool(_WIDE_LETTER.match(letter)))
        return False


def weight_of(text: str) -> float:
    """Return about how long a text takes to say, in letters of the Latin alphabet."""
    wide = len(_WIDE_LETTER.findall(text))
    return len(text) + wide * (WIDE_WEIGHT - 1.0)


def _depth(text: str) -> int:
    depth = 0
    for at in range(len(text)):
        depth = _depth_behind(text, at, depth)
    return depth


def _depth_behind(text: str, at: int, depth: int) -> int:
    """Return how many brackets and quotation marks are open behind a letter, of those that were open before it."""
    letter = text[at]
    if letter == "“" and text.rfind("„", 0, at) > text.rfind("“", 0, at):  # German's closing one
        return max(0, depth - 1)
    if letter in _OPENING:
        return depth if _EYES.search(text[max(0, at - 2) : at]) else depth + 1
    return max(0, depth - (letter in _PAIRED))


def _after(text: str, at: int) -> int:
    """Return where the next clause begins: behind closing marks and space."""
    end = at + 1
    while end < len(text) and (text[end] in _CLOSING or text[end].isspace()):
        end += 1
    return end
