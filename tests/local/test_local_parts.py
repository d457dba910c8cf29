"""Real recognition and a real voice in a call, whose text model alone is a stand-in."""

import ssl
from pathlib import Path
from typing import Any

from bot.addresses import LOCAL
from bot.audio import HEAR_RATE
from bot.config import load
from bot.engine.local.recogniser import MoonshineRecogniser
from bot.ops.doctor_report import Status
from bot.ops.model_checks import model
from sandbox import clips
from sandbox.media import resample
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from tests.e2e.conftest import Harness, harness
from tests.e2e.test_conversation import OUT
from tests.local.weights import RECOGNISER

__all__ = ["harness"]


def local(models: Path) -> dict[str, Any]:
    return {
        "engine": "cascade",
        "transcribe_base_url": LOCAL,
        "transcribe_model": RECOGNISER,
        "speech_base_url": LOCAL,
        "local_models_dir": models,
    }


async def test_somebody_asks_and_hears_the_answer(harness: Harness, models: Path) -> None:
    harness.model.default = Speak.clip("bot-rice")
    async with harness.bot(**local(models)):
        anna, kikite = await harness.sandbox.person("Anna"), harness.sandbox.bot.id
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await anna.recorder.wait_for(kikite, 2.0, 60)
        await anna.recorder.quiet(kikite, 3.0)  # the first sentence after a cold start keeps the next waiting
        [line] = [line for line in harness.lines() if "Fried rice" in line]
        assert "cost unknown" not in line
        assert "cook tonight with rice" in str(harness.model.chats[-1].body["messages"][-1]["content"])
        assert not harness.model.transcriptions and not harness.model.speeches
        heard = MoonshineRecogniser(models / RECOGNISER).words(
            resample(anna.recorder.words(kikite), OUT, HEAR_RATE), ()
        )
        assert "fried rice with egg and spinach" in heard.lower()
    assert not harness.model.refused


async def test_doctor_hears_what_its_voice_says(models: Path) -> None:
    async with ModelServer.open() as text:
        given = {"discord_token": "none", "text_base_url": text.base_url, "text_api_key": text.key, **local(models)}
        findings = [one async for one in model(load(overrides=given), ssl.create_default_context(), live=False)]
    assert {one.status for one in findings} == {Status.OK}
    assert "one, two, three" in findings[-1].detail.lower()
