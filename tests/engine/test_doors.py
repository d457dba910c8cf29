"""Errors, words and sound that come by a door where nobody expects them."""

import json
from base64 import b64encode
from contextlib import aclosing
from typing import Any

import pytest

from bot.engine.cascade.synthesizer import OpenAISynthesizer
from bot.engine.client import build_client
from bot.engine.faults import ModelFault
from bot.engine.openai_audio import OpenAIEngine
from bot.errors import BotError, Incomplete, ModelAuth, ModelUnavailable, OutOfCredit, RateLimited, Unreachable
from sandbox.model.behaviour import ProxyPage, Speak
from sandbox.model.server import ModelServer
from sandbox.model.sound_wire import PLAYABLE
from tests.engine.listen import listen

pytestmark = pytest.mark.looptime

RICE = Speak.clip("bot-rice")
SOUND = b64encode(RICE.pcm).decode()
WAV = "data:audio/wav;base64," + b64encode(PLAYABLE["wav"](RICE.pcm)).decode()
STREAM, JSON, TEXT = "text/event-stream", "application/json", "text/plain"


def events(*chunks: object) -> str:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields}]}


BEGUN = delta(audio={"id": "audio_1", "transcript": RICE.text})
ERRORS: dict[str, tuple[type[BotError], str, str]] = {
    "an object in a chunk": (OutOfCredit, STREAM, events({"error": {"code": 402, "message": "Insufficient credits"}})),
    "a sentence in a chunk": (ModelUnavailable, STREAM, events({"error": "model 'x' not found, try pulling it first"})),
    "JSON called a stream": (RateLimited, STREAM, '{"error": {"type": "rate_limit_error", "message": "Slower"}}\n'),
    "an event of its own": (Unreachable, STREAM, 'event: error\ndata: {"error": {"type": "overloaded_error"}}\n\n'),
    "an event in words": (Unreachable, STREAM, "event: error\ndata: Internal failure\n\n"),
    "the end of a choice": (Unreachable, STREAM, events({"choices": [{"delta": {}, "finish_reason": "error"}]})),
    "a page after a good start": (Incomplete, STREAM, f"data: {json.dumps(BEGUN)}\n\n<html>502 Bad Gateway</html>"),
    "a sentence as error": (ModelAuth, JSON, '{"error": "Unauthorized"}'),
    "a status": (ModelAuth, JSON, '{"status": "error", "message": "Invalid API key"}'),
    "a list of errors": (ModelAuth, JSON, '{"success": false, "errors": [{"message": "Authentication error"}]}'),
    "errors alone": (RateLimited, JSON, '{"errors": [{"message": "Rate limit exceeded"}]}'),
    "a code beside an answer": (
        OutOfCredit,
        STREAM,
        events({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
    ),
    "a number and words": (RateLimited, JSON, '{"error_code": 17, "error_msg": "Rate limit reached"}'),
    "a list": (RateLimited, JSON, '[{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}]'),
    "a string": (RateLimited, JSON, '"Rate limit exceeded"'),
    "words": (Unreachable, TEXT, "upstream connect error or disconnect/reset before headers"),
    "a word": (ModelAuth, TEXT, "Unauthorized"),
    "null": (Unreachable, JSON, "null"),
    "no choices": (Incomplete, STREAM, events({"choices": []})),
    "nothing but the bill": (Incomplete, STREAM, events({"choices": [], "usage": {"prompt_tokens": 9}})),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_errors_under_status_200(model: ModelServer, engine: OpenAIEngine, name: str):
    told, kind, body = ERRORS[name]
    model.script(*[ProxyPage(200, body, kind)] * 2)
    assert type((await listen(engine)).error) is told


LINES = [BEGUN, delta(audio={"data": SOUND}), {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
SOUNDS = {
    "JSON objects, one a line": "\n".join(map(json.dumps, LINES)),
    "a whole message in a stream": events(
        {"choices": [{"message": {"audio": {"data": SOUND, "transcript": RICE.text}}, "finish_reason": "stop"}]}
    ),
    "a part of the content": events(delta(content=[{"type": "text", "text": RICE.text}]),
                                    delta(content=[{"type": "audio", "audio": {"data": SOUND}}])),
    "a data URL in the content": events(BEGUN, delta(content=[{"type": "audio_url", "audio_url": {"url": WAV}}])),
    "a list": events(BEGUN, delta(audio=[{"data": SOUND}])),
    "an address": events(BEGUN, delta(audio={"url": WAV})),
    "beside the delta": events(BEGUN, {"choices": [{"delta": {}, "audio": {"data": SOUND}}]}),
    "beside the choices": events(BEGUN, {"choices": [], "audio": {"data": SOUND}}),
    "another field": events(BEGUN, delta(audio={"delta": SOUND[:8000]}),
                            delta(output_audio={"b64_json": SOUND[8000:]})),
    "an answer with a good status": events(
        BEGUN | {"base_resp": {"status_code": 0}}, delta(audio={"data": SOUND}) | {"errors": [], "error_code": 0}
    ),
    "an error that is none": events(BEGUN | {"error": None}, delta(audio={"data": SOUND}) | {"error": {}}),
    "a page in its midst": events(BEGUN, delta(audio={"data": SOUND}), "<html>502</html>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUNDS)
async def test_sound_in_other_places(model: ModelServer, engine: OpenAIEngine, name: str):
    kind = STREAM if SOUNDS[name].startswith("data:") else JSON
    model.script(ProxyPage(200, SOUNDS[name], kind))
    got = await listen(engine)
    assert (got.text, bytes(got.pcm) == RICE.pcm, got.error) == (RICE.text, True, None)


async def test_addresses_are_not_fetched(model: ModelServer, engine: OpenAIEngine):
    elsewhere = delta(audio={"url": f"{model.base_url}/models"})
    model.script(*[ProxyPage(200, events(BEGUN, elsewhere), STREAM)] * 2)
    got = await listen(engine)
    assert (got.text, bytes(got.pcm)) == (RICE.text, b"")
    assert {request.path for request in model.log.requests} == {"/chat/completions"}


SPEECHES: dict[str, tuple[type[BotError], str, str]] = {
    "JSON": (OutOfCredit, JSON, '{"error": {"code": 402, "message": "Insufficient credits"}}'),
    "JSON called sound": (OutOfCredit, "audio/pcm", '{"error": {"code": 402, "message": "Insufficient credits"}}'),
    "a page called sound": (Unreachable, "audio/mpeg", f"<html>{'x' * 5000}</html>"),
    "words": (ModelAuth, TEXT, "Unauthorized"),
    "nothing": (Incomplete, "audio/pcm", ""),
}


@pytest.mark.parametrize("name", SPEECHES)
async def test_errors_in_place_of_speech(model: ModelServer, name: str):
    told, kind, body = SPEECHES[name]
    client = build_client(model.key, model.base_url)
    model.script_speeches(ProxyPage(200, body, kind))
    speech = OpenAISynthesizer(client, model="gpt-4o-mini-tts").speak("Hello.", "alloy")
    with pytest.raises(ModelFault) as raised:
        await anext(speech)
    assert type(raised.value.error) is told
    await client.close()


@pytest.mark.parametrize("own", [True, False])
async def test_a_slow_voice_is_waited_for(model: ModelServer, own: bool):
    """At once on one's own network; elsewhere once it is known to be slow."""
    client = build_client(model.key, model.base_url)
    model.default_speech = Speak.clip("bot-heard").with_(first_audio=20.0)
    synthesizer = OpenAISynthesizer(client, model="gpt-4o-mini-tts", own=own)
    if not own:
        with pytest.raises(ModelFault):
            await anext(synthesizer.speak("Hello.", "alloy"))
    async with aclosing(synthesizer.speak("Hello.", "alloy")) as speech:
        assert await anext(speech)
    await client.close()
