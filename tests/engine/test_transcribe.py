from typing import Any

import pytest

from bot.audio import HEAR_RATE
from bot.engine.transcribe import OpenAITranscriber
from bot.errors import BadAudio, BotError, EngineError, Incomplete, OutOfCredit, RateLimited, Unreachable
from bot.types import Heard, Utterance
from sandbox import clips
from sandbox.model.behaviour import ProxyPage, TranscribeAs
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.make import AKI, speech

pytestmark = pytest.mark.looptime


def spoken(id: str) -> Utterance:
    pcm = clips.load(id, HEAR_RATE)
    return Utterance(5, AKI, 0.0, pcm, voiced=len(pcm) / 32_000, ended_by="silence")


@pytest.mark.parametrize("id", ["anna-cook", "yuki-weather"])
async def test_words(model: ModelServer, client: Any, id: str):
    utterance = spoken(id)
    heard = await OpenAITranscriber(client, model="gpt-transcribe").transcribe(utterance, None, [])
    assert heard == Heard(5, AKI, clips.get(id).sentence, len(utterance.pcm) / 32_000)
    assert model.transcriptions[0].pcm == utterance.pcm


@pytest.mark.parametrize(
    ("name", "language", "hints"),
    [
        ("gpt-transcribe", "ja-JP", {"languages[]": ["ja"], "keywords[]": ["Aki", "Ben"]}),
        ("gpt-transcribe", None, {"keywords[]": ["Aki", "Ben"]}),
        ("gpt-4o-transcribe", "ja", {"language": "ja", "prompt": "Aki, Ben"}),
    ],
)
async def test_hints(model: ModelServer, client: Any, name: str, language: str | None, hints: dict[str, Any]):
    await OpenAITranscriber(client, model=name).transcribe(speech(), language, ["Aki", "Ben", "Aki"])
    sent = model.transcriptions[0].body
    given = ("languages[]", "keywords[]", "language", "prompt")
    assert {key: sent[key] for key in given if key in sent} == hints


async def test_no_speech_no_request(model: ModelServer, client: Any):
    utterance = Utterance(5, AKI, 0.0, bytes(32_000), voiced=0.0, ended_by="silence")
    heard = await OpenAITranscriber(client, model="gpt-transcribe").transcribe(utterance, None, [])
    assert heard == Heard(5, AKI, "", 0.0)
    assert model.transcriptions == []


async def test_made_up_words_are_dropped_but_paid(model: ModelServer, client: Any):
    model.script_transcriptions(TranscribeAs("Thanks for watching!"))
    heard = await OpenAITranscriber(client, model="gpt-transcribe").transcribe(speech(1.0), None, [])
    assert (heard.text, heard.seconds) == ("", 1.0)


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ('{"error": {"code": "insufficient_quota"}}', "application/json", OutOfCredit),
        ("<html>", "text/html", Unreachable),
        ("", "application/json", Unreachable),
        ("{", "application/json", Incomplete),
        ("[" * 5000, "application/json", Incomplete),
    ],
)
async def test_faults_under_a_good_status(model: ModelServer, client: Any, body: str, kind: str, error: type[BotError]):
    model.script_transcriptions(*[ProxyPage(200, body, kind)] * 2)
    with pytest.raises(error):
        await OpenAITranscriber(client, model="gpt-transcribe").transcribe(speech(), None, [])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("out of quota", OutOfCredit),
        ("rate limit, wait 20", RateLimited),
        ("server error", Unreachable),
        ("hang before headers", Unreachable),
        ("bad audio", BadAudio),
    ],
)
async def test_faults(model: ModelServer, client: Any, name: str, error: type[EngineError]):
    model.script_transcriptions(*[FAULTS[name]()] * 2)
    with pytest.raises(error):
        await OpenAITranscriber(client, model="gpt-transcribe").transcribe(speech(), None, [])


SENTENCE = "It rains in the mountains."


async def test_a_slow_server_of_ones_own_is_waited_for(model: ModelServer, client: Any):
    model.default_transcription = TranscribeAs(SENTENCE, delay=25.0)
    transcriber = OpenAITranscriber(client, model="gpt-transcribe", own=True)
    assert (await transcriber.transcribe(speech(2.0), None, [])).text == SENTENCE
    assert transcriber.patience > 25.0


async def test_a_server_that_was_slow_once_gets_more_time(model: ModelServer, client: Any):
    model.default_transcription = TranscribeAs(SENTENCE, delay=12.0)
    transcriber = OpenAITranscriber(client, model="gpt-transcribe")
    for _ in range(2):
        assert (await transcriber.transcribe(speech(2.0), None, [])).text == SENTENCE
