"""Transcripts and chats in JSON, as services and programs write them -> who says what, in order.

Amazon Transcribe, AssemblyAI, Azure, Deepgram, Google, IBM and whisper.cpp; exports of Discord and Telegram.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bot.files.documents.cues import Cue, lines_of

_Said: TypeAlias = Iterator[tuple[str, str]]
"""A speaker, who may be unknown, and words."""
_SAID_LISTS = ("utterances", "audio_segments", "transcription", "phrases", "recognizedPhrases", "messages")
_SAID_LISTS += ("channels", "transcripts", "results")
"""Where words stand, the more exact before the summary of the same."""
_SAID_WORDS = ("text", "transcript", "display", "content")
_SPEAKER_KEYS = ("speaker", "speaker_label", "from", "author")
_SPEAKER_NAMES = ("nickname", "name")


def transcript_cues(text: str) -> Iterator[Cue]:
    """Yield what is said, each for a second of its own; nothing where JSON is of another kind. Raises ValueError."""
    for place, (speaker, words) in enumerate(_said(json.loads(text))):
        yield Cue(2.0 * place, 2.0 * place + 1, lines_of(words), speaker)  # apart, so that none grows out of another


def _said(found: object) -> _Said:
    if not isinstance(found, Mapping):
        return
    results = found.get("results")
    for holder in (results, found) if isinstance(results, Mapping) else (found,):
        for name in _SAID_LISTS:
            if isinstance(items := holder.get(name), list) and (said := list(_each(items))):
                yield from said
                return


def _each(items: list[Any]) -> _Said:
    for item in items:
        if not isinstance(item, Mapping):
            continue
        best = item.get("nBest") or item.get("alternatives")
        told = best[0] if isinstance(best, list) and best else item
        if words := next((words for name in _SAID_WORDS if (words := _plain(told.get(name)))), "").strip():
            yield next((who for name in _SPEAKER_KEYS if (who := _named(item.get(name)))), ""), words


def _plain(words: object) -> str:
    """Return words that may be told in pieces, some of them with a style."""
    if isinstance(words, list):
        return "".join(_plain(piece.get("text") if isinstance(piece, Mapping) else piece) for piece in words)
    return words if isinstance(words, str) else ""


def _named(speaker: object) -> str:
    if isinstance(speaker, Mapping):
        return next((str(name) for key in _SPEAKER_NAMES if (name := speaker.get(key))), "")
    return f"Speaker {speaker}" if isinstance(speaker, int) else str(speaker or "")
