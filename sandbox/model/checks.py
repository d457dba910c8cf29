"""What the audio chat API accepts: first the shape of every field, then the rules between fields.

It refuses everything that the real server answers with 400, because a bot that works with the sandbox must work there.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.audio import HEAR_RATE, from_wav, seconds
from bot.errors import BadAudio
from sandbox.media import resample, to_pcm
from sandbox.model.request_schema import REQUEST_CHECK
from sandbox.model.schema import ApiError, refuse
from sandbox.model.tool_rules import check_tool_messages

MAX_CONTEXT_TOKENS = 128_000
MAX_OUTPUT_TOKENS = 16_384
INPUT_TOKENS_PER_SECOND = 10
"""Tokens per second of audio in a request."""
OUTPUT_TOKENS_PER_SECOND = 20
"""Tokens per second of audio in an answer."""
UNSUPPORTED_FIELDS = ("logprobs", "top_logprobs", "prediction", "reasoning_effort", "verbosity")
"""Fields of the API that the audio models do not support."""


@dataclass(frozen=True, slots=True)
class AudioPart:
    """An `input_audio` part of a request."""

    message: int
    "index in messages"
    part: int
    "index in that message's content"
    format: str
    data: bytes
    "the file as it was sent, after base64 decoding"
    pcm: bytes
    "the same audio as s16le mono 16 kHz"

    @property
    def seconds(self) -> float:
        return seconds(self.pcm, HEAR_RATE)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat request that passed the checks."""

    model: str
    stream: bool
    speaks: bool
    "audio is among the modalities"
    format: str
    "format of the answer's audio"
    usage: bool
    "stream_options.include_usage"
    obfuscated: bool
    "stream_options.include_obfuscation"
    max_tokens: int
    audio: tuple[AudioPart, ...]
    text_in: int
    "tokens of the request's text"
    audio_in: int
    "tokens of the request's audio"
    tools: tuple[str, ...] = ()
    "names of the tools it offers"


@dataclass(frozen=True, slots=True)
class DialectRules:
    """How a server's checks differ from OpenAI's."""

    data_url: bool = False
    "input_audio.data is `data:;base64,…` rather than plain base64"
    streams_only: bool = False
    "audio needs `stream`"
    formats: tuple[str, ...] = ("pcm16",)
    "formats of streamed audio"
    voices: bool = True
    "only OpenAI's voices are accepted"
    text_streams_only: bool = False
    "text needs `stream` too"
    needs_audio: bool = True
    "the request or the answer must have audio"
    audio_ids: bool = True
    "an assistant message may refer to an audio id"
    openai_only: bool = True
    "accepts OPENAI_ONLY_FIELDS"


OPENAI_ONLY_FIELDS = (
    "store",
    "safety_identifier",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
)


def check_chat(
    body: Mapping[str, Any],
    hears: bool,
    spoken: Callable[[str], float | None],
    rules: DialectRules,
) -> ChatRequest:
    """Check a request body and return it parsed.

    `hears`: the model is an audio model. `spoken` returns the seconds of an earlier answer by its audio id, or None if
    the id is unknown or expired. Raises ApiError.
    """
    REQUEST_CHECK(_with_known_voice(body, rules), "")
    stream = bool(body.get("stream"))
    modalities = body.get("modalities") or ["text"]
    speaks = "audio" in modalities
    options = body.get("stream_options") or {}
    _check_fields(body, stream, hears, rules)
    _check_output(body, modalities, stream, speaks, rules)
    check_tool_messages(body["messages"])
    audio = tuple(_audio_parts(body["messages"], rules))
    if hears and rules.needs_audio and not audio and not speaks:
        raise refuse(
            "This model requires that either input content or output modality contain audio.", "model", "invalid_value"
        )
    if not hears and (audio or speaks):
        raise refuse("This model does not support audio.", "model", "invalid_value")
    text_in, audio_in = count(body["messages"], audio, spoken)
    if text_in + audio_in > MAX_CONTEXT_TOKENS:
        raise refuse(
            f"This model's maximum context length is {MAX_CONTEXT_TOKENS} tokens. However, your messages resulted in "
            f"{text_in + audio_in} tokens. Please reduce the length of the messages.",
            "messages",
            "context_length_exceeded",
        )
    return ChatRequest(
        model=body["model"],
        stream=stream,
        speaks=speaks,
        format=(body.get("audio") or {}).get("format", ""),
        usage=bool(options.get("include_usage")),
        obfuscated=options.get("include_obfuscation", True),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or MAX_OUTPUT_TOKENS,
        audio=audio,
        text_in=text_in,
        audio_in=audio_in,
        tools=tuple(tool["function"]["name"] for tool in body.get("tools") or ()),
    )


def _with_known_voice(body: Mapping[str, Any], rules: DialectRules) -> Any:
    """Replace the voice by a known one if the server has voices of its own, so that the check accepts any."""
    audio = body.get("audio") if isinstance(body, dict) else None
    if rules.voices or not isinstance(audio, dict) or not isinstance(audio.get("voice"), str):
        return body
    return {**body, "audio": {**audio, "voice": "alloy"}}


def _check_fields(body: Mapping[str, Any], stream: bool, hears: bool, rules: DialectRules) -> None:
    if not rules.openai_only:
        for name in OPENAI_ONLY_FIELDS:
            if name in body:
                raise refuse(f"Extra inputs are not permitted: {name}", name, "extra_forbidden")
    for index, message in enumerate(body["messages"]):
        if message.get("audio") is not None and not rules.audio_ids:
            path = f"messages[{index}].audio"
            raise refuse(f"Extra inputs are not permitted: {path}", path, "extra_forbidden")
    if not stream and rules.text_streams_only:
        raise refuse("This model only supports stream mode, please enable the stream parameter.", "stream", None)
    if body.get("stream_options") is not None and not stream:
        raise refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options", None)
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise refuse(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens", None
        )
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or 1
    if limit > MAX_OUTPUT_TOKENS:
        raise refuse(
            f"max_tokens is too large: {limit}. This model supports at most {MAX_OUTPUT_TOKENS} completion tokens.",
            "max_tokens",
            "invalid_value",
        )
    if not hears:
        return
    for name in UNSUPPORTED_FIELDS:
        if body.get(name) is not None:
            raise refuse(
                f"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter"
            )
    if (body.get("response_format") or {}).get("type", "text") != "text":
        raise refuse(
            "Invalid parameter: 'response_format' of this type is not supported with this model.",
            "response_format",
            None,
        )


def _check_output(
    body: Mapping[str, Any], modalities: list[str], stream: bool, speaks: bool, rules: DialectRules
) -> None:
    if len(set(modalities)) != len(modalities) or modalities == ["audio"]:
        raise refuse(
            f"Invalid modalities: {modalities}. Supported combinations are: ['text'] and ['text', 'audio'].",
            "modalities",
            "invalid_value",
        )
    audio = body.get("audio")
    if not speaks:
        if audio is not None:
            raise refuse("The 'audio' parameter is only allowed when 'modalities' contains 'audio'.", "audio", None)
        return
    if audio is None:
        raise ApiError(
            400,
            "Missing required parameter: 'audio'. It is required when 'modalities' contains 'audio'.",
            param="audio",
            code="missing_required_parameter",
        )
    if not stream and rules.streams_only:
        raise refuse("Audio output requires stream: true", "stream", None)
    if stream and audio["format"] not in rules.formats:
        raise refuse(
            f"Unsupported value: 'audio.format' does not support '{audio['format']}' when stream=true. "
            f"Supported values are: '{rules.formats[0]}'.",
            "audio.format",
            "unsupported_value",
        )


def _audio_parts(messages: list[dict[str, Any]], rules: DialectRules) -> list[AudioPart]:
    found: list[AudioPart] = []
    for index, message in enumerate(messages):
        content = message.get("content")
        for number, part in enumerate(content if isinstance(content, list) else ()):
            if part["type"] == "input_audio":
                audio, path = part["input_audio"], f"messages[{index}].content[{number}].input_audio"
                data = _unpacked(audio["data"], f"{path}.data", rules)
                found.append(AudioPart(index, number, audio["format"], data, _decoded(data, audio["format"], path)))
    return found


def _unpacked(data: str, path: str, rules: DialectRules) -> bytes:
    if rules.data_url:
        head, comma, data = data.partition(",")
        if not (comma and head.startswith("data:") and head.endswith(";base64")):
            raise refuse("The audio data must be a URL or begin with 'data:;base64,'.", path, "invalid_parameter_error")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise refuse(f"Invalid '{path}': expected a base64-encoded string.", path, "invalid_base64") from None


def _decoded(data: bytes, format: str, path: str) -> bytes:
    """Decode a file. It must have the format that the request names, and contain audio."""
    wav = data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    mp3 = data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2)
    try:
        if not (wav if format == "wav" else mp3):
            raise BadAudio("another format")
        return decoded(data)
    except BadAudio:
        raise refuse(
            f"The data provided for 'input_audio' is not of valid {format} format.",
            f"{path}.data",
            "unsupported_format",
        ) from None


def decoded(data: bytes) -> bytes:
    """Return an audio file as s16le mono 16 kHz. Raises BadAudio if it cannot be read or contains no audio."""
    try:
        pcm, rate = from_wav(data)
    except BadAudio:
        return to_pcm(data, HEAR_RATE)
    if not pcm:
        raise BadAudio("no sound in it")
    return resample(pcm, rate, HEAR_RATE)


def count(
    messages: list[dict[str, Any]], audio: tuple[AudioPart, ...], spoken: Callable[[str], float | None]
) -> tuple[int, int]:
    """Return the text tokens and the audio tokens of these messages. Raises ApiError for an expired audio id."""
    text, sound = 0, sum(part.seconds for part in audio)
    for index, message in enumerate(messages):
        text += 4 + tokens(message.get("name", ""))
        content = message.get("content") or ""
        parts = [content] if isinstance(content, str) else [part.get("text", "") for part in content]
        text += sum(tokens(part) for part in parts)
        if message.get("audio"):
            length = spoken(message["audio"]["id"])
            if length is None:
                raise refuse(
                    f"Audio '{message['audio']['id']}' not found: it does not exist or has expired.",
                    f"content.messages[{index}].audio.id",
                    "audio_not_found",
                )
            sound += length
    return text, round(sound * INPUT_TOKENS_PER_SECOND)


def tokens(text: str) -> int:
    """Return roughly how many tokens `text` has: one per four ASCII letters, one per any other character."""
    ascii_letters = sum(character < "\x80" for character in text)
    return -(-ascii_letters // 4) + len(text) - ascii_letters
