"""What the other side answers, what people are told, and whether it is worth asking again."""

import json
from typing import Any

import httpx2
import openai
import pytest

from bot.engine.faults import classify, error_in, fault_of, no_answer
from bot.errors import (
    BadAudio,
    BadRequest,
    BotError,
    DeafModel,
    HistoryExpired,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    RateLimited,
    RequestTooLarge,
    Unreachable,
)

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")


def body(code: str | int | None = None, kind: str | None = None, message: str = "", param: str | None = None) -> Any:
    return {"message": message, "type": kind, "code": code, "param": param}


RAW = json.dumps({"error": body("insufficient_quota")})
NESTED: Any = "end"
for _ in range(900):
    NESTED = {"error": NESTED, "code": NESTED}
CASES: list[tuple[str, int | None, Any, dict[str, str], type[BotError], float | None]] = [
    ("wrong key", 401, body("invalid_api_key"), {}, ModelAuth, None),
    ("no access", 403, body(kind="invalid_request_error"), {}, ModelAuth, None),
    ("no access to the model", 403, body("model_not_found"), {}, ModelUnavailable, None),
    ("no credit", 429, body("insufficient_quota"), {}, OutOfCredit, None),
    ("no credit by type", 429, body(kind="insufficient_quota"), {"retry-after": "1"}, OutOfCredit, None),
    ("balance", 429, body("credit_balance_exhausted"), {}, OutOfCredit, None),
    ("payment required", 402, body(402), {}, OutOfCredit, None),
    ("rate, wait unknown", 429, body("rate_limit_exceeded"), {}, RateLimited, 0.6),
    ("rate, short wait", 429, body("rate_limit_exceeded"), {"retry-after": "1"}, RateLimited, 1.0),
    ("rate, short wait in ms", 429, body(), {"retry-after-ms": "250", "retry-after": "1"}, RateLimited, 0.25),
    ("rate, long wait", 429, body("rate_limit_exceeded"), {"retry-after": "20"}, RateLimited, None),
    ("rate, longer wait", 429, body("rate_limit_exceeded"), {"retry-after": "120"}, RateLimited, None),
    ("rate, wait until", 429, body(), {"retry-after": "Sun, 22 Nov 2026 21:00:00 GMT"}, RateLimited, None),
    ("slow down", 503, body("slow_down"), {}, RateLimited, 0.6),
    ("no such model", 404, body("model_not_found"), {}, ModelUnavailable, None),
    ("no such path", 404, "<html>", {}, ModelUnavailable, None),
    ("expired answer", 400, body("audio_not_found", param="content.messages[2].audio.id"), {}, HistoryExpired, None),
    ("format", 400, body("unsupported_format"), {}, BadAudio, None),
    ("decoding", 400, body(message="Could not decode the audio data."), {}, BadAudio, None),
    ("no sound at all", 400, body(message="This model requires that either input content or output modality contain "
     "audio."), {}, BadRequest, None),
    ("no such model, by a proxy", 400, body(400, message="x/y is not a valid model ID"), {}, ModelUnavailable, None),
    ("llama.cpp without an encoder of sound", 500, body(500, "server_error", "audio input is not supported - hint: if "
     "this is unexpected, you may need to provide the mmproj"), {}, DeafModel, None),
    ("the same through LiteLLM", 500, body("500", "internal_server_error", "litellm.InternalServerError: "
     "InternalServerError: OpenAIException - audio input is not supported"), {}, DeafModel, None),
    ("llama.cpp, transcription", 501, body(501, "not_supported_error", "The current model does not support audio "
     "input."), {}, DeafModel, None),
    ("vLLM's model for text", 400, body(400, "BadRequestError", "At most 0 audio(s) may be provided in one prompt."),
     {}, DeafModel, None),
    ("LiteLLM's unknown key", 400, body("400", "no_db_connection", "No connected db."), {}, ModelAuth, None),
    ("LiteLLM's unknown model", 400, body("400", "invalid_request_error", "/chat/completions: Invalid model name "
     "passed in model=nope. Call `/v1/models` to view available models for your key."), {}, ModelUnavailable, None),
    ("an expired answer through LiteLLM", 400, body("400", "invalid_request_error", "litellm.BadRequestError: "
     "OpenAIException - Audio not found", "content.messages[1].audio.id"), {}, HistoryExpired, None),
    ("a recording through LiteLLM", 400, body("400", "invalid_request_error", "litellm.BadRequestError: "
     "OpenAIException - The data is not of valid wav format.", "messages[0].content[0].input_audio.data"), {}, BadAudio,
     None),
    ("bad field", 400, body("unknown_parameter", param="store"), {}, BadRequest, None),
    ("a proxy's limit", 413, "<html>413 Request Entity Too Large</html>", {}, RequestTooLarge, None),
    ("too large, by its type", 400, body(kind="request_too_large"), {}, RequestTooLarge, None),
    ("too many words, as too large", 413, body(message="maximum context length is 9"), {}, BadRequest, None),
    ("unprocessable", 422, body(), {}, BadRequest, None),
    ("timeout there", 408, body(), {}, Unreachable, 0.2),
    ("conflict", 409, body(), {}, Unreachable, 0.2),
    ("server", 500, body(kind="server_error"), {}, Unreachable, 0.2),
    ("overloaded", 503, body(), {"retry-after": "120"}, Unreachable, None),
    ("gateway's page", 502, "<html>Bad gateway</html>", {}, Unreachable, 0.2),
    ("in stream", None, {"error": body(kind="server_error")}, {}, Unreachable, 0.2),
    ("in stream, quota", None, {"error": body("insufficient_quota")}, {}, OutOfCredit, None),
    ("in stream, rate", None, {"error": body("rate_limit_exceeded")}, {}, RateLimited, 0.6),
    ("in stream, status as code", None, {"error": {"code": 502, "message": "provider"}}, {}, Unreachable, 0.2),
    ("in stream, text", None, {"error": "overloaded"}, {}, Unreachable, 0.2),
    ("hidden by a proxy", 400, {"message": "Provider returned error", "code": 400, "metadata": {"raw": RAW}}, {},
     OutOfCredit, None),
    ("status 200, credit as a number", 200, {"error": {"code": 402, "message": "Insufficient credits"}}, {},
     OutOfCredit, None),
    ("status 200, credit in words", 200, {"error": {"message": "Insufficient Balance"}}, {}, OutOfCredit, None),
    ("status 200, credit in one string", 200, {"error": "You exceeded your current quota"}, {}, OutOfCredit, None),
    ("status 200, key", 200, {"error": {"code": "invalid_api_key"}}, {}, ModelAuth, None),
    ("status 200, DashScope's account", 200, {"code": "Arrearage", "message": "Access denied"}, {}, OutOfCredit, None),
    ("status 200, model", 200, {"error": {"message": "model 'x' not found"}}, {}, ModelUnavailable, None),
    ("Google's list", 200, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], {}, RateLimited, 0.6),
    ("Azure's deployment", 404, {"error": {"code": "DeploymentNotFound"}}, {}, ModelUnavailable, None),
    ("vLLM's object", 400, {"object": "error", "message": "no", "type": "BadRequestError", "code": 400}, {},
     BadRequest, None),
    ("credit under 403", 403, {"error": {"message": "Your credit balance is too low"}}, {}, OutOfCredit, None),
    ("a strange digit as code", None, {"error": {"code": "²"}}, {}, Unreachable, 0.2),
    ("a long number as code", None, {"error": {"code": "9" * 10_000}}, {}, Unreachable, 0.2),
    ("lists as codes", 500, {"error": {"code": [[[]]], "type": {}, "param": []}}, {}, Unreachable, 0.2),
    ("errors within errors", None, NESTED, {}, Unreachable, 0.2),
    ("hidden and no JSON", 429, {"message": "x", "code": 429, "metadata": {"raw": "busy"}}, {}, RateLimited, 0.6),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "error", "headers", "kind", "wait"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_answers(status: int | None, error: Any, headers: dict[str, str], kind: type[BotError], wait: float | None):
    fault = classify(status, error, headers)
    assert (type(fault.error), fault.wait) == (kind, wait)


TOO_LONG = [
    (body("context_length_exceeded"), True),
    ({"code": 400, "message": "request (40052 tokens) exceeds the available context size (4096 tokens), try increasing "
      "it", "type": "exceed_context_size_error", "n_prompt_tokens": 40052, "n_ctx": 4096}, True),
    (body("400", "invalid_request_error", "litellm.ContextWindowExceededError: litellm.BadRequestError: "
          "ContextWindowExceededError: OpenAIException - request (20052 tokens) exceeds the available context"), True),
    (body(400, "BadRequestError", "This model's maximum context length is 4096 tokens."), True),
    (body("unknown_parameter", message="Unknown parameter: 'context'."), False),
]  # fmt: skip


@pytest.mark.parametrize(("error", "too_long"), TOO_LONG)
def test_too_long_for_the_model_is_known_by_code_or_words(error: Any, too_long: bool):
    assert classify(400, error).too_long == too_long


RAISED: list[tuple[Exception, type[BotError], bool]] = [
    (openai.APITimeoutError(REQUEST), Unreachable, True),
    (openai.APIConnectionError(request=REQUEST), Unreachable, True),
    (httpx2.ReadTimeout("", request=REQUEST), Unreachable, True),
    (httpx2.RemoteProtocolError("peer closed", request=REQUEST), Unreachable, True),
    (TimeoutError(), Unreachable, True),
    (ConnectionResetError(), Unreachable, True),
    (ValueError("line too long"), Incomplete, True),
    (openai.AuthenticationError("", response=httpx2.Response(401, request=REQUEST), body=None), ModelAuth, False),
]


@pytest.mark.parametrize(("error", "kind", "again"), RAISED, ids=[type(case[0]).__name__ for case in RAISED])
def test_exceptions(error: Exception, kind: type[BotError], again: bool):
    fault = fault_of(error)
    assert (type(fault.error), fault.wait is not None) == (kind, again)


def test_the_log_learns_codes_but_no_words():
    error = body("audio_not_found\n", "invalid_request_error", "Aki said: my password is 1234", "messages[3].audio.id")
    detail = str(classify(400, error, request_id="req_1").error)
    assert detail == "400 audio_not_found_ invalid_request_error messages[3].audio.id request req_1"


ANSWERS: list[tuple[Any, str, type[BotError] | None]] = [
    ({"choices": [{"delta": {}}]}, "", None),
    ({"choices": None}, "", None),
    ({"text": "Hello."}, "", None),
    ({"id": "m", "object": "model"}, "", None),
    ({"error": None, "choices": []}, "", None),
    ([], "", None),
    ("words", "", None),
    ({"error": {"code": "insufficient_quota"}}, "", OutOfCredit),
    ([{"error": {"code": 401}}], "", ModelAuth),
    ({"choices": [{"error": {"code": 429}}]}, "", RateLimited),
    ({"object": "error", "message": "gone", "code": 500}, "", Unreachable),
    ({"detail": "Not authorized: invalid API key"}, "", ModelAuth),
    ({"message": "busy", "code": "rate_limit_exceeded"}, "error", RateLimited),
    ({}, "error", Unreachable),
    (b"not JSON", "error", Unreachable),
]


@pytest.mark.parametrize(("answer", "event", "kind"), ANSWERS)
def test_errors_in_good_answers(answer: Any, event: str, kind: type[BotError] | None):
    fault = error_in(answer, event)
    assert (type(fault.error) if fault else None) is kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", Unreachable), (b" \n", Unreachable), (b"\n<!DOCTYPE html>", Unreachable), (b"{", Incomplete)],
)
def test_answers_that_are_no_json(body: bytes, kind: type[BotError]):
    assert type(no_answer(body).error) is kind
