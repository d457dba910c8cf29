"""The chunks of one answer, put together.

A normal spoken answer comes as: a chunk with the role; transcript deltas, the first with the audio's id; data deltas
with the same id; a chunk with the usage and no choices; one with only `expires_at`; `[DONE]`. It has no finish_reason.
Everything else here handles what servers were seen to do instead: one whole answer with a `message`, for instance.
"""

import math
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from bot.audio import SPEAK_RATE
from bot.billing import tokens
from bot.engine.answer_sound import AnswerSound
from bot.engine.answer_text import AnswerText
from bot.engine.delta_parts import sounds_of, text_of, thought_in
from bot.engine.tool_calls import CallPieces
from bot.types import AudioDelta, TextDelta, Usage

MAX_AUDIO_ID_CHARACTERS = 200
MAX_CHOICES = 16
_MAX_EXPIRY_SECONDS = 1e11
"""Unix time in the year 5138."""
_MAX_REPORTED_TOKENS = 10**8
_CUT = ("length", "content_filter")
"""Ends of an answer before its time."""


class StreamResult(Enum):
    """The result of a stream that ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    "ended by length or filter, or had unreadable chunks; we keep what arrived"
    TEXT_ONLY = "text_only"
    "text without the requested sound, or with nothing but silence"
    UNPLAYABLE = "unplayable"
    "its sound cannot be decoded, or is the noise of misread bytes"
    CALLS = "calls"
    "it calls tools, and goes on with their results"
    EMPTY = "empty"
    CUT = "cut"
    "it ended without an end marker"


class Assembly:
    """Takes the chunks of one answer, yields its events, and knows the result at the end. `close` it."""

    def __init__(
        self,
        rate: int = SPEAK_RATE,
        longest: float = math.inf,
        *,
        thinks_first: bool = False,
        written_calls: bool = False,
    ) -> None:
        """`rate` is the stream's, in Hz. Sound beyond `longest` seconds is dropped.

        `thinks_first`: its text may begin with a thought that nothing marks as one.
        `written_calls`: it may hold calls of tools; where none were offered, what looks like one is quoted.
        """
        self.audio_id: str | None = None
        self.expires_at: float | None = None
        self.finish: str | None = None
        "the last finish_reason"
        self.odd = 0
        "unreadable chunks"
        self.sent_twice = False
        "another connection was tried, too, and the server may bill both requests"
        self.pieces = CallPieces()
        "calls of tools"
        self._usage: Mapping[str, Any] | None = None
        self._done = False
        self._thought = 0
        "characters of thoughts in fields of their own"
        self._words = AnswerText(thinks_first=thinks_first, calls=written_calls)
        self._sound = AnswerSound(rate, longest)

    @property
    def text(self) -> str:
        return self._words.text

    @property
    def thought_first(self) -> bool:
        """Whether its text began with a thought that nothing marked as one."""
        return self._words.thought_first

    @property
    def unsaid(self) -> int:
        """How many characters of text came that were not passed on: they are a thought, or may be one, or a call."""
        return self._words.unsaid + self._thought

    @property
    def writes(self) -> bool:
        """Whether its words come as text, not as the transcript of sound."""
        return self._words.written

    @property
    def seconds(self) -> float:
        """Of sound that can be played."""
        return self._sound.seconds

    @property
    def received(self) -> float:
        """Seconds of sound that came, silence included."""
        return self._sound.received

    def feed(self, chunk: object) -> Iterator[TextDelta | AudioDelta]:
        """Yield what a chunk adds."""
        if not isinstance(chunk, Mapping):
            self.odd += 1
            return
        if isinstance(usage := chunk.get("usage"), Mapping) and _tells_totals(usage):
            self._usage = usage
        yield from self._beside(chunk)
        choices = chunk.get("choices")
        for choice in choices[:MAX_CHOICES] if isinstance(choices, list) else ():
            if not isinstance(choice, Mapping):
                continue
            whole = choice.get("message")
            if choice.get("index") and not isinstance(whole, Mapping):
                continue
            if isinstance(reason := choice.get("finish_reason"), str):
                self.finish = reason
            delta = whole if isinstance(whole, Mapping) else choice.get("delta")
            yield from self._beside(choice)
            if isinstance(delta, Mapping):
                yield from self._delta(delta, chunk)

    def end(self) -> Iterator[TextDelta | AudioDelta]:
        """Handle `[DONE]`; call it again while `busy`."""
        self._done = True
        yield from self.rest()

    def rest(self) -> Iterator[TextDelta | AudioDelta]:
        """Yield what is still held: no more chunks will come."""
        cut = self.finish in _CUT or not (self._done or self.finish)
        if words := self._words.end(cut=cut):
            yield TextDelta(words)
        self._take_written_calls()
        yield from map(AudioDelta, self._sound.end())

    def close(self) -> None:
        """Stop decoding."""
        self._sound.close()

    @property
    def busy(self) -> bool:
        """Whether sound is still being decoded."""
        return self._sound.busy

    @property
    def unplayable(self) -> str:
        """Why its sound cannot be played; empty: it can."""
        return self._sound.fault

    @property
    def garbled(self) -> int:
        """Parts of audio that were not base64."""
        return self._sound.garbled

    @property
    def begun(self) -> bool:
        """Whether anything arrived that the server bills."""
        return bool(self.text or self.unsaid or self.received or self._usage or self.pieces)

    @property
    def full(self) -> bool:
        """Whether the answer has its maximum length, so the rest does not matter."""
        return self._sound.full

    def outcome(self, *, text_only: bool) -> StreamResult:
        """Return the result; `text_only`: no sound was requested."""
        ended = self._done or self.finish in ("tool_calls", "function_call", "stop")
        if self.pieces.calls and ended and self.finish not in _CUT:
            return StreamResult.CALLS
        said_end = self._done or self.finish == "stop" or self.expires_at is not None
        if self.unplayable and not text_only:
            return StreamResult.UNPLAYABLE
        wanted = bool(self.text) if text_only else self.seconds > 0
        if wanted and (self.finish in _CUT or self.full):
            return StreamResult.PARTIAL
        if not said_end:
            return StreamResult.CUT
        if wanted:
            return StreamResult.PARTIAL if self.odd else StreamResult.COMPLETE
        return StreamResult.TEXT_ONLY if self.text and self.finish != "content_filter" else StreamResult.EMPTY

    def usage(self, expected: Usage) -> tuple[Usage, bool]:
        """Return the usage, and whether it is an estimate from what arrived and the input `expected`."""
        if self._usage is not None:
            return read_usage(self._usage, expected, spoken=self.received > 0), False
        return self.estimate(expected), True

    def estimate(self, expected: Usage) -> Usage:
        """Return the estimated usage so far."""
        return Usage(
            text_in=expected.text_in,
            audio_in=expected.audio_in,
            text_out=tokens.of_text(self.text) + (self.pieces.size + self.unsaid) // 4,
            audio_out=round(self.received * tokens.AUDIO_OUT_PER_SECOND),
        )

    def _take_written_calls(self) -> None:
        """Take the calls that stand in the text, where the server told none."""
        if not self.pieces:
            self.pieces.feed(self._words.calls)

    def _beside(self, place: Mapping[str, Any]) -> Iterator[TextDelta | AudioDelta]:
        """Yield the sound that a server puts beside its deltas."""
        if isinstance(audio := place.get("audio"), Mapping):
            yield from self._delta({"audio": audio}, {})

    def _delta(self, delta: Mapping[str, Any], chunk: Mapping[str, Any]) -> Iterator[TextDelta | AudioDelta]:
        self._thought += thought_in(delta)
        content = text_of(delta.get("content")) or delta.get("refusal")
        if isinstance(content, str):
            if chunk.get("modality") == "audio":
                yield from map(AudioDelta, self._sound.feed(content, chunk))
            elif words := self._words.feed("content", content):
                yield TextDelta(words)
        self.pieces.feed(delta.get("tool_calls"))
        for audio in sounds_of(delta):
            yield from self._audio(audio)

    def _audio(self, audio: Mapping[str, Any]) -> Iterator[TextDelta | AudioDelta]:
        if isinstance(name := audio.get("id"), str) and 0 < len(name) <= MAX_AUDIO_ID_CHARACTERS:
            self.audio_id = name
        if isinstance(until := audio.get("expires_at"), int | float) and 0 < until < _MAX_EXPIRY_SECONDS:
            self.expires_at = float(until)
        if isinstance(words := audio.get("transcript"), str) and (words := self._words.feed("transcript", words)):
            yield TextDelta(words)
        if isinstance(data := audio.get("data"), str):
            yield from map(AudioDelta, self._sound.feed(data, audio))


def read_usage(usage: Mapping[str, Any], expected: Usage, *, spoken: bool = False) -> Usage:
    """Split the totals by kind; if the server reports totals only, split them as `expected`.

    `spoken`: the answer came with sound, which is then taken for all of it.
    """
    sent, made = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    sent_details, made_details = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    audio_in = _count(sent_details, "audio_tokens") if _tells(sent_details) else min(sent, expected.audio_in)
    audio_out = _count(made_details, "audio_tokens") if _tells(made_details) else made if spoken else 0
    return Usage(
        text_in=max(0, sent - audio_in),
        audio_in=audio_in,
        cached_in=_count(sent_details, "cached_tokens"),
        text_out=max(0, made - audio_out),
        audio_out=audio_out,
    )


def _tells_totals(usage: Mapping[str, Any]) -> bool:
    """Whether a usage says anything: servers that do not count send nulls, or zeros."""
    return _count(usage, "prompt_tokens") > 0 or _count(usage, "completion_tokens") > 0


def _tells(details: object) -> bool:
    return isinstance(details, Mapping) and isinstance(details.get("audio_tokens"), int)


def _count(values: object, name: str) -> int:
    value = values.get(name) if isinstance(values, Mapping) else None
    return min(value, _MAX_REPORTED_TOKENS) if isinstance(value, int) and value > 0 else 0
