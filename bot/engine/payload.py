"""The fields of a chat request around its messages; pure."""

import hashlib
import hmac
from dataclasses import replace

from bot.engine.dialects import Dialect
from bot.engine.prompt import Prompt
from bot.engine.request_body import SILENCE, audio_part
from bot.engine.tool_calls import tool_fields
from bot.types import ReplyRequest

MAX_REPLY_TOKENS = 2048
"""Of one answer; about 90 seconds of speech."""
REPLY_TOKENS_PER_SECOND = 25
"""20 of audio, the rest text."""
_SPARE_TOKENS = 64


def payload(prompt: Prompt, request: ReplyRequest, model: str, dialect: Dialect, key: str) -> dict[str, object]:
    """Return the request's body. `key` is the secret that hashes user ids."""
    room = request.room
    options = {"include_usage": True}
    most_tokens = _SPARE_TOKENS + round(room.max_seconds * REPLY_TOKENS_PER_SECOND)
    fields: dict[str, object] = {
        "model": model,
        "messages": prompt.messages,
        "modalities": ["text"] if room.text_only else ["text", "audio"],
        "stream": True,
        "stream_options": options,
        "max_completion_tokens": min(MAX_REPLY_TOKENS, most_tokens),
        **tool_fields(request.tools),
    }
    if not room.text_only:
        fields["audio"] = {"voice": room.voice, "format": dialect.audio_format}
    if dialect.official:
        fields["store"] = False
        options["include_obfuscation"] = False
        if person := _person(request):
            # Keyed, because anybody can reverse a plain hash of a Discord id by trying all ids.
            fields["safety_identifier"] = hmac.new(key.encode(), str(person).encode(), hashlib.sha256).hexdigest()
    return fields


def text_payload(prompt: Prompt, request: ReplyRequest, model: str, dialect: Dialect, key: str) -> dict[str, object]:
    """Return the body of a request to a text model."""
    fields = payload(prompt, replace(request, room=replace(request.room, text_only=True)), model, dialect, key)
    del fields["modalities"]
    return fields


def with_silence(prompt: Prompt, dialect: Dialect) -> Prompt:
    """Add SILENCE to a prompt without sound."""
    turn = next(message for message in reversed(prompt.messages) if message["role"] == "user")
    turn["content"].insert(0, audio_part(SILENCE, dialect.data_prefix))
    return prompt


def _person(request: ReplyRequest) -> int | None:
    turn = request.turn
    return next((part.user_id for part in (*turn.utterances, *turn.typed)), None)
