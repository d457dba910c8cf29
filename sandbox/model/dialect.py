"""How compatible servers differ from OpenAI's: what they accept, how they stream, how they word an error."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.model.checks import Rules
from sandbox.model.schema import ApiError

HEARING = {"gpt-audio-1.5": None, "gpt-audio": "2027-01-20", "gpt-audio-mini": "2027-01-20"}
"""Audio chat models, with the day they are shut down."""
WRITING = {"gpt-5-mini": None}
"""Text models."""
LISTENING = {"gpt-transcribe": None, "gpt-4o-transcribe": "2027-02-26", "gpt-4o-mini-transcribe": "2027-02-26"}
"""Transcription models."""
OOPS = "The server had an error while processing your request. Sorry about that!"

Worded = tuple[int, Any]
"""HTTP status and the body, JSON or, when it is a str, plain text."""


def _openai_error(error: ApiError) -> Worded:
    return error.status, error.body()


def _openrouter_error(error: ApiError) -> Worded:
    """Word an error of the gateway itself, or hide the provider's in metadata.raw."""
    if error.code == "model_not_found":
        return 400, {"error": {"message": "That is not a valid model ID", "code": 400}, "user_id": "user_sandbox"}
    if error.status == 401 or error.param == "stream":
        return error.status, {"error": {"message": error.message, "code": error.status}}
    wrapped = {
        "message": "Provider returned error",
        "code": error.status,
        "metadata": {"raw": json.dumps(error.body()), "provider_name": "OpenAI", "is_byok": False},
    }
    return error.status, {"error": wrapped, "user_id": "user_sandbox"}


def _dashscope_error(error: ApiError) -> Worded:
    return error.status, {**error.body(), "request_id": "sandbox"}


def _vllm_error(error: ApiError) -> Worded:
    kind = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError"}.get(
        error.status, "InternalServerError"
    )
    return error.status, {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.status}}


def _speaches_error(error: ApiError) -> Worded:
    if error.code == "audio_not_found":
        return 500, "Internal Server Error"
    return error.status, {"detail": error.message}


def _openai_stream_error() -> dict[str, Any]:
    return {"error": {"message": OOPS, "type": "server_error", "param": None, "code": None}}


def _openrouter_stream_error() -> dict[str, Any]:
    raw = json.dumps(_openai_stream_error())
    return {
        "id": "gen-sandbox",
        "object": "chat.completion.chunk",
        "error": {
            "code": 502,
            "message": "Provider returned error",
            "metadata": {"raw": raw, "provider_name": "OpenAI"},
        },
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    }


@dataclass(frozen=True, slots=True)
class ServerDialect:
    """One kind of server."""

    name: str
    rules: Rules = field(default_factory=Rules)
    error: Callable[[ApiError], Worded] = _openai_error
    "words a refusal"
    stream_error: Callable[[], dict[str, Any]] = _openai_stream_error
    "the event of an error in mid-stream"
    prefix: str = ""
    "stands before the model's name"
    any_model: bool = False
    "serves whatever model it is asked for"
    audio_ids: bool = True
    "answers have ids, which may stand in the history"
    names_every_chunk: bool = False
    "id and expires_at in each chunk with audio"
    wav_in_content: bool = False
    "sound as a whole WAV per chunk, base64 in delta.content, with a `modality` beside"
    words_in_content: bool = False
    "words in delta.content, none in delta.audio.transcript"
    always_stops: bool = False
    "finish_reason stop at the end of every answer"
    obfuscates: bool = False
    "adds the `obfuscation` field"
    comments: str = ""
    "an SSE comment ahead of every event"
    chunk_extra: Mapping[str, Any] = field(default_factory=dict)


OPENAI = ServerDialect(
    "openai", obfuscates=True, chunk_extra={"service_tier": "default", "system_fingerprint": "fp_sandbox"}
)
OPENROUTER = ServerDialect(
    "openrouter",
    Rules(streams_only=True),
    _openrouter_error,
    _openrouter_stream_error,
    prefix="openai/",
    comments="OPENROUTER PROCESSING",
    chunk_extra={"provider": "OpenAI"},
)
DASHSCOPE = ServerDialect(
    "dashscope",
    Rules(
        data_url=True,
        streams_only=True,
        text_streams_only=True,
        formats=("wav",),
        voices=False,
        openai_only=False,
        needs_audio=False,
        audio_ids=False,
    ),
    _dashscope_error,
    any_model=True,
    audio_ids=False,
    words_in_content=True,
    always_stops=True,
)
VLLM_OMNI = ServerDialect(
    "vllm-omni",
    Rules(formats=("pcm16", "wav"), voices=False, openai_only=False, needs_audio=False, audio_ids=False),
    _vllm_error,
    any_model=True,
    audio_ids=False,
    wav_in_content=True,
    words_in_content=True,
    always_stops=True,
)
SPEACHES = ServerDialect(
    "speaches",
    Rules(voices=False, openai_only=False, needs_audio=False),
    _speaches_error,
    any_model=True,
    names_every_chunk=True,
    always_stops=True,
)
DIALECTS = {dialect.name: dialect for dialect in (OPENAI, OPENROUTER, DASHSCOPE, VLLM_OMNI, SPEACHES)}
"""By the name that ModelServer.open takes. DashScope streams headerless PCM although the format is called wav."""
