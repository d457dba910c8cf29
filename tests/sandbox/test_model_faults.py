"""Each model fault, seen through the real SDK."""

import asyncio
import json
from typing import Any

import openai
import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak, TranscribeAs
from sandbox.model.faults import FAULTS, rate_limited
from sandbox.model.server import ModelServer

from .model_helpers import Got, ask, client

REFUSALS: dict[str, tuple[type[openai.APIStatusError], int, str | None]] = {
    "bad key": (openai.AuthenticationError, 401, "invalid_api_key"),
    "forbidden": (openai.PermissionDeniedError, 403, "unsupported_country_region_territory"),
    "no model": (openai.NotFoundError, 404, "model_not_found"),
    "rate limit": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "rate limit, wait 1": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "rate limit, wait 20": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "rate limit, wait 120": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "out of quota": (openai.RateLimitError, 429, "insufficient_quota"),
    "out of credit": (openai.RateLimitError, 429, "credit_balance_exhausted"),
    "request timeout": (openai.APIStatusError, 408, None),
    "conflict": (openai.ConflictError, 409, None),
    "server error": (openai.InternalServerError, 500, None),
    "overloaded": (openai.InternalServerError, 503, None),
    "slow down": (openai.InternalServerError, 503, "slow_down"),
    "slow down, wait 20": (openai.InternalServerError, 503, "slow_down"),
    "bad gateway": (openai.InternalServerError, 502, None),
    "cooling": (openai.RateLimitError, 429, "all_deployments_in_cooldown"),
    "too large": (openai.APIStatusError, 413, None),
    "bad audio": (openai.BadRequestError, 400, "unsupported_format"),
    "bad request": (openai.BadRequestError, 400, "unknown_parameter"),
    "expired audio id": (openai.BadRequestError, 400, "audio_not_found"),
}
BROKEN: dict[str, type[Exception]] = {
    "reset before headers": openai.APIConnectionError,
    "reset in mid-audio": openai.APIConnectionError,
    "error at once in the stream": openai.APIError,
    "error in mid-audio": openai.APIError,
    "bad JSON": json.JSONDecodeError,
}
SILENT = ("hang before headers", "hang after headers", "stall in mid-audio")
ENDS: dict[str, dict[str, Any]] = {
    "nothing but headers": {"finish": None, "seconds": 0, "text": "", "usage": False},
    "no [DONE]": {"finish": None, "seconds": 1, "usage": False, "expires": False},
    "text only": {"finish": "stop", "seconds": 0, "text": "", "content": "I would rather write this down."},
    "empty audio": {"finish": None, "seconds": 0, "content": "", "expires": True},
    "no words": {"finish": None, "seconds": 1.6, "text": ""},
    "a tick of silence": {"finish": None, "seconds": 0.02, "text": "Oh."},
    "ten minutes of audio": {"finish": None, "seconds": 606},
    "content filter": {"finish": "content_filter", "seconds": 2},
    "content filter at once": {"finish": "content_filter", "seconds": 0, "text": ""},
    "length": {"finish": "length", "seconds": 2},
}


def at_once():
    return ModelServer.open(first_audio=0, speed=0)


def test_every_fault_is_tried():
    assert {*REFUSALS, *BROKEN, *SILENT, *ENDS} == set(FAULTS)


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals(name: str):
    kind, status, code = REFUSALS[name]
    async with at_once() as model, client(model) as sdk:
        model.script(FAULTS[name]())
        with pytest.raises(kind) as caught:
            await ask(sdk)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        assert model.requests[-1].status == status
        assert model.refused == [], "scripted faults are not the client's"
        assert (await ask(sdk)).pcm, "the next turn works"


@pytest.mark.parametrize(("wait", "slow"), [(20, False), (120, False), (20, True)])
async def test_retry_after(wait: int, slow: bool):
    async with at_once() as model, client(model) as sdk:
        model.script(rate_limited(wait, slow_down=slow))
        with pytest.raises(openai.APIStatusError) as caught:
            await ask(sdk)
    assert caught.value.response.headers["retry-after"] == str(wait)


@pytest.mark.parametrize("name", BROKEN)
async def test_breaks(name: str):
    async with at_once() as model, client(model) as sdk:
        model.script(FAULTS[name]())
        got = Got()
        with pytest.raises(BROKEN[name]):
            await ask(sdk, into=got)
        at_first = name in ("reset before headers", "error at once in the stream")
        assert len(got.pcm) / 48_000 == pytest.approx(0 if at_first else 1, abs=0.21)
        assert (await ask(sdk)).pcm, "the next turn works"


@pytest.mark.parametrize("name", SILENT)
async def test_silence(name: str):
    """The client waits for an answer that does not come, and the server notices when it disconnects."""
    async with at_once() as model, client(model) as sdk:
        model.script(FAULTS[name]())
        asking = asyncio.create_task(ask(sdk))
        (request,) = await model.log.wait(
            lambda request: request.checked and (name != "stall in mid-audio" or request.sound_sent >= 1)
        )
        for _ in range(50):
            await asyncio.sleep(0)
        assert not asking.done()
        asking.cancel()
        await model.log.wait(lambda request: request.aborted_at is not None)
        assert (request.headers_at is None) == (name == "hang before headers")
        assert (await ask(sdk)).pcm, "the next turn works"
        with pytest.raises(asyncio.CancelledError):
            await asking


@pytest.mark.parametrize("name", ENDS)
async def test_ends(name: str):
    expected = ENDS[name]
    async with at_once() as model, client(model) as sdk:
        model.script(FAULTS[name]())
        got = await ask(sdk)
    assert got.finish == expected["finish"]
    assert len(got.pcm) / 48_000 == pytest.approx(expected["seconds"], abs=0.21 if expected["seconds"] < 9 else 10)
    assert got.text == expected.get("text", got.text)
    assert got.content == expected.get("content", got.content)
    assert (got.usage is not None) == expected.get("usage", True)
    if "expires" in expected:
        assert (got.expires_at is not None) == expected["expires"]


async def test_a_fault_that_stays():
    async with at_once() as model, client(model) as sdk:
        model.default = FAULTS["out of quota"]()
        for _ in range(2):
            with pytest.raises(openai.RateLimitError):
                await ask(sdk)
        model.default = Speak.clip("bot-heard")
        assert (await ask(sdk)).text == clips.get("bot-heard").sentence


@pytest.mark.parametrize("name", [name for name in REFUSALS if name not in ("expired audio id", "bad audio")])
async def test_transcriptions_and_models_fail_alike(name: str):
    kind, status, _ = REFUSALS[name]
    async with at_once() as model, client(model) as sdk:
        model.script_transcriptions(FAULTS[name](), TranscribeAs("back again"))
        model.script_models(FAULTS[name]())
        file = ("a.ogg", clips.get("ben-moon").path.read_bytes())
        with pytest.raises(kind) as caught:
            await sdk.audio.transcriptions.create(model="gpt-transcribe", file=file)
        assert caught.value.status_code == status
        assert (await sdk.audio.transcriptions.create(model="gpt-transcribe", file=file)).text == "back again"
        with pytest.raises(kind):
            await sdk.models.retrieve("gpt-audio-1.5")
        assert (await sdk.models.retrieve("gpt-audio-1.5")).id == "gpt-audio-1.5"
