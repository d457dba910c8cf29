"""A long text -> sections that end where a thought does."""

import re

from bot.speakable import FULL_STOPS

_SENTENCE_END = re.compile(rf"[{FULL_STOPS}][\"')\]]?\s|[。！？」]")


def sections(text: str, limit: int) -> list[str]:
    """Cut `text` into sections of at most `limit` characters: at headings, else paragraphs, else sentences.

    A heading or a paragraph is looked for only in the second half of a section, so that sections are not too short.
    """
    found: list[str] = []
    rest = text
    while len(rest) > limit:
        at = _cut(rest, limit)
        found.append(rest[:at].strip())
        rest = rest[at:].strip()
    return [section for section in [*found, rest] if section]


def _cut(text: str, limit: int) -> int:
    for mark in ("\n# ", "\n## ", "\n#", "\n\n", "\n"):
        at = text.rfind(mark, limit // 2, limit)
        if at > 0:
            return at
    ends = [match.end() for match in _SENTENCE_END.finditer(text[:limit])]
    if ends and ends[-1] > limit // 3:
        return ends[-1]
    space = text.rfind(" ", limit // 2, limit)
    return space if space > 0 else limit
