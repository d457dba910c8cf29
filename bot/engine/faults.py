"""The server's errors -> our errors, and whether a retry may help; pure.

class             trigger
----------------- -------------------------------------------------------------
ModelAuth         401, 403
OutOfCredit       402; 429 with insufficient_quota, credit_balance_exhausted
RateLimited       other 429; 503 slow_down
ModelUnavailable  404, 405, 501; model_not_found
DeafModel         any status, in words: it takes no audio
HistoryExpired    400 audio_not_found
BadAudio          400 unsupported_format, or a decode failure
RequestTooLarge   413
BadRequest        other 4xx
Unreachable       408, 409, 5xx, network, timeout, an error within the stream,
                  a web page or nothing in place of an answer

An error may come by any door: as a status, as JSON under status 200, as an event or a chunk of a stream. The code, or
else the words, in it decide; the status alone decides only where there are none.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import openai

from bot.engine.fault_words import AUDIO_CODES, KINDS_BY_CODE, KINDS_BY_MESSAGE, TOO_LONG_CODES, TOO_LONG_WORDS
from bot.errors import (
    BadAudio,
    BadRequest,
    BlamedModel,
    BotError,
    DeafModel,
    EngineError,
    HistoryExpired,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    RateLimited,
    RequestTooLarge,
    Unreachable,
)

MAX_RETRY_WAIT_SECONDS = 1.5
"""How long a person may wait for a retry. If the server asks for more, there is no retry."""
_RETRY_WAIT_SECONDS: dict[type[BotError], float] = {RateLimited: 0.6, Unreachable: 0.2}
"""The wait before a retry where one may help and the server names no time."""

MAX_ERROR_DEPTH = 8
"""Of errors within errors."""
MAX_READ_MESSAGE_CHARACTERS = 2000
_FAILED = ("error", "fail", "failed", "failure")
"""As the status of an answer."""
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
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

    def of(self, model: BlamedModel | None) -> "ModelFault":
        """Return this as the fault of a model; None: of the one that answers."""
        if model and isinstance(self.error, EngineError):
            self.error.blame(model)
        return self


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
        case ValueError() | RecursionError():
            return ModelFault(Incomplete(f"unreadable stream: {type(error).__name__}"), 0.0)
        case _:
            return ModelFault(Unreachable(type(error).__name__), 0.0)


def classify(
    status: int | None, body: object, headers: Mapping[str, str] | None = None, request_id: str | None = None
) -> ModelFault:
    """Classify an error response, or an error within a good one (`status` is None, or 200)."""
    fields = _fields(body)
    words = {_letters(fields.get(name)) for name in ("code", "type", "status")}
    if status is None or status < 400:
        status = _status_in(fields)
    kind = _kind(status, words, fields)
    pause = _RETRY_WAIT_SECONDS.get(kind)
    if pause is not None:
        asked = _asked_pause(headers or {})
        pause = asked if asked is not None else pause
        pause = pause if pause <= MAX_RETRY_WAIT_SECONDS else None
    too_long = bool(words & TOO_LONG_CODES) or (kind is BadRequest and bool(TOO_LONG_WORDS.search(_message(fields))))
    return ModelFault(kind(_detail(status, fields, request_id)), pause, status, too_long=too_long)


def error_in(answer: object, event: str = "") -> ModelFault | None:
    """Return the error that a whole answer, or a chunk of one, holds; `event` is the name of its server-sent event."""
    if isinstance(answer, list):  # Google's servers wrap the error in a list
        answer = answer[0] if answer else None
    if not isinstance(answer, Mapping):
        return classify(None, {}) if event == "error" else None
    if answer.get("error"):
        return classify(None, answer)
    base = answer.get("base_resp")  # MiniMax's, in every answer: status_code 0 is none
    if isinstance(base, Mapping) and base.get("status_code"):
        return classify(None, {"code": base.get("status_code"), "message": base.get("status_msg")})
    choices = answer.get("choices")
    for choice in choices[:1] if isinstance(choices, list) else ():
        if isinstance(choice, Mapping) and (
            isinstance(choice.get("error"), Mapping) or choice.get("finish_reason") == "error"
        ):
            return classify(None, choice)
    bare = "choices" not in answer and (
        answer.get("object") == "error"
        or (isinstance(answer.get("message"), str) and bool(answer.get("code") or answer.get("type")))
        or "detail" in answer
        or bool(answer.get("errors") or answer.get("error_code"))
        or answer.get("success") is False
        or answer.get("status") in _FAILED
    )
    return classify(None, answer) if bare or event == "error" else None


def no_answer(received: bytes) -> ModelFault:
    """Classify a body that is neither JSON nor a stream, by its first bytes: a web page, nothing, or anything else."""
    start = received.lstrip()[:1]
    if start == b"<":
        return ModelFault(Unreachable("a web page"), _RETRY_WAIT_SECONDS[Unreachable])
    if not start:
        return ModelFault(Unreachable("an empty answer"), _RETRY_WAIT_SECONDS[Unreachable])
    words = received[:MAX_READ_MESSAGE_CHARACTERS].decode("utf-8", "replace").strip()
    if start in b"{[" or not words.replace("\n", " ").replace("\r", "").isprintable():
        return ModelFault(Incomplete("an unreadable answer"), 0.0)
    return classify(None, {"message": words})


def _kind(status: int | None, words: set[str], fields: Mapping[str, Any]) -> type[BotError]:
    found = {kind for word, kind in KINDS_BY_CODE.items() if word in words}
    for kind in (OutOfCredit, ModelUnavailable, ModelAuth):
        if kind in found:
            return kind
    if status == 402:
        return OutOfCredit
    told = _told(fields)
    if told in (OutOfCredit, DeafModel):
        return told
    if status in (401, 403):
        return ModelAuth
    if status in (404, 405, 501):  # of some servers: the model is known, but not for this
        return ModelUnavailable
    if status == 429 or RateLimited in found:
        return RateLimited
    if status is None:
        return told or Unreachable
    if status >= 500 or status in (408, 409):
        return Unreachable
    param = _scalar(fields.get("param"))
    # Gateways keep the place that the error is about, and not its code.
    if "audionotfound" in words or param.endswith(".audio.id"):
        return HistoryExpired
    if told is ModelUnavailable:
        return told
    too_large = status == 413 or RequestTooLarge in found
    if too_large and not TOO_LONG_WORDS.search(_message(fields)):
        return RequestTooLarge
    blames_sound = words & AUDIO_CODES or param.endswith(".input_audio.data") or _blames_sound(fields)
    return BadAudio if blames_sound else BadRequest


def _told(fields: Mapping[str, Any]) -> type[BotError] | None:
    message = _message(fields)
    return next((kind for pattern, kind in KINDS_BY_MESSAGE if pattern.search(message)), None)


def _fields(body: object) -> Mapping[str, Any]:
    """Find the error object. Proxies nest it, or put the original one as text into `metadata.raw`."""
    found: dict[str, Any] = {}
    for _ in range(MAX_ERROR_DEPTH):
        if isinstance(body, list) and body:
            body = body[0]
        if not isinstance(body, Mapping):
            break
        inner = body.get("error") or body.get("errors")
        if isinstance(inner, Mapping | list):
            body = inner
            continue
        fields = {key: value for key, value in body.items() if value is not None}
        if isinstance(inner, str):
            fields["message"] = inner
        for name in ("detail", "error_msg", "msg"):
            if isinstance(detail := body.get(name), str):
                fields.setdefault("message", detail)
        found.update(fields)
        metadata = body.get("metadata")
        raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
        try:
            body = json.loads(raw) if isinstance(raw, str) else raw
        except (ValueError, RecursionError):
            break
    return found


def _status_in(fields: Mapping[str, Any]) -> int | None:
    """Return the HTTP status that an error without one names."""
    for name in ("code", "status", "status_code"):
        if _STATUS.fullmatch(text := _scalar(fields.get(name))):
            return int(text)
    return None


def _scalar(value: object) -> str:
    """Return a value as text; empty for what may be of any size."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and abs(value) < 1e15 else ""


def _letters(value: object) -> str:
    return re.sub(r"[^a-z0-9]", "", _scalar(value)[:MAX_READ_MESSAGE_CHARACTERS].lower())


def _message(fields: Mapping[str, Any]) -> str:
    return _scalar(fields.get("message"))[:MAX_READ_MESSAGE_CHARACTERS].lower()


def _blames_sound(fields: Mapping[str, Any]) -> bool:
    message = _message(fields)
    about = "input_audio" in _scalar(fields.get("param")) or "audio" in message
    return about and any(word in message for word in ("decode", "corrupt", "unsupported format", "invalid audio"))


def _detail(status: int | None, fields: Mapping[str, Any], request_id: str | None) -> str:
    """Describe the error for the log without its message, which may quote people's words or the key."""
    parts = [str(status) if status else "in stream"]
    parts += [_safe(text) for name in ("code", "type", "param") if (text := _scalar(fields.get(name)))]
    if request_id:
        parts.append("request " + _safe(request_id))
    return " ".join(dict.fromkeys(parts))


def _safe(text: str) -> str:
    return _UNSAFE_CHARACTERS.sub("_", text[:80])


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        if name in headers:
            try:
                return max(0.0, float(headers[name]) / scale)
            except ValueError:
                return math.inf  # a date: too far off to wait
    return None
