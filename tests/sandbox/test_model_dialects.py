"""Each compatible server, seen through the real SDK: what it accepts, how it streams, how it refuses."""

import base64
import json
from typing import Any

import openai
import pytest

from bot.audio import from_wav
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.dialect import DIALECTS
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer

from .model_helpers import Got, ask, client, question, spoken, talk

SENTENCE = clips.get("bot-rice").sentence
PCM = clips.load("bot-rice", 24_000)
COMPATIBLE = sorted({*DIALECTS} - {"openai"})


def at_once(dialect: str):
    return ModelServer.open(dialect=dialect, first_audio=0, speed=0)


def as_url(head: str = "data:;base64,") -> dict[str, Any]:
    """Return a question with its audio as a data URL."""
    part = {"type": "input_audio", "input_audio": {"data": head + spoken(), "format": "wav"}}
    return {"role": "user", "content": [part]}


WANTED: dict[str, dict[str, Any]] = {
    "openai": {},
    "openrouter": {"model": "openai/gpt-audio-1.5"},
    "dashscope": {
        "model": "qwen3.5-omni-plus",
        "audio": {"voice": "Tina", "format": "wav"},
        "messages": [as_url()],
    },
    "vllm-omni": {"model": "Qwen/Qwen3-Omni-30B-A3B-Instruct", "audio": {"voice": "Ethan", "format": "wav"}},
    "speaches": {"model": "local/omni", "audio": {"voice": "af_heart", "format": "pcm16"}},
    "azure": {"model": "my-deployment"},
    "llama.cpp": {"model": "any"},
    "localai": {"model": "ultravox"},
}
"""The request that makes each server answer with audio, if it can."""


def test_every_dialect_is_tried():
    assert set(WANTED) == set(DIALECTS)


@pytest.mark.parametrize("name", WANTED)
async def test_speaks(name: str):
    async with at_once(name) as model, client(model) as sdk:
        got = await ask(sdk, **WANTED[name])
        assert model.refused == []
    assert got.usage is not None
    if name == "vllm-omni":
        return
    if name in ("llama.cpp", "localai"):
        assert (got.pcm, got.content, got.usage.get("prompt_tokens_details")) == (b"", SENTENCE, None)
        return
    assert got.pcm == PCM
    assert (got.content if name == "dashscope" else got.text) == SENTENCE
    assert got.finish == ("stop" if name in ("dashscope", "speaches") else None)


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "openrouter: not streamed": ("openrouter", {"stream": ..., "stream_options": ...}),
    "openrouter: wav in a stream": ("openrouter", {"audio": {"voice": "ash", "format": "wav"}}),
    "dashscope: plain base64": ("dashscope", {"messages": [question()]}),
    "dashscope: not streamed": ("dashscope", {"stream": ..., "stream_options": ...}),
    "dashscope: words not streamed": (
        "dashscope",
        {"stream": ..., "stream_options": ..., "modalities": ["text"], "audio": ...},
    ),
    "dashscope: pcm16": ("dashscope", {"audio": {"voice": "Tina", "format": "pcm16"}}),
    "dashscope: an audio id": (
        "dashscope",
        {"messages": [as_url(), {"role": "assistant", "audio": {"id": "audio_1"}}]},
    ),
    "vllm-omni: an audio id": (
        "vllm-omni",
        {"messages": [question(), {"role": "assistant", "audio": {"id": "audio_1"}}]},
    ),
    "openai: data URL": ("openai", {"messages": [as_url()]}),
    "openai: another's voice": ("openai", {"audio": {"voice": "Tina", "format": "pcm16"}}),
    "openai: another's model": ("openai", {"model": "openai/gpt-audio-1.5"}),
}


@pytest.mark.parametrize(("name", "changes"), REFUSED.values(), ids=REFUSED.keys())
async def test_refuses(name: str, changes: dict[str, Any]):
    async with at_once(name) as model, client(model) as sdk:
        with pytest.raises((openai.BadRequestError, openai.NotFoundError)):
            await sdk.chat.completions.create(**talk(**{**WANTED[name], **changes}))


@pytest.mark.parametrize("field", ["store", "safety_identifier"])
@pytest.mark.parametrize("name", ["dashscope", "vllm-omni", "speaches"])
async def test_openais_own_fields_are_refused(name: str, field: str):
    async with at_once(name) as model, client(model) as sdk:
        with pytest.raises(openai.BadRequestError):
            await ask(sdk, **{**WANTED[name], field: False if field == "store" else "a"})


@pytest.mark.parametrize("name", ["dashscope", "vllm-omni", "speaches"])
async def test_words_alone_are_served(name: str):
    async with at_once(name) as model, client(model) as sdk:
        messages = [{"role": "user", "content": "Sum up."}]
        got = await ask(sdk, **{**WANTED[name], "modalities": ["text"], "audio": ..., "messages": messages})
    assert got.content == SENTENCE


class TestOpenRouter:
    async def test_the_real_error_is_hidden(self):
        async with at_once("openrouter") as model, client(model) as sdk:
            model.script(FAULTS["out of quota"]())
            with pytest.raises(openai.RateLimitError) as caught:
                await ask(sdk)
        assert caught.value.code == "429", "the gateway's own code"
        body: Any = caught.value.body
        assert body["message"] == "Provider returned error"
        assert json.loads(body["metadata"]["raw"])["error"]["code"] == "insufficient_quota"

    async def test_its_own_error_is_not(self):
        async with at_once("openrouter") as model, client(model) as sdk:
            with pytest.raises(openai.BadRequestError) as caught:
                await ask(sdk, stream=..., stream_options=...)
        assert caught.value.body == {"message": "Audio output requires stream: true", "code": 400}

    async def test_unknown_model_is_a_400(self):
        async with at_once("openrouter") as model, client(model) as sdk:
            with pytest.raises(openai.BadRequestError):
                await ask(sdk, model="openai/gpt-audio-9")

    async def test_audio_ids(self):
        async with at_once("openrouter") as model, client(model) as sdk:
            got = await ask(sdk)
            await ask(sdk, messages=[question(), {"role": "assistant", "audio": {"id": got.ids[0]}}, question()])
            with pytest.raises(openai.BadRequestError) as caught:
                await ask(sdk, messages=[question(), {"role": "assistant", "audio": {"id": "audio_0"}}])
        body: Any = caught.value.body
        assert json.loads(body["metadata"]["raw"])["error"]["code"] == "audio_not_found"

    async def test_errors_in_mid_stream(self):
        got = Got()
        async with at_once("openrouter") as model, client(model) as sdk:
            model.script(FAULTS["error in mid-audio"]())
            with pytest.raises(openai.APIError, match="Provider returned error"):
                await ask(sdk, into=got)
            assert got.pcm
            assert (await ask(sdk)).pcm == PCM, "the next turn works"


class TestVllmOmni:
    async def test_sound_is_a_wav_in_each_chunk(self):
        words, sound, seen = "", b"", set()
        async with at_once("vllm-omni") as model, client(model) as sdk:
            async for chunk in await sdk.chat.completions.create(**talk(**WANTED["vllm-omni"])):
                modality = getattr(chunk, "modality", None)
                seen.add(modality)
                content = chunk.choices[0].delta.content if chunk.choices else None
                if modality == "audio" and content:
                    pcm, rate = from_wav(base64.b64decode(content))
                    assert rate == 24_000
                    sound += pcm
                elif content:
                    words += content
        assert {"audio", "text"} <= seen
        assert (words, sound) == (SENTENCE, PCM)

    async def test_errors_have_the_status_for_a_code(self):
        async with at_once("vllm-omni") as model, client(model) as sdk:
            with pytest.raises(openai.BadRequestError) as caught:
                await ask(sdk, **{**WANTED["vllm-omni"], "messages": []})
        assert caught.value.code == "400"
        assert caught.value.type == "BadRequestError"


class TestSpeaches:
    async def test_id_and_expiry_in_every_chunk(self):
        async with at_once("speaches") as model, client(model) as sdk:
            stream = await sdk.chat.completions.create(**talk(**WANTED["speaches"]))
            chunks = [chunk.model_dump(exclude_unset=True) async for chunk in stream]
        audio = [
            chunk["choices"][0]["delta"]["audio"]
            for chunk in chunks
            if chunk["choices"] and "audio" in chunk["choices"][0]["delta"]
        ]
        assert all("expires_at" in part for part in audio)
        assert len({part["id"] for part in audio if "id" in part}) == 1
        assert sum("id" in part for part in audio) >= len(audio) - 1

    async def test_an_unknown_id_is_a_500(self):
        async with at_once("speaches") as model, client(model) as sdk:
            id = (await ask(sdk, **WANTED["speaches"])).ids[0]
            history = [question(), {"role": "assistant", "audio": {"id": id}}, question()]
            await ask(sdk, **{**WANTED["speaches"], "messages": history})
            model.forget_audio()
            with pytest.raises(openai.InternalServerError) as caught:
                await ask(sdk, **{**WANTED["speaches"], "messages": history})
        assert caught.value.code is None


@pytest.mark.parametrize("name", COMPATIBLE)
async def test_wrong_key(name: str):
    async with at_once(name) as model, client(model, api_key="no") as sdk:
        with pytest.raises(openai.AuthenticationError):
            await ask(sdk, **WANTED[name])


@pytest.mark.parametrize("name", WANTED)
async def test_scripts_work_in_every_dialect(name: str):
    async with at_once(name) as model, client(model) as sdk:
        model.script(Speak("Short.", b"\1\0" * 4800))
        got = await ask(sdk, **WANTED[name])
    assert "Short." in (got.content + got.text)
