"""Transcripts and chats in JSON, as services and programs write them -> who says what, in order.

Amazon Transcribe, AssemblyAI, Azure, Deepgram, Google, IBM, Whisper, whisper.cpp and the namespace of podcasts; exports
of Discord and Telegram; OpenAI's messages. Other JSON may have lists of these names, too: only what bears the marks of
one of them is read as such, for what is not said is left out.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bot.files.documents.cues import Cue, lines_of


class _Shape(NamedTuple):
    """Where a service puts what is said, as paths with dots; 0 is the first item of a list."""

    items: str
    words: str
    speakers: tuple[str, ...] = ()
    "the best name first"
    marks: tuple[str, ...] = ()
    "what each item with words must have, one of them"
    times: tuple[str, str] | None = None
    "start, which each item with words must have then, and end, in seconds"


_SHAPES = (
    _Shape("segments", "text", ("speaker",), times=("start", "end")),
    _Shape("segments", "body", ("speaker",), times=("startTime", "endTime")),
    _Shape("results.utterances", "transcript", ("speaker",)),
    _Shape("results.audio_segments", "transcript", ("speaker_label",)),
    _Shape("results.channels", "alternatives.0.transcript"),
    _Shape("results.transcripts", "transcript"),
    _Shape("results", "alternatives.0.transcript"),
    _Shape("utterances", "text", ("speaker",), ("speaker",)),
    _Shape("transcription", "text", ("speaker",), ("offsets", "timestamps")),
    _Shape("phrases", "text", ("speaker",), ("offsetMilliseconds", "offset")),
    _Shape("recognizedPhrases", "nBest.0.display", ("speaker",)),
    _Shape("messages", "content", ("author.nickname", "author.name"), ("author.name",)),
    _Shape("messages", "text", ("from",), ("from_id",)),
    _Shape("messages", "content", ("name", "role"), ("role",)),
)
"""The more exact before the summary of the same."""
_CHAT_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


def transcript_cues(text: str) -> Iterator[Cue]:
    """Yield what is said; nothing where JSON is of another kind. Raises ValueError."""
    found = json.loads(text)
    yield from next((cues for shape in _SHAPES if (cues := _cues(found, shape))), [])


def _cues(found: object, shape: _Shape) -> list[Cue]:
    """Return what is said; nothing where an item is not of the shape."""
    items = _at(found, shape.items)
    cues: list[Cue] = []
    for place, item in enumerate(items if isinstance(items, list) else []):
        if not isinstance(item, Mapping):
            return []
        if not (words := _plain(_at(item, shape.words)).strip()):
            continue
        start, end = 2.0 * place, 2.0 * place + 1  # apart, so that none grows out of another
        if shape.times:
            start, end = (_seconds(item.get(time)) for time in shape.times)
        if start is None or not _is_marked(item, shape):
            return []
        speaker = next((who for path in shape.speakers if (who := _named(_at(item, path)))), "")
        cues.append(Cue(start, start if end is None else end, lines_of(words), speaker))
    return cues


def _is_marked(item: Mapping[str, Any], shape: _Shape) -> bool:
    marks = [mark for path in shape.marks if (mark := _at(item, path)) is not None]
    if "role" in shape.marks:
        return any(isinstance(mark, str) and mark in _CHAT_ROLES for mark in marks)
    return bool(marks) or not shape.marks


def _at(found: object, path: str) -> Any:
    """Return what stands at a path, None if nothing does."""
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        else:
            found = found[0] if isinstance(found, list) and found and name == "0" else None
    return found


def _plain(words: object) -> str:
    """Return words that may be told in pieces, some of them with a style."""
    if isinstance(words, list):
        return "".join(_plain(piece.get("text") if isinstance(piece, Mapping) else piece) for piece in words)
    return words if isinstance(words, str) else ""


def _seconds(time: object) -> float | None:
    try:
        return float(time) if isinstance(time, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _named(speaker: object) -> str:
    return f"Speaker {speaker}" if isinstance(speaker, int) else speaker if isinstance(speaker, str) else ""
