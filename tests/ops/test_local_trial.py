"""`doctor` lets what runs on this machine speak and hear once: by a child that stands in; tests/local has real ones."""

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.config import load
from bot.engine.local import models, running
from bot.engine.local import process as processes
from bot.engine.local.process import LocalProcess
from bot.ops.doctor_report import Finding, Status
from bot.ops.model_checks import model
from sandbox.model.server import ModelServer
from tests.engine.test_local import STAND_IN


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Return what makes the settings of local parts; the argument is the name of the voice."""
    monkeypatch.setattr(running, "LocalProcess", partial(LocalProcess, command=STAND_IN))
    monkeypatch.setattr(models, "find_spec", lambda _name: object())  # the libraries of the extra

    def parts(voice: str) -> dict[str, Any]:
        for name, files in (("tiny-en", ("tokenizer.bin",)), (voice, ("tokens.txt", "model.onnx"))):
            (tmp_path / name).mkdir()
            for file in files:
                (tmp_path / name / file).touch()
        return {
            "engine": "cascade",
            "local_models_dir": tmp_path,
            "transcribe_base_url": "local",
            "transcribe_model": "tiny-en",
            "speech_base_url": "local",
            "speech_model": voice,
        }

    return parts


async def found(parts: dict[str, Any]) -> list[Finding]:
    """Return what is found beside the text model's server."""
    async with ModelServer.open() as text:
        settings = load(
            overrides={"discord_token": "none", "text_base_url": text.base_url, "text_api_key": text.key, **parts}
        )
        findings = [finding async for finding in model(settings, ssl.create_default_context(), live=False)]
        assert not text.speeches
        assert not text.transcriptions
    return findings


async def test_what_the_voice_says_the_recogniser_hears(stand_in: Callable[[str], dict[str, Any]]) -> None:
    _, voice, recogniser = await found(stand_in("voice"))
    assert (voice.status, recogniser.status) == (Status.OK, Status.OK)
    assert "voice spoke 1.0 s" in voice.detail
    assert "tiny-en heard 1.0 s" in recogniser.detail
    assert '"32000 bytes"' in recogniser.detail  # a second, at the rate of hearing


async def test_a_model_that_cannot_be_loaded_is_to_be_fetched_again(
    stand_in: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MAX_START_WAIT_SECONDS", 0.5)
    *_, last = await found(stand_in("broken"))
    assert last.status is Status.FAIL
    assert "python -m bot models" in last.hint


async def test_a_model_that_is_not_there_is_named_and_nothing_is_tried(
    stand_in: Callable[[str], dict[str, Any]],
) -> None:
    parts = stand_in("voice") | {"speech_model": "another"}
    [missing] = await found(parts)
    assert missing.status is Status.FAIL
    assert "SPEECH_MODEL: another is not in" in missing.detail
