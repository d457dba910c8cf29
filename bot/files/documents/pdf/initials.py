"""Large initials, beside which the first lines of a text stand -> the first letters of its first word."""

import re

from bot.files.documents.pdf.fragments import INITIAL_HEIGHT, Fragment, Page

_INITIAL = re.compile(r"[\"'“„«‘]?[^\W\d_a-z]")
_FARTHEST_EMS = 1.2
_SAME_LEFT_EMS = 0.5
_WORD = re.compile(r"[^\W\d_]+")
_WORDS_OF_ONE_LETTER = "AIOÀÉ"


def attach_initials(pages: list[Page], body: float) -> None:
    """Put each initial to the line at its top. `body` is the height of the text's lines, in points."""
    known: set[str] | None = None
    for page in pages:
        initials = [
            item
            for item in page.fragments
            if item.height > body * INITIAL_HEIGHT and _INITIAL.fullmatch(item.text.strip())
        ]
        for initial in initials:
            line = _beside(initial, page.fragments)
            if line is None:
                continue
            if known is None:
                known = {word.lower() for some in pages for item in some.fragments for word in _WORD.findall(item.text)}
            letter = initial.text.strip()
            word = _first_word(line)
            lone = letter[-1] in _WORDS_OF_ONE_LETTER or not _can_go_on(word, initial, page.fragments)
            alone = lone and f"{letter[-1]}{word}".lower() not in known
            line.text = f"{letter} {line.text}" if alone else letter + line.text
            page.fragments.remove(initial)


def _beside(initial: Fragment, fragments: list[Fragment]) -> Fragment | None:
    """Return the line that an initial begins; None: it begins none."""
    beside = [
        item
        for item in fragments
        if item is not initial
        and initial.left - 0.3 * item.em <= item.left < initial.right + _FARTHEST_EMS * item.em
        and item.height * INITIAL_HEIGHT < initial.height
        and initial.top - item.height < item.top < initial.bottom - item.height
        and item.text[:1].isalpha()
    ]
    return min(beside, key=lambda item: item.top) if len(beside) > 1 else None


def _can_go_on(word: str, initial: Fragment, fragments: list[Fragment]) -> bool:
    """Whether a word may lack its first letter: Who, beside the letter of a question, does not."""
    if not word[0].isupper():
        return True
    if not word.isupper() or len(word) == 1:
        return False
    below = [
        item
        for item in fragments
        if initial.bottom - item.height < item.top < initial.bottom + item.height
        and item.height * INITIAL_HEIGHT < initial.height
        and initial.left - item.em < item.left < initial.right + _FARTHEST_EMS * item.em
    ]
    return not below or any(abs(item.left - initial.left) < item.em * _SAME_LEFT_EMS for item in below)


def _first_word(line: Fragment) -> str:
    found = _WORD.match(line.text)
    return found.group() if found else ""
