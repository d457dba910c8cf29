"""Every model fault that the bot must survive, ready to be scripted.
model.script(FAULTS["stall"]())
"""

from collections.abc import Callable, Mapping

from bot.audio import SPEAK_BYTES, SPEAK_RATE
from sandbox.model.behaviour import Break, Ending, Hang, Plain, ProxyPage, Refuse, Reset, Speak

BAD_KEY = Refuse(401, "Incorrect API key provided: sk-***.", code="invalid_api_key")
FORBIDDEN = Refuse(
    403,
    "Country, region, or territory not supported",
    "request_forbidden",
    "unsupported_country_region_territory",
)
NO_MODEL = Refuse(
    404, "The model `gpt-audio-1.5` does not exist or you do not have access to it.", code="model_not_found"
)
OUT_OF_QUOTA = Refuse(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    "insufficient_quota",
    "insufficient_quota",
)
OUT_OF_CREDIT = Refuse(429, "Your credit balance is exhausted.", "insufficient_quota", "credit_balance_exhausted")
REQUEST_TIMEOUT = Refuse(408, "Request timed out.", "timeout")
CONFLICT = Refuse(409, "The request conflicts with another one.", "conflict")
SERVER_ERROR = Refuse(500, "The server had an error while processing your request.", "server_error")
OVERLOADED = Refuse(503, "The engine is currently overloaded, please try again later.", "server_error")
SLOW_DOWN = Refuse(503, "Slow down: too many requests, reduce your rate.", "server_error", "slow_down")
IN_COOLDOWN = Refuse(
    429,
    "No deployments available for selected model. Try again in 5 seconds.",
    "None",
    "all_deployments_in_cooldown",
)
"""As LiteLLM says it for some seconds after its only server has failed, whatever the fault was."""
BAD_AUDIO = Refuse(
    400,
    "The data provided for 'input_audio' is not of valid wav format.",
    code="unsupported_format",
    param="messages[0].content[0].input_audio.data",
)
BAD_REQUEST = Refuse(400, "Unknown parameter: 'colour'.", code="unknown_parameter", param="colour")
EXPIRED = Refuse(
    400,
    "Audio 'audio_0' not found: it does not exist or has expired.",
    code="audio_not_found",
    param="content.messages[1].audio.id",
)
"""Only pretends that the id is unknown; ModelServer.forget_audio makes the server forget it."""
TOO_LARGE = ProxyPage(413, "<html><head><title>413 Request Entity Too Large</title></head></html>")
"""As nginx says it, for more than a megabyte, unless it is told to take more."""
BAD_GATEWAY = ProxyPage(502, "<html><head><title>502 Bad Gateway</title></head></html>")


def rate_limited(retry_after: float | None = None, slow_down: bool = False) -> Refuse:
    """Return a 429 rate limit, or a 503 slow_down, with `Retry-After` in seconds if given."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    if slow_down:
        return Refuse(503, SLOW_DOWN.message, SLOW_DOWN.type, SLOW_DOWN.code, headers=headers)
    message = "Rate limit reached for requests. Please try again later."
    return Refuse(429, message, "requests", "rate_limit_exceeded", headers=headers)


def _broken(kind: Break, after: float = 1.0) -> Speak:
    return Speak.clip("bot-moon").with_(breaks=kind, break_after=after)


def _cut(ending: Ending) -> Speak:
    whole = Speak.clip("bot-moon")
    return whole.with_(text=whole.text[: len(whole.text) // 5], pcm=whole.pcm[: 2 * SPEAK_RATE * 2], ending=ending)


def ten_minutes() -> Speak:
    """Return an answer of ten minutes that ignores max_completion_tokens."""
    whole = Speak.clip("bot-moon")
    times = 600 * SPEAK_RATE * 2 // len(whole.pcm) + 1
    return whole.with_(text=" ".join([whole.text] * times), pcm=whole.pcm * times, uncapped=True)


FAULTS: Mapping[str, Callable[[], Plain]] = {
    "bad key": lambda: BAD_KEY,
    "forbidden": lambda: FORBIDDEN,
    "no model": lambda: NO_MODEL,
    "rate limit": rate_limited,
    "rate limit, wait 1": lambda: rate_limited(1),
    "rate limit, wait 20": lambda: rate_limited(20),
    "rate limit, wait 120": lambda: rate_limited(120),
    "out of quota": lambda: OUT_OF_QUOTA,
    "out of credit": lambda: OUT_OF_CREDIT,
    "request timeout": lambda: REQUEST_TIMEOUT,
    "conflict": lambda: CONFLICT,
    "server error": lambda: SERVER_ERROR,
    "overloaded": lambda: OVERLOADED,
    "slow down": lambda: rate_limited(slow_down=True),
    "slow down, wait 20": lambda: rate_limited(20, slow_down=True),
    "bad gateway": lambda: BAD_GATEWAY,
    "too large": lambda: TOO_LARGE,
    "cooling": lambda: IN_COOLDOWN,
    "bad audio": lambda: BAD_AUDIO,
    "bad request": lambda: BAD_REQUEST,
    "expired audio id": lambda: EXPIRED,
    "hang before headers": Hang,
    "reset before headers": Reset,
    "hang after headers": lambda: _broken(Break.STALL, after=0),
    "nothing but headers": lambda: _broken(Break.CUT, after=0),
    "stall in mid-audio": lambda: _broken(Break.STALL),
    "reset in mid-audio": lambda: _broken(Break.RESET),
    "no [DONE]": lambda: _broken(Break.CUT),
    "error at once in the stream": lambda: _broken(Break.ERROR, after=0),
    "error in mid-audio": lambda: _broken(Break.ERROR),
    "bad JSON": lambda: _broken(Break.BAD_JSON),
    "text only": lambda: Speak("I would rather write this down."),
    "empty audio": lambda: Speak("You should hear this, but there is no sound.", silent=True),
    "no words": lambda: Speak("", Speak.clip("bot-heard").pcm),
    "a tick of silence": lambda: Speak("Oh.", bytes(SPEAK_BYTES)),
    "ten minutes of audio": ten_minutes,
    "content filter": lambda: _cut(Ending.CONTENT_FILTER),
    "content filter at once": lambda: Speak("", ending=Ending.CONTENT_FILTER),
    "length": lambda: _cut(Ending.LENGTH),
}
"""Fault name -> a function that returns its behaviour."""
