"""Tables of LaTeX -> their captions and cells, still as LaTeX. Long ones tell their head for each page."""

import re
from collections.abc import Callable

_RULED_LINE = re.compile(
    r"\\(?:hline|cline\{[^}]*\}|cmidrule(?:\([^)]*\))?\{[^}]*\}|(?:top|mid|bottom)rule(?:\[[^\]]*\]|\\noalign\{\})?)"
)
_PART_END = re.compile(r"\\end(firsthead|head|foot|lastfoot)(?![A-Za-z])")
_ROW_END = re.compile(r"\\\\\*?(?:\[[^\]]*\])?|\\tabularnewline(?![A-Za-z])")
_COLUMN_END = re.compile(r"(?<!\\)&")
_CAPTION = re.compile(r"\\caption\*?\s*(?:\[[^\]]*\])?\s*(?=\{)")
_LABEL_AFTER = re.compile(r"\s*\\label\{[^}]*\}")


def table_parts(source: str, group: Callable[[str, int], str]) -> tuple[str, list[list[str]]]:
    """Return the caption, which may be empty, and the rows of cells. `group` returns what is in braces at a place."""
    *parts, body = _PART_END.split(source)
    told = dict(zip(parts[1::2], parts[::2], strict=True))
    source = told.get("firsthead", told.get("head", "")) + body + told.get("lastfoot", "")
    caption = ""
    if found := _CAPTION.search(source):
        caption = group(source, found.end())
        source = source[: found.start()] + _LABEL_AFTER.sub("", source[found.end() + len(caption) + 2 :], count=1)
    rows = [row for row in _ROW_END.split(_RULED_LINE.sub("", source)) if row.strip()]
    return caption, [_COLUMN_END.split(row) for row in rows]
