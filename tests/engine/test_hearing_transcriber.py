"""A server that cannot transcribe: the model that hears writes down what people say."""

import asyncio
from typing import Any

import pytest

from bot.audio import HEAR_RATE
from bot.config import Settings
from bot.engine.hearing_transcriber import MISSING_SECONDS, HearingTranscriber
from bot.engine.open import open_engines
from bot.engine.text_and_speech import OpenAITextAndSpeech
from bot.engine.transcribe import OpenAITranscriber
from bot.errors import EngineError
from bot.types import Utterance
from sandbox import clips
from sandbox.model.behaviour import ProxyPage, Refuse
from sandbox.model.server import ModelServer
from tests.engine.make import AKI

pytestmark = pytest.mark.looptime

ABSENCES = [
    Refuse(404, "The model `gpt-transcribe` does not exist", code="model_not_found"),
    ProxyPage(404, '{"detail": "Not Found"}', "application/json"),  # FastAPI's
    ProxyPage(404, "404 page not found", "text/plain"),  # Go's
    ProxyPage(405, '{"detail": "Method Not Allowed"}', "application/json"),
    ProxyPage(501, "<html>Not Implemented</html>"),
]


def spoken(id: str) -> Utterance:
    pcm = clips.load(id, HEAR_RATE)
    return Utterance(5, AKI, 0.0, pcm, voiced=len(pcm) / 32_000, ended_by="silence")


@pytest.fixture
def transcriber(client: Any) -> HearingTranscriber:
    return HearingTranscriber(
        OpenAITranscriber(client, model="gpt-transcribe"), OpenAITextAndSpeech(client, model="gpt-audio-1.5")
    )


@pytest.mark.parametrize("absence", ABSENCES)
@pytest.mark.parametrize("id", ["anna-cook", "yuki-weather"])
async def test_the_model_that_hears_writes_it_down(
    model: ModelServer, transcriber: HearingTranscriber, id: str, absence: Refuse | ProxyPage
):
    model.script_transcriptions(absence)
    assert transcriber.model == "gpt-transcribe"
    heard = await transcriber.transcribe(spoken(id), "ja", ["Kikite"])
    assert heard.text == clips.get(id).sentence
    assert heard.by
    assert heard.by[0] == transcriber.model == "gpt-audio-1.5"
    assert heard.by[1].audio_in
    assert heard.by[1].text_out
    [asked] = model.chats
    assert asked.newest == spoken(id).pcm
    assert asked.chat
    assert not asked.chat.speaks


async def test_the_missing_one_is_asked_again_in_ten_minutes(model: ModelServer, transcriber: HearingTranscriber):
    model.script_transcriptions(ABSENCES[0])
    for _ in range(3):
        await transcriber.transcribe(spoken("anna-cook"), None, [])
    assert len(model.transcriptions) == 1
    assert len(model.chats) == 3
    await asyncio.sleep(MISSING_SECONDS)
    heard = await transcriber.transcribe(spoken("anna-cook"), None, [])
    assert heard.by is None
    assert len(model.chats) == 3


@pytest.mark.parametrize(("id", "voiced"), [("anna-cook", 0.0), ("", 0.5)])
async def test_no_words(model: ModelServer, transcriber: HearingTranscriber, id: str, voiced: float):
    """Without speech nothing is asked; a model that hears no word says so, and nobody reads that."""
    model.script_transcriptions(ABSENCES[0])
    pcm = clips.load(id, HEAR_RATE) if id else bytes(32_000)
    heard = await transcriber.transcribe(Utterance(5, AKI, 0.0, pcm, voiced, "silence"), None, [])
    assert not heard.text
    assert len(model.chats) == (1 if voiced else 0)


async def test_other_faults_stay_the_transcribers(model: ModelServer, transcriber: HearingTranscriber):
    model.script_transcriptions(*[Refuse(401, "Incorrect API key provided", code="invalid_api_key")] * 2)
    with pytest.raises(EngineError):
        await transcriber.transcribe(spoken("anna-cook"), None, [])
    assert not model.chats


@pytest.mark.parametrize(
    ("given", "stands_in"),
    [
        ({}, True),
        ({"transcribe_base_url": "http://chat/v1"}, True),
        ({"transcribe_base_url": "http://whisper:8000/v1"}, False),
        ({"engine": "cascade"}, False),
    ],
)
async def test_sound_goes_to_no_server_that_people_are_not_told_of(given: dict[str, Any], stands_in: bool):
    """Not to the answering one, which gets only what is meant for the bot, while one of the operator's is away."""
    fixed: dict[str, Any] = {"discord_token": "none", "openai_base_url": "http://chat/v1"}
    async with open_engines(Settings(_env_file=None, **fixed, **given)) as engines:  # pyright: ignore[reportCallIssue]
        assert isinstance(engines.write_down, HearingTranscriber) == stands_in
        assert stands_in or engines.write_down is engines.transcribe
