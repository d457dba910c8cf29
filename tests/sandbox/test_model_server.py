"""The model server, used through the real SDK."""

import asyncio
import base64
import json
from urllib.parse import urlsplit

import openai
import pytest
from openai.types import Model
from openai.types.audio import Transcription
from openai.types.chat import ChatCompletion

from bot.audio import HEAR_RATE, from_wav, seconds, to_wav
from sandbox import clips, media
from sandbox.model.behaviour import Echo, Hang, Speak, TranscribeAs
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer

from .model_helpers import ask, client, question, talk


def at_once():
    return ModelServer.open(first_audio=0, speed=0)


def wav(id: str) -> tuple[str, bytes]:
    return f"{id}.wav", to_wav(clips.load(id, HEAR_RATE), HEAR_RATE)


class TestChat:
    async def test_streamed(self):
        async with at_once() as model, client(model) as sdk:
            got = await ask(sdk)
            request = model.requests[-1]
        assert (got.text, got.pcm) == (request.answer_text, request.answer_pcm)
        assert got.text == clips.get("bot-rice").sentence
        assert got.ids[0] == request.audio_id
        assert (request.path, request.status, request.checked) == ("/chat/completions", 200, True)
        assert from_wav(request.wavs[0]) == (clips.load("anna-cook", HEAR_RATE), HEAR_RATE)
        assert request.body["messages"][0]["content"] == "You are a guest."
        assert request.sound_sent == pytest.approx(4.58, abs=0.01)
        assert request.size > len(request.audio[0].data) * 4 / 3
        assert "authorization" not in request.headers
        assert model.refused == []

    async def test_times_are_in_order(self):
        async with at_once() as model, client(model) as sdk:
            await ask(sdk)
            (request,) = await model.log.wait(lambda request: request.done_at is not None)
        times = [request.arrived_at, request.body_at, request.headers_at, request.first_audio_at, request.done_at]
        assert None not in times
        assert times == sorted(times, key=float)
        assert request.aborted_at is None

    @pytest.mark.parametrize("format", ["wav", "mp3", "opus", "flac", "aac", "pcm16"])
    async def test_not_streamed(self, format: str):
        async with at_once() as model, client(model) as sdk:
            body = talk(stream=..., stream_options=..., audio={"voice": "ash", "format": format})
            answer: ChatCompletion = await sdk.chat.completions.create(**body)
            request = model.requests[-1]
        ChatCompletion.model_validate(answer.to_dict(), strict=True)
        message = answer.choices[0].message
        assert message.audio is not None
        data = base64.b64decode(message.audio.data)
        pcm = data if format == "pcm16" else media.to_pcm(data, 24_000)
        assert seconds(pcm, 24_000) == pytest.approx(4.58, abs=0.1)
        assert (message.audio.transcript, message.content) == (request.answer_text, None)
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage is not None
        assert answer.usage.total_tokens == 16 + 35 + 18 + 92, "text and sound in, text and sound out"

    async def test_written(self):
        async with at_once() as model, client(model) as sdk:
            got = await ask(sdk, modalities=["text"], audio=...)
            request = model.requests[-1]
        assert (got.content, got.data, got.finish) == (clips.get("bot-rice").sentence, [], "stop")
        assert request.audio_id is None

    async def test_text_model(self):
        async with at_once() as model, client(model) as sdk:
            model.default = Speak("A summary.")
            body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Sum up."}]}
            answer: ChatCompletion = await sdk.chat.completions.create(**body)
        assert answer.choices[0].message.content == "A summary."

    async def test_echo(self):
        async with at_once() as model, client(model) as sdk:
            model.default = Echo()
            got = await ask(sdk, messages=[question("ben-moon"), {"role": "assistant", "content": "Far."}, question()])
            japanese = await ask(sdk, messages=[question("yuki-game")])
        said = clips.load("bot-heard", 24_000)
        back = media.resample(clips.load("anna-cook", HEAR_RATE), HEAR_RATE, 24_000)
        assert got.pcm == said + back, "what came after the last answer, not what came before"
        assert got.text == f"{clips.get('bot-heard').sentence} {clips.get('anna-cook').sentence}"
        assert japanese.text.startswith(clips.get("bot-kikoeta").sentence)

    async def test_scripts_come_first_then_the_default(self):
        def by_language(request: ReceivedRequest) -> Speak:
            return Speak.clip("bot-tenki" if "weather" in str(request.body) else "bot-heard")

        async with at_once() as model, client(model) as sdk:
            model.script(Speak("One.", b"\0\0"), Speak("Two.", b"\0\0"))
            model.default = by_language
            texts = [(await ask(sdk)).text for _ in range(3)]
        assert texts == ["One.", "Two.", clips.get("bot-heard").sentence]

    async def test_refused_requests_use_up_no_script(self):
        async with at_once() as model, client(model) as sdk:
            model.script(Speak("One.", b"\0\0"))
            with pytest.raises(openai.BadRequestError) as caught:
                await ask(sdk, extra_body={"colour": "red"})
            assert (caught.value.code, caught.value.param) == ("unknown_parameter", "colour")
            assert (await ask(sdk)).text == "One."
            assert [error.code for error in model.refused] == ["unknown_parameter"]


class TestAudioIds:
    async def test_an_answer_may_stand_in_the_history(self):
        async with at_once() as model, client(model) as sdk:
            first = await ask(sdk)
            second = await ask(
                sdk, messages=[question(), {"role": "assistant", "audio": {"id": first.ids[0]}}, question()]
            )
            assert second.usage is not None
            details = second.usage["prompt_tokens_details"]
            assert details["audio_tokens"] == round((3.54 + 4.58 + 3.54) * 10)
            assert second.ids[0] != first.ids[0]

    @pytest.mark.parametrize("how", ["unknown", "forgotten", "expired"])
    async def test_not_found(self, how: str):
        async with at_once() as model, client(model) as sdk:
            model.audio_life = 0 if how == "expired" else 3600
            id = "audio_unknown" if how == "unknown" else (await ask(sdk)).ids[0]
            if how == "forgotten":
                model.forget_audio()
            with pytest.raises(openai.BadRequestError) as caught:
                await ask(sdk, messages=[question(), {"role": "assistant", "audio": {"id": id}}, question()])
        assert (caught.value.code, caught.value.param) == ("audio_not_found", "content.messages[1].audio.id")


class TestDoor:
    async def test_wrong_key(self):
        async with at_once() as model, client(model, api_key="sk-wrong") as sdk:
            with pytest.raises(openai.AuthenticationError) as caught:
                await ask(sdk)
        assert (caught.value.status_code, caught.value.code) == (401, "invalid_api_key")
        assert "sk-wrong" not in str(caught.value)
        assert (caught.value.request_id or "").startswith("req_")

    @pytest.mark.parametrize("name", ["gpt-4o-audio-preview", "gpt-audio-2"])
    async def test_unknown_model(self, name: str):
        async with at_once() as model, client(model) as sdk:
            with pytest.raises(openai.NotFoundError) as caught:
                await ask(sdk, model=name)
            assert caught.value.code == "model_not_found"
            with pytest.raises(openai.NotFoundError):
                await sdk.models.retrieve(name)

    @pytest.mark.parametrize(("name", "date"), [("gpt-audio-1.5", None), ("gpt-audio-mini", "2027-01-20")])
    async def test_models_tell_their_last_day(self, name: str, date: str | None):
        async with at_once() as model, client(model) as sdk:
            found = await sdk.models.retrieve(name)
        assert found.shutdown_date == date
        Model.model_validate(found.to_dict(), strict=True)

    async def test_unknown_path(self):
        async with at_once() as model, client(model) as sdk:
            with pytest.raises(openai.NotFoundError):
                await sdk.embeddings.create(model="x", input="y")

    async def test_unknown_dialect(self):
        with pytest.raises(KeyError):
            async with ModelServer.open(dialect="klingon"):
                pass


class TestBounds:
    async def test_old_requests_are_forgotten_and_counted(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("sandbox.model.log.MAX_KEPT_REQUESTS", 2)
        async with at_once() as model, client(model) as sdk:
            for _ in range(3):
                await sdk.models.retrieve("gpt-audio-1.5")
        assert (len(model.requests), model.log.forgotten) == (2, 1)


class TestConnections:
    async def test_one_serves_many_requests(self):
        async with at_once() as model, client(model) as sdk:
            await sdk.models.retrieve("gpt-audio-1.5")
            await ask(sdk)
            await ask(sdk)
        assert [connection.requests for connection in model.connections] == [3]
        assert {request.connection for request in model.requests} == {0}

    async def test_at_the_same_time_they_need_more(self):
        async with at_once() as model, client(model) as sdk:
            await asyncio.gather(ask(sdk), ask(sdk))
        assert len(model.connections) == 2

    async def test_leaving_a_stream_is_noticed(self):
        async with ModelServer.open(first_audio=0, speed=0.1) as model, client(model) as sdk:
            async with await sdk.chat.completions.create(**talk()) as stream:
                async for chunk in stream:
                    if chunk.choices:
                        break
            (request,) = await model.log.wait(lambda request: request.aborted_at is not None)
        assert request.done_at is None
        assert request.sound_sent < 4

    async def test_cancelling_before_headers_is_noticed(self):
        async with at_once() as model, client(model) as sdk:
            model.script(Hang())
            asking = asyncio.create_task(ask(sdk))
            await model.wait_for_chats(1)
            asking.cancel()
            (request,) = await model.log.wait(lambda request: request.aborted_at is not None)
            assert request.headers_at is None
            with pytest.raises(asyncio.CancelledError):
                await asking


FORMS_REFUSED = {
    "unknown field": ({"extra_body": {"colour": "red"}}, "colour"),
    "unknown model": ({"model": "whisper-9"}, None),
    "keywords for an older model": ({"model": "gpt-4o-transcribe", "keywords": ["x"]}, "keywords[]"),
    "language by name": ({"language": "English"}, "language"),
    "subtitles": ({"response_format": "srt"}, "response_format"),
    "temperature": ({"temperature": 1.5}, "temperature"),
    "suffix": ({"file": ("a.txt", b"x")}, None),
    "not audio": ({"file": ("a.wav", b"RIFF....WAVE")}, "file"),
    "empty": ({"file": ("a.wav", to_wav(b"", HEAR_RATE))}, "file"),
    "too short": ({"file": ("a.wav", to_wav(bytes(2000), HEAR_RATE))}, "file"),
}


class TestTranscription:
    @pytest.mark.parametrize("id", ["anna-cook", "ben-stop", "yuki-weather"])
    async def test_shipped_clips_are_known(self, id: str):
        async with at_once() as model, client(model) as sdk:
            said = await sdk.audio.transcriptions.create(
                model="gpt-transcribe", file=wav(id), language="en", keywords=["Kikite", "Ben"]
            )
            request = model.transcriptions[-1]
        Transcription.model_validate(said.to_dict(), strict=True)
        clip = clips.get(id)
        assert said.text == request.heard == clip.sentence
        assert [language.code for language in said.languages or []] == [clip.language]
        assert said.usage is not None
        assert said.usage.type == "duration"
        assert request.body == {"model": "gpt-transcribe", "language": "en", "keywords[]": ["Kikite", "Ben"]}
        assert from_wav(request.wavs[0])[0] == clips.load(id, HEAR_RATE)

    async def test_other_files_are_given_to_the_callable(self):
        def words(wav: bytes) -> str:
            return f"{seconds(*from_wav(wav)):.1f} seconds of something"

        async with at_once() as model, client(model) as sdk:
            file = ("noise.wav", to_wav(clips.load("music", HEAR_RATE), HEAR_RATE))
            without = await sdk.audio.transcriptions.create(model="gpt-transcribe", file=file)
            model.transcribe = words
            with_it = await sdk.audio.transcriptions.create(model="gpt-transcribe", file=file)
        assert (without.text, with_it.text) == ("", "4.0 seconds of something")

    async def test_scripted(self):
        async with at_once() as model, client(model) as sdk:
            model.script_transcriptions(TranscribeAs("something else"))
            said = await sdk.audio.transcriptions.create(model="gpt-transcribe", file=wav("anna-cook"))
            assert said.text == "something else"

    @pytest.mark.parametrize(("changes", "param"), FORMS_REFUSED.values(), ids=FORMS_REFUSED.keys())
    async def test_refused(self, changes: dict[str, object], param: str | None):
        async with at_once() as model, client(model) as sdk:
            form = {"model": "gpt-transcribe", "file": wav("anna-stop"), **changes}
            with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
                await sdk.audio.transcriptions.create(**form)
        assert caught.value.param == param


@pytest.mark.parametrize("path", ["/audio/speech", "/chat/completions"])
async def test_a_proxy_may_ask_in_http_1_0(path: str):
    """As nginx does by default: no chunks, and the end of the connection ends the answer."""
    async with at_once() as model:
        address = urlsplit(model.base_url)
        fields = {"input": "Hello.", "voice": "alloy", "model": "gpt-4o-mini-tts", "response_format": "pcm"}
        body = json.dumps(fields if path == "/audio/speech" else talk()).encode()
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            f"POST /v1{path} HTTP/1.0\r\nAuthorization: Bearer {model.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert b" 200 " in head.split(b"\r\n")[0]
        assert b"chunked" not in head
        assert answer == model.speeches[0].answer_pcm if path == "/audio/speech" else answer.endswith(b"[DONE]\n\n")
