"""What a model says was decided, promised and left open: read from its answer, whatever shape that has; pure.

Asked for is one JSON object. Some models put it into a code block, between sentences or thoughts, name its keys
otherwise or write Markdown: all of that is read. What cannot be read is left out, never guessed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

ClaimKind = Literal["subject", "decision", "action", "question"]

MAX_CLAIMS = 200
"""Of one answer; the rest is not read."""
MAX_CLAIM_CHARACTERS = 300
MAX_CITED_LINES = 40
"""Of one claim."""
_MAX_DUE_CHARACTERS = 40
_MAX_OWNER_CHARACTERS = 64

_SECTION_WORDS: dict[ClaimKind, tuple[str, ...]] = {
    "subject": ("subject", "topic", "agenda", "議題", "話題"),
    "decision": ("decision", "decided", "決定"),
    "action": ("action", "task", "todo", "to-do", "to do", "next step", "アクション", "宿題", "やること"),
    "question": ("question", "open", "unresolved", "issue", "質問", "未解決", "未決"),
}
_TEXT_KEYS = ("text", "what", "decision", "action", "task", "title", "subject", "topic", "question", "description")
_OWNER_KEYS = ("owner", "who", "assignee", "person", "by", "responsible", "name")
_DUE_KEYS = ("due", "date", "when", "deadline", "by_when", "due_date")
_LINE_KEYS = ("lines", "line", "cites", "citations", "cited", "sources", "source", "evidence", "refs", "references")
_CITED_NUMBER_PATTERN = re.compile(r"\d{1,6}")
_CITED_RANGE_PATTERN = re.compile(r"(\d{1,6})\s*(?:[-–—~]|to)\s*(?:L|line)?\s*(\d{1,6})", re.IGNORECASE)
_BRACKETS_PATTERN = re.compile(
    r"[\[(（【]\s*(?:lines?\s*|L|#)?((?:\d{1,6}(?:\s*(?:[,;、&–—~-]|and|to)\s*)?)+)\s*[\])）】]"
)
_NO_OWNER = {
    "",
    "-",
    "–",
    "—",
    "none",
    "null",
    "nobody",
    "unknown",
    "n/a",
    "unassigned",
    "tbd",
    "someone",
    "未定",
    "なし",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the minutes, with the lines that are said to bear it out."""

    kind: ClaimKind
    text: str
    lines: tuple[int, ...]
    "numbers, ascending"
    owner: str = ""
    "the name of who took it on, or decided it; empty: nobody is named"
    due: str = ""
    "of an action: a date or words for it"


def read_claims(answer: str) -> list[Claim] | None:
    """Return the claims of a model's answer; None: it has none that can be read, not even an empty list."""
    found = _json_object(answer)
    claims = list(_from_markdown(answer)) if found is None else list(_from_json(found))
    if found is None and not claims:
        return None
    return list(dict.fromkeys(claims))[:MAX_CLAIMS]


def _json_object(answer: str) -> Mapping[str, Any] | list[Any] | None:
    """Return the largest JSON object or list with a section in it."""
    decoder = json.JSONDecoder()
    at = 0
    while (start := min((p for p in (answer.find("{", at), answer.find("[", at)) if p >= 0), default=-1)) >= 0:
        try:
            value, end = decoder.raw_decode(answer, start)
        except (ValueError, RecursionError):
            at = start + 1
            continue
        if isinstance(value, Mapping):
            if any(_kind(key) for key in value):
                return value
            inner = next((v for v in value.values() if isinstance(v, Mapping) and any(_kind(key) for key in v)), None)
            if inner is not None:  # {"minutes": {…}}
                return inner
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            return value
        at = end
    return None


def _from_json(found: Mapping[str, Any] | list[Any]) -> Iterator[Claim]:
    if isinstance(found, list):  # [{"kind": "action", …}]
        for item in found:
            kind = _kind(str(item.get("kind") or item.get("type") or "")) if isinstance(item, Mapping) else None
            if kind and (claim := _claim(kind, item)):
                yield claim
        return
    for key, items in found.items():
        if kind := _kind(key):
            for item in items if isinstance(items, list) else [items]:
                if claim := _claim(kind, item):
                    yield claim


def _claim(kind: ClaimKind, item: object) -> Claim | None:
    if isinstance(item, str):
        return _from_sentence(kind, item)
    if not isinstance(item, Mapping):
        return None
    text = _first(item, _TEXT_KEYS)
    if not isinstance(text, str):
        return None
    lines = tuple(sorted(set(_numbers(_first(item, _LINE_KEYS)))))
    bare = _BRACKETS_PATTERN.sub("", text)
    if not lines:
        lines = _cited(text)
    words = _short(bare, MAX_CLAIM_CHARACTERS)
    owner = _first(item, _OWNER_KEYS) if kind in ("action", "decision") else ""
    due = _first(item, _DUE_KEYS) if kind == "action" else ""
    return Claim(kind, words, lines, _named(owner), _dated(due)) if words else None


def _from_markdown(answer: str) -> Iterator[Claim]:
    """Read lists under headings: `- Ana: write to them (by Friday) [12, 14]`."""
    kind: ClaimKind | None = None
    for line in answer.splitlines():
        bare = line.strip()
        bullet = re.match(r"(?:(?:[-*+]|\d{1,3}[.)])\s+|[•・]\s*)(?!\*\*[^*]+\*\*\s*$)(.+)", bare)
        if bullet is None:
            heading = bare.strip("#*_ :：")
            kind = _kind(heading) if heading and len(heading) <= 40 else kind
        elif kind and (claim := _from_sentence(kind, bullet[1])):
            yield claim


def _from_sentence(kind: ClaimKind, sentence: str) -> Claim | None:
    lines, owner, due = _cited(sentence), "", ""
    words = _BRACKETS_PATTERN.sub("", sentence).replace("**", "").strip()
    if kind == "action":
        if named := re.match(r"([^:：]{1,40})[:：]\s*(.+)", words):
            owner, words = named[1], named[2]
        if dated := re.search(r"[(（]?\b(?:by|due|until|on)[: ]+([^()（）]{2,40})[)）]?\s*\.?$", words):
            due, words = dated[1], words[: dated.start()]
    words = _short(words.strip(" -–—,;"), MAX_CLAIM_CHARACTERS)
    return Claim(kind, words, lines, _named(owner), _dated(due)) if words else None


def _cited(text: str) -> tuple[int, ...]:
    """Return the numbers in brackets, as in "We ship on Friday [12, 14-16]"."""
    return tuple(sorted({number for found in _BRACKETS_PATTERN.finditer(text) for number in _numbers(found[1])}))


def _numbers(value: object) -> Iterator[int]:
    """Yield line numbers, written in any way: 12, "12", "[12]", "L12", "12-14", [12, "13"], {"line": 12}."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, float):
        yield int(value) if value.is_integer() else -1
    elif isinstance(value, str):
        rest = value
        for first, last in _CITED_RANGE_PATTERN.findall(value):
            if int(first) <= int(last) < int(first) + MAX_CITED_LINES:
                yield from range(int(first), int(last) + 1)
            else:
                yield -1  # no such lines
        rest = _CITED_RANGE_PATTERN.sub(" ", rest)
        yield from map(int, _CITED_NUMBER_PATTERN.findall(rest))
    elif isinstance(value, Mapping):
        yield from _numbers(next((value[key] for key in ("number", "line", "id", "n") if key in value), None))
    elif isinstance(value, list):
        for item in value[: MAX_CITED_LINES + 1]:
            yield from _numbers(item)


def _kind(key: str) -> ClaimKind | None:
    """Return the kind of a section by its key or heading."""
    plain = key.casefold().replace("_", " ")
    order: tuple[ClaimKind, ...] = ("question", "action", "decision", "subject")
    return next((kind for kind in order if any(word in plain for word in _SECTION_WORDS[kind])), None)


def _first(item: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    lowered = {str(key).casefold(): value for key, value in item.items()}
    return next((lowered[key] for key in keys if lowered.get(key) not in (None, "")), None)


def _named(owner: object) -> str:
    if isinstance(owner, list) and len(owner) == 1:
        owner = owner[0]
    name = _short(owner, _MAX_OWNER_CHARACTERS).strip("\"'“”[]*@ ") if isinstance(owner, str) else ""
    return "" if name.casefold() in _NO_OWNER else name


def _dated(due: object) -> str:
    words = _short(due, _MAX_DUE_CHARACTERS).strip(" .") if isinstance(due, str) else ""
    return "" if words.casefold() in _NO_OWNER else words


def _short(words: str, limit: int) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"
