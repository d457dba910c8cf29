"""An answer as the events of a stream, in the order recorded from the real server.

First the role; then transcript deltas, well ahead of the audio, the first with the audio id; then data deltas, each
with the id; a usage chunk with `choices: []`; a chunk with only `expires_at`; `[DONE]`. There is no finish_reason.
Heartbeats with `choices: null` come in between. Pure: the times are numbers, and the server does the waiting.
"""

import base64
import heapq
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.audio import SPEAK_RATE, seconds, to_wav
from sandbox.model.behaviour import Break, Ending, Oddity, Speak
from sandbox.model.checks import OUTPUT_TOKENS_PER_SECOND, ChatRequest, tokens
from sandbox.model.dialect import ServerDialect
from sandbox.model.sound_wire import SOUND_ENCODINGS
from sandbox.model.tool_rules import fragments

DELTA_BYTES = 9600
"""Bytes of audio in a delta: 0.2 s, which is a whole number of base64 groups."""
ODD_DELTA_BYTES = {Oddity.ODD_BYTE: DELTA_BYTES - 3, Oddity.PADDED: DELTA_BYTES - 2, Oddity.UNPADDED: DELTA_BYTES - 2}
"""The first is an odd number in whole base64 groups; the others are even, but not in whole groups."""
SPLIT_BASE64_CHARACTERS = 12_803
"""Characters in a delta when the base64 text is cut anywhere."""
WORD_INTERVAL_SECONDS = 0.02
"""Time between transcript deltas: about 100 letters per second, six times as fast as speech."""
DELTA_CHARACTERS = 4
"""Characters in a transcript delta of a language without spaces."""
FINISH_REASONS = {Ending.STOP: "stop", Ending.LENGTH: "length", Ending.CONTENT_FILTER: "content_filter"}


@dataclass(frozen=True, slots=True)
class ResponseIds:
    """The ids and times that every chunk of one answer carries."""

    id: str
    created: int
    "Unix seconds"
    audio_id: str
    expires_at: int
    "Unix seconds"


@dataclass(frozen=True, slots=True)
class StreamPiece:
    """Bytes to send, and when."""

    at: float
    "seconds after the request"
    data: bytes
    sound: float = 0.0
    "seconds of audio in it"
    breaks: Break | None = None
    "break the stream here instead"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an answer is sent."""

    first_audio: float
    "seconds from the request to the first audio"
    speed: float
    "seconds of audio sent per second; 0: all at once"

    def sound(self, position: float) -> float:
        """Return when the audio at `position` seconds is sent."""
        return self.first_audio + (position / self.speed if self.speed else 0.0)

    def word(self, index: int) -> float:
        return self.first_audio / 2 + (index * WORD_INTERVAL_SECONDS if self.speed else 0.0)


def capped(answer: Speak, chat: ChatRequest) -> Speak:
    """Return the answer, cut to the request's max_completion_tokens."""
    room = chat.max_tokens - tokens(answer.text)
    spoken = round(answer.seconds * OUTPUT_TOKENS_PER_SECOND)
    if answer.uncapped or spoken <= room:
        return answer
    kept = max(0, room) * SPEAK_RATE // OUTPUT_TOKENS_PER_SECOND * 2
    return answer.with_(pcm=answer.pcm[:kept], ending=Ending.LENGTH)


def usage(answer: Speak, chat: ChatRequest) -> dict[str, Any]:
    """Return the usage object of an answer."""
    text_out, audio_out = tokens(answer.text), round(answer.seconds * OUTPUT_TOKENS_PER_SECOND)
    return {
        "prompt_tokens": chat.text_in + chat.audio_in,
        "completion_tokens": text_out + audio_out,
        "total_tokens": chat.text_in + chat.audio_in + text_out + audio_out,
        "prompt_tokens_details": {
            "audio_tokens": chat.audio_in,
            "cached_tokens": 0,
            "text_tokens": chat.text_in,
            "image_tokens": 0,
        },
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "audio_tokens": audio_out,
            "reasoning_tokens": 0,
            "rejected_prediction_tokens": 0,
            "text_tokens": text_out,
        },
    }


def words(text: str) -> list[str]:
    """Split a text into deltas, roughly as a tokenizer would."""
    return [piece for word in re.findall(r"\s*\S+\s*$|\s*\S+", text) for piece in _letters(word)]


def _letters(word: str) -> Iterator[str]:
    if word.isascii():
        yield word
    else:
        yield from (word[at : at + DELTA_CHARACTERS] for at in range(0, len(word), DELTA_CHARACTERS))


def pieces(
    answer: Speak, chat: ChatRequest, stamp: ResponseIds, pace: Pace, dialect: ServerDialect
) -> Iterator[StreamPiece]:
    """Yield an answer as a stream of server-sent events."""
    return _Writer(answer, chat, stamp, pace, dialect).pieces()


class _Writer:
    def __init__(
        self, answer: Speak, chat: ChatRequest, stamp: ResponseIds, pace: Pace, dialect: ServerDialect
    ) -> None:
        self._answer, self._chat, self._stamp, self._pace, self._dialect = answer, chat, stamp, pace, dialect
        self._named = False
        self._begun = False
        self._events = 0

    def pieces(self) -> Iterator[StreamPiece]:
        answer, pace = self._answer, self._pace
        speaks = bool(answer.pcm or answer.silent) and self._chat.speaks
        if self._dialect.first_chunk:
            yield from self._event(0.0, self._chunk([]) | dict(self._dialect.first_chunk))
        thought_until = 0.0
        for thought_until, thought in self._thoughts() if Oddity.REASONING in answer.oddities else ():
            yield from self._event(thought_until, self._delta({"reasoning_content": thought, "reasoning": thought}))
        head = {"role": "assistant", "content": "" if not speaks else None, "refusal": None}
        yield from self._event(thought_until, self._delta(head))
        if answer.breaks and answer.break_after <= 0:
            yield from self._break(pace.first_audio / 2)
            return
        end, sent = pace.first_audio / 2, 0.0
        for at, _, kind, payload in self._deltas(speaks):
            end = max(end, at)
            if kind == "data":
                pcm_seconds, data = payload
                yield from self._event(at, self._sound(data), pcm_seconds)
                sent += pcm_seconds
                if answer.breaks and sent >= answer.break_after:
                    yield from self._break(at)
                    if answer.breaks is not Break.BAD_JSON:
                        return
            elif kind == "word":
                yield from self._event(at, self._word(payload, speaks))
            else:
                yield from self._event(at, self._heartbeat())
        if answer.breaks and sent < answer.break_after:
            yield from self._break(end)
            if answer.breaks is not Break.BAD_JSON:
                return
        for delta in fragments(self._stamp.id, answer.calls) if self._chat.tools else ():
            yield from self._event(end, self._delta(delta))
        yield from self._close(end, speaks)

    def _thoughts(self) -> Iterator[tuple[float, str]]:
        """Yield thoughts, a word at a time, until the first word of the answer is due."""
        for index, word in enumerate(itertools.cycle(words("They want to know about it. "))):
            at = index * WORD_INTERVAL_SECONDS
            if index and at >= self._pace.word(0):
                return
            yield at, word

    def _deltas(self, speaks: bool) -> Iterator[tuple[float, int, str, Any]]:
        """Merge words, audio and heartbeats by time."""
        late = Oddity.LATE_TRANSCRIPT in self._answer.oddities
        after = self._pace.sound(self._answer.seconds) if late else 0.0
        said = [(after + self._pace.word(i), i, "word", word) for i, word in enumerate(words(self._answer.text))]
        beats: list[tuple[float, int, str, Any]] = [(self._pace.first_audio * 0.75, 1 << 20, "beat", None)]
        if not speaks:
            return iter([*said])
        heard = (
            (self._pace.sound(at), (1 << 21) + n, "data", (length, data))
            for n, (at, length, data) in enumerate(self._data())
        )
        return heapq.merge(said, beats, heard, key=lambda item: item[:2])

    def _data(self) -> Iterator[tuple[float, float, str]]:
        """Yield the audio as (position in seconds, length in seconds, base64)."""
        answer = self._answer
        if answer.silent:
            return
        pcm = answer.pcm
        if answer.encoding:
            yield from self._encoded(SOUND_ENCODINGS[answer.encoding](pcm), answer.seconds)
            return
        if self._dialect.wav_in_content:
            for at in range(0, len(pcm), DELTA_BYTES):
                part = pcm[at : at + DELTA_BYTES]
                yield seconds(pcm[:at], SPEAK_RATE), seconds(part, SPEAK_RATE), _base64(to_wav(part, SPEAK_RATE))
            return
        if Oddity.RIFF_HEADER in answer.oddities:
            pcm = to_wav(pcm, SPEAK_RATE)
        if Oddity.SPLIT_BASE64 in answer.oddities:
            text = _base64(pcm)
            for at in range(0, len(text), SPLIT_BASE64_CHARACTERS):
                part = text[at : at + SPLIT_BASE64_CHARACTERS]
                yield at * 0.75 / (2 * SPEAK_RATE), len(part) * 0.75 / (2 * SPEAK_RATE), part
            return
        size = next((ODD_DELTA_BYTES[oddity] for oddity in ODD_DELTA_BYTES if oddity in answer.oddities), DELTA_BYTES)
        for at in range(0, len(pcm), size):
            part = pcm[at : at + size]
            yield at / (2 * SPEAK_RATE), len(part) / (2 * SPEAK_RATE), _base64(part)

    def _encoded(self, data: bytes, length: float) -> Iterator[tuple[float, float, str]]:
        """Yield a file in as many deltas as its sound would have."""
        count = max(1, round(length * SPEAK_RATE * 2 / DELTA_BYTES))
        size = -(-len(data) // count)
        for number in range(count):
            part = data[number * size : (number + 1) * size]
            yield number * length / count, length / count, _base64(part)

    def _close(self, at: float, speaks: bool) -> Iterator[StreamPiece]:
        answer, oddities = self._answer, self._answer.oddities
        ending = answer.ending
        if not speaks or Oddity.NO_EXPIRY in oddities or self._dialect.always_stops:
            ending = Ending.STOP if ending is Ending.EXPIRES else ending
        if answer.calls and self._chat.tools:
            yield from self._event(at, self._delta({}, "tool_calls"))
        elif ending in FINISH_REASONS:
            yield from self._event(at, self._delta({}, FINISH_REASONS[ending]))
        if self._chat.usage and Oddity.NO_USAGE not in oddities:
            counts = usage(answer, self._chat)
            if self._dialect.plain_usage:
                counts = {name: count for name, count in counts.items() if not isinstance(count, dict)}
            if Oddity.NULL_USAGE in oddities:
                counts = dict.fromkeys(counts)
            yield from self._event(at, self._chunk([], usage=counts))
        if speaks and self._dialect.audio_ids and Oddity.NO_EXPIRY not in oddities:
            yield from self._event(at, self._delta({"audio": {"expires_at": self._stamp.expires_at}}))
        yield from self._line(at, "[DONE]")

    def _break(self, at: float) -> Iterator[StreamPiece]:
        match self._answer.breaks:
            case Break.BAD_JSON:
                yield from self._line(at, '{"id":"chatcmpl-')
            case Break.ERROR:
                yield from self._line(at, json.dumps(self._dialect.stream_error()))
                yield StreamPiece(at, b"", breaks=Break.CUT)
            case kind:
                yield StreamPiece(at, b"", breaks=kind)

    def _word(self, word: str, speaks: bool) -> dict[str, Any]:
        if not speaks or Oddity.TEXT_BESIDE in self._answer.oddities or self._dialect.words_in_content:
            return self._delta({"content": word}, modality="text")
        return self._delta({"audio": self._name({"transcript": word})})

    def _sound(self, data: str) -> dict[str, Any]:
        if self._dialect.wav_in_content:
            return self._delta({"content": data}, modality="audio")
        return self._delta({"audio": self._name({"data": self._written(data)}, again=True)})

    def _written(self, data: str) -> str:
        """Write base64 as the oddities say."""
        oddities = self._answer.oddities
        if Oddity.URL_SAFE in oddities:
            data = data.replace("+", "-").replace("/", "_")
        if Oddity.UNPADDED in oddities:
            data = data.rstrip("=")
        if Oddity.SPACES in oddities:
            data = data.replace("+", " ")
        if Oddity.LINE_BREAKS in oddities:
            data = "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))
        return f"data:audio/wav;base64,{data}" if Oddity.DATA_URL in oddities else data

    def _name(self, audio: dict[str, Any], again: bool = False) -> dict[str, Any]:
        """Add the audio id where this server puts it."""
        if not self._dialect.audio_ids:
            return audio
        repeated = (again and Oddity.ID_ONCE not in self._answer.oddities) or self._dialect.names_every_chunk
        if repeated or not self._named:
            audio = {"id": self._stamp.audio_id, **audio}
            self._named = True
        return {**audio, "expires_at": self._stamp.expires_at} if self._dialect.names_every_chunk else audio

    def _delta(self, delta: dict[str, Any], finish: str | None = None, modality: str | None = None) -> dict[str, Any]:
        if Oddity.EMPTY_CONTENT in self._answer.oddities and not delta.get("content"):
            delta = {"content": "", **{name: value for name, value in delta.items() if name != "content"}}
        chunk = self._chunk([{"index": 0, "delta": delta, "finish_reason": finish}])
        if self._dialect.wav_in_content:
            chunk["modality"] = modality
        return chunk

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> dict[str, Any]:
        chunk: dict[str, Any] = {
            "id": self._stamp.id,
            "object": "chat.completion.chunk",
            "created": self._stamp.created,
            "model": self._chat.model,
            **self._dialect.chunk_extra,
            "choices": choices,
        }
        if self._chat.usage:
            chunk["usage"] = usage
        if self._dialect.obfuscates and self._chat.obfuscated:
            chunk["obfuscation"] = "x" * (1 + len(str(choices)) % 16)
        return chunk

    def _heartbeat(self) -> dict[str, Any]:
        chunk = self._chunk([])
        if Oddity.CHOICES_MISSING in self._answer.oddities:
            del chunk["choices"]
            return chunk
        return {**chunk, "choices": None}

    def _event(self, at: float, chunk: dict[str, Any], sound: float = 0.0) -> Iterator[StreamPiece]:
        yield from self._line(at, json.dumps(chunk, ensure_ascii=False, separators=(",", ":")), sound)

    def _line(self, at: float, text: str, sound: float = 0.0) -> Iterator[StreamPiece]:
        oddities = self._answer.oddities
        end = "\r\n" if Oddity.CRLF in oddities else "\r" if Oddity.CR in oddities else "\n"
        line = ("data:" if Oddity.NO_SPACE in oddities else "data: ") + text
        if Oddity.NAMED_EVENTS in oddities:
            self._events += 1
            line += f"{end}event: message{end}id: {self._events}"
        line += end * 2
        if Oddity.COMMENTS in oddities or self._dialect.comments:
            line = f": {self._dialect.comments or 'keep-alive'}{end * 2}{line}"
        if Oddity.MARKED in oddities and not self._begun:
            line = "\ufeff" + line
        self._begun = True
        data = line.encode()
        if Oddity.SPLIT_WRITES in oddities:
            middle = next((n for n, byte in enumerate(data) if byte > 0x7F), len(data) // 2) + 1
            yield StreamPiece(at, data[:middle])
            data = data[middle:]
        yield StreamPiece(at, data, sound)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
