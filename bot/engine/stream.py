"""The chunks of one streamed answer, put together; pure.

A normal spoken answer comes as: a chunk with the role; transcript deltas, the first with the audio's id; data deltas
with the same id; a chunk with the usage and no choices; one with only `expires_at`; `[DONE]`. It has no finish_reason.
Everything else here handles what servers were seen to do instead.
"""

import math
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from bot.audio import SPEAK_RATE, seconds
from bot.billing import tokens
from bot.engine.pcm import Base64Stream, PcmStream
from bot.types import AudioDelta, TextDelta, Usage

MAX_TEXT_CHARACTERS = 20_000
"""More than the longest spoken answer has."""


MAX_AUDIO_ID_CHARACTERS = 200
_MAX_EXPIRY_SECONDS = 1e11
"""Unix time in the year 5138."""
_MAX_REPORTED_TOKENS = 10**8


class StreamResult(Enum):
    """The result of a stream that ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    "ended by length or filter, or had unreadable chunks; we keep what arrived"
    TEXT_ONLY = "text_only"
    "text without the requested sound"
    EMPTY = "empty"
    CUT = "cut"
    "it ended without an end marker"


class Assembly:
    """Takes the chunks of one answer, yields its events, and knows the result at the end."""

    def __init__(self, rate: int = SPEAK_RATE, longest: float = math.inf) -> None:
        """`rate` is the stream's, in Hz. Sound beyond `longest` seconds is dropped."""
        self.text = ""
        self.seconds = 0.0
        "of sound"
        self.audio_id: str | None = None
        self.expires_at: float | None = None
        self.finish: str | None = None
        "the last finish_reason"
        self.odd = 0
        "unreadable chunks"
        self._longest = longest
        self._usage: Mapping[str, Any] | None = None
        self._done = False
        self._source: str | None = None
        "the field that the text comes from"
        self._repeated = ""
        "transcript that so far only repeats the content"
        self._base64 = Base64Stream()
        self._pcm = PcmStream(rate)

    def feed(self, chunk: object) -> Iterator[TextDelta | AudioDelta]:
        """Yield what a chunk adds."""
        if not isinstance(chunk, Mapping):
            self.odd += 1
            return
        if isinstance(usage := chunk.get("usage"), Mapping):
            self._usage = usage
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, Mapping) or choice.get("index"):
                continue
            if isinstance(reason := choice.get("finish_reason"), str):
                self.finish = reason
            delta = choice.get("delta")
            if isinstance(delta, Mapping):
                yield from self._delta(delta, sound=chunk.get("modality") == "audio")

    def end(self) -> Iterator[AudioDelta]:
        """Handle `[DONE]`."""
        self._done = True
        yield from self._sound(self._base64.end())

    @property
    def garbled(self) -> int:
        """Parts of audio that were not base64."""
        return self._base64.garbled

    @property
    def begun(self) -> bool:
        """Whether anything arrived that the server bills."""
        return bool(self.text or self.seconds or self._usage)

    @property
    def full(self) -> bool:
        """Whether the answer has its maximum length, so the rest does not matter."""
        return self._longest - self.seconds < 0.001

    def outcome(self, *, text_only: bool) -> StreamResult:
        """Return the result; `text_only`: no sound was requested."""
        said_end = self._done or self.finish == "stop" or self.expires_at is not None
        wanted = bool(self.text) if text_only else self.seconds > 0
        if wanted and (self.finish in ("length", "content_filter") or self.full):
            return StreamResult.PARTIAL
        if not said_end:
            return StreamResult.CUT
        if wanted:
            return StreamResult.PARTIAL if self.odd else StreamResult.COMPLETE
        return StreamResult.TEXT_ONLY if self.text and self.finish != "content_filter" else StreamResult.EMPTY

    def usage(self, expected: Usage) -> tuple[Usage, bool]:
        """Return the usage, and whether it is an estimate from what arrived and the input `expected`."""
        if self._usage is not None:
            return read_usage(self._usage, expected), False
        return self.estimate(expected), True

    def estimate(self, expected: Usage) -> Usage:
        """Return the estimated usage so far."""
        return Usage(
            text_in=expected.text_in,
            audio_in=expected.audio_in,
            text_out=tokens.of_text(self.text),
            audio_out=round(self.seconds * tokens.AUDIO_OUT_PER_SECOND),
        )

    def _delta(self, delta: Mapping[str, Any], *, sound: bool) -> Iterator[TextDelta | AudioDelta]:
        content = delta.get("content") or delta.get("refusal")
        if isinstance(content, str):
            if sound:
                yield from self._sound(self._base64.feed(content))
            else:
                yield from self._words("content", content)
        audio = delta.get("audio")
        if not isinstance(audio, Mapping):
            return
        if isinstance(name := audio.get("id"), str) and 0 < len(name) <= MAX_AUDIO_ID_CHARACTERS:
            self.audio_id = name
        if isinstance(until := audio.get("expires_at"), int | float) and 0 < until < _MAX_EXPIRY_SECONDS:
            self.expires_at = float(until)
        if isinstance(words := audio.get("transcript"), str):
            yield from self._words("transcript", words)
        if isinstance(data := audio.get("data"), str):
            yield from self._sound(self._base64.feed(data))

    def _words(self, source: str, words: str) -> Iterator[TextDelta]:
        """Text may come in two fields. The transcript is what is spoken, unless it only repeats the content."""
        if source == "transcript" and self._source == "content":
            words = self._repeated = self._repeated + words
            if self.text.strip().startswith(words.strip()):
                return
            self._source = source
        self._source = self._source or source
        words = _clean(words)[: MAX_TEXT_CHARACTERS - len(self.text)]
        if words and source == self._source:
            self.text += words
            yield TextDelta(words)

    def _sound(self, data: bytes) -> Iterator[AudioDelta]:
        room = round((self._longest - self.seconds) * SPEAK_RATE) * 2 if self._longest < math.inf else None
        pcm = self._pcm.feed(data)[:room] if data else b""
        if pcm:
            self.seconds += seconds(pcm, SPEAK_RATE)
            yield AudioDelta(pcm)


def read_usage(usage: Mapping[str, Any], expected: Usage) -> Usage:
    """Split the totals by kind; if the server reports totals only, split them as `expected`."""
    sent, made = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    sent_details, made_details = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    audio_in = _count(sent_details, "audio_tokens") if _tells(sent_details) else min(sent, expected.audio_in)
    audio_out = _count(made_details, "audio_tokens") if _tells(made_details) else made
    return Usage(
        text_in=max(0, sent - audio_in),
        audio_in=audio_in,
        cached_in=_count(sent_details, "cached_tokens"),
        text_out=max(0, made - audio_out),
        audio_out=audio_out,
    )


def _clean(words: str) -> str:
    """Drop what databases and Discord reject: NUL and unpaired surrogates."""
    return words.replace("\0", "").encode("utf-8", "ignore").decode()


def _tells(details: object) -> bool:
    return isinstance(details, Mapping) and isinstance(details.get("audio_tokens"), int)


def _count(values: object, name: str) -> int:
    value = values.get(name) if isinstance(values, Mapping) else None
    return min(value, _MAX_REPORTED_TOKENS) if isinstance(value, int) and value > 0 else 0
