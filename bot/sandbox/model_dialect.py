"""How compatible servers differ from OpenAI's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.model_checks import Rules
from bot.sandbox.model_schema import ApiError

HEARING = {"gpt-audio-1.5": None, "gpt-audio": "2027-01-20", "gpt-audio-mini": "2027-01-20"}
"""Audio chat models, with the day they are shut down."""
WRITING = {"gpt-5-mini": None}
"""Text models."""
LISTENING = {"gpt-transcribe": None, "gpt-4o-transcribe": "2027-02-26", "gpt-4o-mini-transcribe": "2027-02-26"}
"""Transcription models."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server."""

    name: str
    rules: Rules = field(default_factory=Rules)
    audio_ids: bool = True
    "answers have ids, which may stand in the history"
    names_every_chunk: bool = False
    "id and expires_at in each chunk with audio"
    wav_in_content: bool = False
    "sound as a whole WAV per chunk, base64 in delta.content, with a `modality` beside"
    always_stops: bool = False
    "finish_reason stop at the end of every answer"
    obfuscates: bool = False
    "adds the `obfuscation` field"
    comments: str = ""
    "an SSE comment ahead of every event"
    chunk_extra: Mapping[str, Any] = field(default_factory=dict)
    wraps_errors: bool = False
    "the real error is JSON text in error.metadata.raw"
    unknown_id_status: int = 400
    any_model: bool = False
    "serves whatever model it is asked for"
    prefix: str = ""
    "stands before the model's name"

    def error(self, error: ApiError) -> tuple[int, dict[str, Any]]:
        """Return status and body of a refusal, as this server words it."""
        return error.status, error.body()

    def stream_error(self) -> dict[str, Any]:
        """Return the event of an error in mid-stream."""
        message = "The server had an error while processing your request. Sorry about that!"
        return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}


OPENAI = Dialect(
    "openai",
    obfuscates=True,
    chunk_extra={"service_tier": "default", "system_fingerprint": "fp_sandbox"},
)
DIALECTS = {dialect.name: dialect for dialect in (OPENAI,)}
