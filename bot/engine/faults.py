"""The server's errors -> our errors, and whether a retry may help; pure.

class             trigger
----------------- -------------------------------------------------------------
ModelAuth         401, 403
OutOfCredit       402; 429 with insufficient_quota, credit_balance_exhausted
RateLimited       other 429; 503 slow_down
ModelUnavailable  404; model_not_found
HistoryExpired    400 audio_not_found
BadAudio          400 unsupported_format, or a decode failure
BadRequest        other 4xx
Unreachable       408, 409, 5xx, network, timeout, an error within the stream
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import openai

from bot.errors import (
    BadAudio,
    BadRequest,
    BotError,
    HistoryExpired,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    RateLimited,
    Unreachable,
)

MAX_RETRY_WAIT_SECONDS = 1.5
"""How long a person may wait for a retry. If the server asks for more, there is no retry."""
_RETRY_WAIT_SECONDS: dict[type[BotError], float] = {RateLimited: 0.6, Unreachable: 0.2}
"""The wait before a retry where one may help and the server names no time."""

_QUOTA_CODES = {
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_credits",
}
_AUTH_CODES = {"invalid_api_key", "invalid_authentication", "account_deactivated", "authentication_error"}
_MODEL_CODES = {"model_not_found"}
_RATE_LIMIT_CODES = {"rate_limit_exceeded", "rate_limit_error", "slow_down", "requests", "tokens"}
_AUDIO_CODES = {"unsupported_format", "invalid_audio", "audio_decode_failed", "invalid_file_format"}
_UNSAFE_CHARACTERS = re.compile(r"[^\w.\[\]-]+")


class ModelFault(Exception):
    """A failed request: `error` for people; `wait` seconds before a retry, None if a retry is useless."""

    def __init__(
        self, error: BotError, wait: float | None = None, status: int | None = None, *, too_long: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait
        self.status = status
        "HTTP status, if the server answered"
        self.too_long = too_long
        "the request exceeded the context length"


def fault_of(error: Exception) -> ModelFault:
    """Translate an exception of the SDK, the network or our own deadline."""
    match error:
        case ModelFault():
            return error
        case openai.APIStatusError():
            headers = error.response.headers
            return classify(error.status_code, error.body, headers, headers.get("x-request-id"))
        case openai.APITimeoutError() | httpx2.TimeoutException() | TimeoutError():
            return ModelFault(Unreachable("timeout"), 0.0)
        case openai.APIConnectionError() | httpx2.TransportError() | OSError():
            return ModelFault(Unreachable(type(error.__cause__ or error).__name__), 0.0)
        case ValueError():
            return ModelFault(Incomplete(f"unreadable stream: {type(error).__name__}"), 0.0)
        case _:
            return ModelFault(Unreachable(type(error).__name__), 0.0)


def classify(
    status: int | None, body: object, headers: Mapping[str, str] | None = None, request_id: str | None = None
) -> ModelFault:
    """Classify an error response, or an error within a stream (`status` is None)."""
    fields = _fields(body)
    words = {str(fields.get(name) or "") for name in ("code", "type")}
    if status is None and str(fields.get("code")).isdigit():
        status = int(str(fields["code"]))
    kind = _kind(status, words, fields)
    pause = _RETRY_WAIT_SECONDS.get(kind)
    if pause is not None:
        asked = _asked_pause(headers or {})
        pause = asked if asked is not None else pause
        pause = pause if pause <= MAX_RETRY_WAIT_SECONDS else None
    return ModelFault(
        kind(_detail(status, fields, request_id)), pause, status, too_long="context_length_exceeded" in words
    )


def _kind(status: int | None, words: set[str], fields: Mapping[str, Any]) -> type[BotError]:
    if words & _QUOTA_CODES or status == 402:
        return OutOfCredit
    if words & _MODEL_CODES:
        return ModelUnavailable
    if status in (401, 403) or words & _AUTH_CODES:
        return ModelAuth
    if status == 404:
        return ModelUnavailable
    if status == 429 or words & _RATE_LIMIT_CODES:
        return RateLimited
    if status is None or status >= 500 or status in (408, 409):
        return Unreachable
    if "audio_not_found" in words:
        return HistoryExpired
    if "not a valid model" in _message(fields):
        return ModelUnavailable
    return BadAudio if words & _AUDIO_CODES or _blames_sound(fields) else BadRequest


def _fields(body: object) -> Mapping[str, Any]:
    """Find the error object. Proxies nest it, or put the original one as text into `metadata.raw`."""
    if not isinstance(body, Mapping):
        return {}
    if isinstance(inner := body.get("error"), Mapping):
        return _fields(inner)
    if isinstance(inner, str):
        return {"message": inner, **{key: body[key] for key in ("code", "type") if key in body}}
    metadata = body.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raw = None
    if isinstance(raw, Mapping) and (found := _fields(raw)):
        return {**body, **{key: value for key, value in found.items() if value is not None}}
    return body


def _message(fields: Mapping[str, Any]) -> str:
    return str(fields.get("message") or "").lower()


def _blames_sound(fields: Mapping[str, Any]) -> bool:
    message = _message(fields)
    about = "input_audio" in str(fields.get("param") or "") or "audio" in message
    return about and any(word in message for word in ("decode", "corrupt", "unsupported format", "invalid audio"))


def _detail(status: int | None, fields: Mapping[str, Any], request_id: str | None) -> str:
    """Describe the error for the log without its message, which may quote people's words or the key."""
    parts = [str(status) if status else "in stream"]
    parts += [_safe(str(fields[name])) for name in ("code", "type", "param") if fields.get(name)]
    if request_id:
        parts.append("request " + _safe(request_id))
    return " ".join(dict.fromkeys(parts))


def _safe(text: str) -> str:
    return _UNSAFE_CHARACTERS.sub("_", text)[:80]


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if name in headers:
            try:
                return max(0.0, float(headers[name]) / scale)
            except ValueError:
                return math.inf  # a date: too far off to wait
    return None
