"""How compatible servers differ from OpenAI's: what they accept, how they stream, and how they report errors."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.addresses import LOCAL
from sandbox.model.checks import DialectRules
from sandbox.model.schema import ApiError

AUDIO_MODELS = {"gpt-audio-1.5": None, "gpt-audio": "2027-01-20", "gpt-audio-mini": "2027-01-20"}
"""Audio chat models, with their shutdown date."""
TEXT_MODELS = {"gpt-5-mini": None}
"""Text models, with their shutdown date."""
TRANSCRIPTION_MODELS = {
    "gpt-transcribe": None,
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe": "2027-02-26",
}
"""Transcription models, with their shutdown date."""
SPEECH_MODELS: dict[str, str | None] = {"gpt-4o-mini-tts": "2027-01-06", "tts-1": "2027-01-06"}
"""Models that speak a text, with their shutdown date."""
STAND_IN_SETTINGS: dict[str, str | None] = {
    "engine": "audio",
    "dialect": "auto",
    "transcribe_base_url": None,
    "text_base_url": None,
    "speech_base_url": None,
}
"""Of a bot whose only model is the stand-in: whatever its operator set for real servers does not count."""
LOCAL_PARTS_SETTINGS: dict[str, str | None] = {
    **STAND_IN_SETTINGS,
    "engine": "cascade",
    "transcribe_base_url": LOCAL,
    "speech_base_url": LOCAL,
    "text_model": None,
}
"""Of a bot that really hears and speaks, on this machine, and whose words alone are the stand-in's."""
SERVER_ERROR_MESSAGE = "The server had an error while processing your request. Sorry about that!"

ErrorResponse = tuple[int, Any]
"""HTTP status and body. The body is JSON, or plain text if it is a str."""


def _openai_error(error: ApiError) -> ErrorResponse:
    return error.status, error.body()


def _openrouter_error(error: ApiError) -> ErrorResponse:
    """Return an error of the gateway itself, or put the provider's error into metadata.raw."""
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


def _dashscope_error(error: ApiError) -> ErrorResponse:
    return error.status, {**error.body(), "request_id": "sandbox"}


def _vllm_error(error: ApiError) -> ErrorResponse:
    kind = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError"}.get(
        error.status, "InternalServerError"
    )
    return error.status, {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.status}}


def _speaches_error(error: ApiError) -> ErrorResponse:
    if error.code == "audio_not_found":
        return 500, "Internal Server Error"
    return error.status, {"detail": error.message}


def _azure_error(error: ApiError) -> ErrorResponse:
    """Return an error of the gateway before the model, which knows codes and messages only."""
    code = {401: "401", 404: "DeploymentNotFound", 429: "429"}.get(error.status, error.code)
    return error.status, {
        "error": {"code": error.code if error.code == "insufficient_quota" else code, "message": error.message}
    }


def _llama_cpp_error(error: ApiError) -> ErrorResponse:
    kinds = {401: "authentication_error", 404: "not_found_error", 500: "server_error", 503: "unavailable_error"}
    kind = error.type if error.code == "insufficient_quota" else kinds.get(error.status, "invalid_request_error")
    body: dict[str, Any] = {"code": error.status, "message": error.message, "type": kind}
    if error.code == "context_length_exceeded":
        message = "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it"
        body |= {"message": message, "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096}
    return error.status, {"error": body}


def _localai_error(error: ApiError) -> ErrorResponse:
    body = error.body()["error"]
    return error.status, {
        "error": {"code": error.status, "message": body["message"], "type": body["type"], "param": None}
    }


def _openai_stream_error() -> dict[str, Any]:
    return {"error": {"message": SERVER_ERROR_MESSAGE, "type": "server_error", "param": None, "code": None}}


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
    rules: DialectRules = field(default_factory=DialectRules)
    error: Callable[[ApiError], ErrorResponse] = _openai_error
    "turns a refusal into a response"
    stream_error: Callable[[], dict[str, Any]] = _openai_stream_error
    "the event of an error in the middle of a stream"
    prefix: str = ""
    "prefix of the model's name"
    any_model: bool = False
    "accepts any model name"
    audio_ids: bool = True
    "answers have audio ids, which a request may put in its history"
    names_every_chunk: bool = False
    "id and expires_at are in each chunk with audio"
    wav_in_content: bool = False
    "audio is one whole WAV per chunk, base64 in delta.content, with a `modality` field"
    words_in_content: bool = False
    "text is in delta.content, not in delta.audio.transcript"
    always_stops: bool = False
    "every answer ends with finish_reason stop"
    obfuscates: bool = False
    "chunks have an `obfuscation` field"
    comments: str = ""
    "an SSE comment before every event"
    speaks: bool = True
    "False: answers have no sound, even if it was asked for"
    lists_models: bool = False
    "knows the list of models, and no path for one"
    plain_usage: bool = False
    "usage has the three sums only"
    first_chunk: Mapping[str, Any] = field(default_factory=dict)
    "fields of a chunk without choices that precedes the answer"
    chunk_extra: Mapping[str, Any] = field(default_factory=dict)


OPENAI = ServerDialect(
    "openai", obfuscates=True, chunk_extra={"service_tier": "default", "system_fingerprint": "fp_sandbox"}
)
OPENROUTER = ServerDialect(
    "openrouter",
    DialectRules(streams_only=True),
    _openrouter_error,
    _openrouter_stream_error,
    prefix="openai/",
    comments="OPENROUTER PROCESSING",
    chunk_extra={"provider": "OpenAI"},
)
DASHSCOPE = ServerDialect(
    "dashscope",
    DialectRules(
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
    DialectRules(formats=("pcm16", "wav"), voices=False, openai_only=False, needs_audio=False, audio_ids=False),
    _vllm_error,
    any_model=True,
    audio_ids=False,
    wav_in_content=True,
    words_in_content=True,
    always_stops=True,
)
SPEACHES = ServerDialect(
    "speaches",
    DialectRules(voices=False, openai_only=False, needs_audio=False),
    _speaches_error,
    any_model=True,
    names_every_chunk=True,
    always_stops=True,
)
AZURE = ServerDialect(
    "azure",
    error=_azure_error,
    any_model=True,
    chunk_extra={"system_fingerprint": "fp_sandbox"},
    first_chunk={"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]},
)
_WRITING = DialectRules(formats=("pcm16", "wav"), voices=False, openai_only=False, needs_audio=False, audio_ids=False)
LLAMA_CPP = ServerDialect(
    "llama.cpp",
    _WRITING,
    _llama_cpp_error,
    any_model=True,
    audio_ids=False,
    words_in_content=True,
    speaks=False,
    lists_models=True,
    plain_usage=True,
    chunk_extra={"system_fingerprint": "b6500-sandbox"},
)
LOCALAI = ServerDialect(
    "localai",
    _WRITING,
    _localai_error,
    any_model=True,
    audio_ids=False,
    words_in_content=True,
    always_stops=True,
    speaks=False,
    plain_usage=True,
)
_ALL = (OPENAI, OPENROUTER, DASHSCOPE, VLLM_OMNI, SPEACHES, AZURE, LLAMA_CPP, LOCALAI)
DIALECTS = {dialect.name: dialect for dialect in _ALL}
"""By the name that ModelServer.open takes. DashScope streams headerless PCM, although it calls the format wav."""
