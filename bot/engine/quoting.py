"""Delimits what people say, write, send and call themselves before a model reads it: data, never instructions.

Three forms, each with a mark that its content cannot contain:

* a name, in double quotes, has none within and is one line;
* words on one line, for lists of lines, have no double quotes either, so none of them looks like another's name;
* words of any length keep their lines; each begins with MARGIN_TEXT, as no line of the prompt's own does. (A mark made
  anew for each request would be as safe, but servers could not reuse what they computed for the history before.)
"""

import re
import unicodedata

_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»＂〝〞〟″‶ʺ˝ˮ❝❞❠⹂🙶🙷🙸', "'"))
"""Double quotes of any kind: within a quoted name they could seem to end it."""
_HIDDEN_CATEGORIES = ("Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co")
"""Unicode's separators, controls and formatting. Characters newer than Python's tables may be seen."""
_KEPT_CHARACTERS = "\t\u200c\u200d\u3000"
"""Of those: what words need, such as the joiners of emoji and of Persian."""
_CARRIER_PATTERN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\ufff0-\ufff8\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    "|(?<![^\\s\u200c\u200d])[\u200c\u200d]"
    "|(?<![\u1820-\u18aa])[\u180b-\u180d\u180f]"
    "|(?<![\u2190-\u2bff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe0d\U000e0100-\U000e01ef]"
    "|(?<![^\\s\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe0e\ufe0f]"
)
"""Letters and marks that show nothing (Default_Ignorable), joiners that join nothing, and selectors of a shape that
follow no letter of several shapes: many of them can carry words that the model reads and nobody sees."""
_FILLERS = re.compile("[\u3164\uffa0]+")
"""The fillers of Hangul, which are seen as a gap between words."""
MAX_QUOTED_CHARACTERS = 32
"""Discord's limit for a display name."""
MARGIN_TEXT = "> "


def quoted(name: str) -> str:
    """Return `name` in double quotes: one line, no control or formatting characters, no quotes within, shortened."""
    return f'"{plain(name)}"'


def plain(name: str) -> str:
    """Return `name` as `quoted` does, without the quotes; "someone" if nothing is left."""
    words = one_line("".join(" " if _is_hidden(letter) else letter for letter in name))
    if len(words) > MAX_QUOTED_CHARACTERS:
        words = words[: MAX_QUOTED_CHARACTERS - 1].rstrip() + "…"
    return words or "someone"


def one_line(words: str) -> str:
    """Return words on one line, without hidden characters and with single quotes for double ones."""
    return " ".join(_visible(words).translate(_QUOTES).split())


def in_margin(words: str) -> str:
    """Return words with MARGIN_TEXT before each of their lines, whatever breaks them, and without hidden characters."""
    return "\n".join(MARGIN_TEXT + _visible(line).strip("\r") for line in words.splitlines() or [""])


def without_margin(answer: str) -> str:
    """Return an answer without the margin, which models copy, if each of its lines has it."""
    lines = answer.splitlines()
    mark = MARGIN_TEXT.rstrip()
    if not all(line.startswith(mark) for line in lines if line.strip()):
        return answer
    return "\n".join(line.removeprefix(mark).removeprefix(" ") for line in lines)


def seen(words: str) -> str:
    """Return words, which are all there is of a message, with their lines and without hidden characters."""
    return "\n".join(map(_visible, words.splitlines()))


def _visible(words: str) -> str:
    """Return words without control and formatting characters: some reorder what is read, others hide what is sent."""
    if not words.isascii():
        words = _FILLERS.sub(" ", _CARRIER_PATTERN.sub("", words))
    if words.isprintable():
        return words
    return "".join(
        letter if letter in _KEPT_CHARACTERS or not _is_hidden(letter) else " " if letter.isspace() else ""
        for letter in words
    )


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in _HIDDEN_CATEGORIES
