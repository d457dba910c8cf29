"""What the echo writes where only a text model could answer: minutes and translations, by rules, with nothing made up.

A request for minutes is known by the form that it asks for, JSON with "decisions" and "actions", and by its numbered
lines; one to translate, or to write down a recording, by its first words.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_SUBJECTS = 4
MAX_SUBJECT_WORDS = 8
MAX_ITEMS = 20
"""Of each section."""
_LINE_PATTERN = re.compile(r"^\[(\d+)\] (.+?), \d\d:\d\d: (.*)$", re.MULTILINE)
_DECISION_PATTERN = re.compile(
    r"\b(?:we(?:'ll| will| are going to| (?:have )?(?:agreed|decided))|we \w+ (?:on|at)|let's)\b"
    r"|ことにし|決ま|決め|にしましょう",
    re.IGNORECASE,
)
_ACTION_PATTERN = re.compile(r"\b(?:I'll|I will|I am going to|I'm going to)\b|私が|僕が|しておきます", re.IGNORECASE)
_DATE_PATTERN = re.compile(r"\b\d{4}-\d\d-\d\d\b", re.ASCII)
_TRANSLATE_PATTERN = re.compile(r"Translate\b")
_DICTATION_PATTERN = re.compile(r"Write down word for word\b")
_MARGIN_PATTERN = re.compile(r"^> ?", re.MULTILINE)


def written(body: Mapping[str, Any]) -> str | None:
    """Return the answer to a request for minutes or a translation; None: it asks for something else."""
    messages = body["messages"]
    rules, text = _text(messages[0]), _text(messages[-1])
    if '"decisions"' in rules and '"actions"' in rules:
        return json.dumps(_minutes(text), ensure_ascii=False)
    if text.startswith("{") and '"decisions"' in text and "JSON" in rules:
        return text  # the minutes of the parts, to be joined: they already are one
    return _MARGIN_PATTERN.sub("", text) if _TRANSLATE_PATTERN.match(rules) else None


def dictated(body: Mapping[str, Any]) -> bool:
    """Whether a request asks for the words of a recording and nothing else."""
    return bool(_DICTATION_PATTERN.match(_text(body["messages"][0])))


def quoted(body: Mapping[str, Any]) -> str:
    """Return what people said in the newest turn, as the words of a transcriber stand there: in the margin."""
    said = (line[1:].strip() for line in _text(body["messages"][-1]).splitlines() if line.startswith(">"))
    return " ".join(filter(None, said))


def _minutes(talk: str) -> dict[str, list[dict[str, Any]]]:
    """Take minutes by rule: "we'll …" is decided, "I'll …" taken on, "?" open; the first other lines are subjects."""
    found: dict[str, list[dict[str, Any]]] = {"subjects": [], "decisions": [], "actions": [], "questions": []}
    for number, name, words in _LINE_PATTERN.findall(talk):
        entry: dict[str, Any] = {"text": words, "lines": [int(number)]}
        if words.rstrip().endswith(("?", "？")):
            section = "questions"
        elif _ACTION_PATTERN.search(words):
            section, date = "actions", _DATE_PATTERN.search(words)
            entry |= {"owner": name, "due": date[0] if date else None}
        elif _DECISION_PATTERN.search(words):
            section = "decisions"
        else:
            section = "subjects"
            entry["text"] = " ".join(words.split()[:MAX_SUBJECT_WORDS])
        if len(found[section]) < (MAX_SUBJECTS if section == "subjects" else MAX_ITEMS):
            found[section].append(entry)
    return found


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if part.get("type") == "text")
