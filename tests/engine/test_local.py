"""The child processes that hear and speak on the bot's machine; tests/local/ has the real ones."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from bot.config import load
from bot.engine.faults import ModelFault
from bot.engine.local import process as processes
from bot.engine.local import wire
from bot.engine.local.japanese_voice import pieces_of
from bot.engine.local.models import OPEN_JTALK, Architecture, LocalModel, LocalPart, architecture_of
from bot.engine.local.process import LocalProcess
from bot.engine.local.synthesizer import LocalSynthesizer
from bot.engine.local.transcriber import LocalTranscriber
from bot.engine.open import open_engines
from bot.engine.roles import RoleName, models_of, own_prices, roles_of
from bot.errors import ConfigError, EngineError
from tests.engine.make import speech

STAND_IN = (sys.executable, "-I", str(Path(__file__).with_name("local_stand_in.py")))
LOCAL_PARTS = {"transcribe_base_url": "local", "speech_base_url": "LOCAL"}


@asynccontextmanager
async def running(folder: Path, part: LocalPart = LocalPart.VOICE) -> AsyncIterator[LocalProcess]:
    process = LocalProcess(LocalModel(part, folder.name, folder), STAND_IN)
    task = asyncio.create_task(process.run())
    try:
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(process: LocalProcess, text: str) -> bytes:
    """Return what the child answers to a word."""
    return b" ".join([part async for part in LocalSynthesizer(process, model="voice").speak(text, "0")])


async def test_it_answers_in_turn_and_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    async with running(tmp_path) as process:
        slow, printed, names = await asyncio.gather(*(told(process, text) for text in ("slow", "print", "environment")))
    assert slow == b"slow 0 slow 1 slow 2 slow 3 slow 4"
    assert printed == b"printed"
    assert b"KEY" not in names and b"TOKEN" not in names


async def test_an_answer_that_nobody_wants_any_more_does_not_reach_the_next(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        async with aclosing(process.ask(wire.SPEAK, {"text": "slow"}, within=20)) as frames:
            assert (await anext(frames))[1] == b"slow 0"
        assert await told(process, "print") == b"printed"
        cancelled = asyncio.create_task(told(process, "slow"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        assert await told(process, "print") == b"printed"


async def test_a_child_that_dies_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_RESTART_SECONDS", 0.01)
    async with running(tmp_path) as process:
        first = await told(process, "pid")
        with pytest.raises(ModelFault) as raised:
            await told(process, "exit")
        assert isinstance(raised.value.error, EngineError) and raised.value.wait == 0.0
        assert await told(process, "pid") not in (first, b"")


@pytest.mark.parametrize("text", ["sleep", "raise", "write"])
async def test_a_child_that_hangs_or_fails_is_a_fault_without_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr("bot.engine.local.synthesizer.LOCAL_SPEAK_SECONDS", 0.3 if text == "sleep" else 20.0)
    async with running(tmp_path) as process:
        with pytest.raises(ModelFault) as raised:
            await told(process, text)
    assert "said" not in str(raised.value.error)
    assert not (tmp_path / "kept").exists() or not (tmp_path / "kept").stat().st_size


async def test_it_ends_with_the_bot(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        pid = int(await told(process, "pid"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_model_that_does_not_load_is_tried_again_with_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MAX_START_WAIT_SECONDS", 0.2)
    async with running(tmp_path / "broken", LocalPart.RECOGNISER) as process:
        transcriber = LocalTranscriber(process, model="tiny-en")
        with pytest.raises(EngineError):
            await transcriber.transcribe(speech(1.0), None, [])


async def test_words_come_with_the_length_of_what_was_heard(tmp_path: Path) -> None:
    async with running(tmp_path, LocalPart.RECOGNISER) as process:
        heard = await LocalTranscriber(process, model="tiny-en").transcribe(speech(1.0, id=5), None, ["Aki"])
    assert (heard.utterance_id, heard.text, heard.seconds) == (5, "32000 bytes", 1.0)


def test_what_is_missing_is_named_before_anything_starts(tmp_path: Path) -> None:
    missing = LocalModel(LocalPart.RECOGNISER, "small-streaming-en", tmp_path / "small-streaming-en")
    assert any("small-streaming-en is not in" in fault for fault in missing.faults())
    for name in ("../secrets", "", "a/b"):
        assert any("not the name" in fault for fault in LocalModel(LocalPart.VOICE, name, tmp_path / name).faults())
    assert any("says what it is" in f for f in LocalModel(LocalPart.RECOGNISER, "whisper", tmp_path).faults())


def test_the_voice_of_a_library_needs_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.local.models.find_spec", lambda name: None if name == "pyopenjtalk" else name)
    [fault] = LocalModel(LocalPart.VOICE, OPEN_JTALK, tmp_path / OPEN_JTALK).faults()
    assert "[local-ja]" in fault
    monkeypatch.setattr("bot.engine.local.models.find_spec", lambda name: name)
    assert not LocalModel(LocalPart.VOICE, OPEN_JTALK, tmp_path / OPEN_JTALK).faults()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("はい。月は遠いです！ほんと？！そう", ["はい。", "月は遠いです！", "ほんと？！", "そう"]),
        ("長" * 50 + "、" + "短" * 30, ["長" * 50 + "、", "短" * 30]),
        ("長" * 150, ["長" * 60, "長" * 60, "長" * 30]),
        ("GitHub のAPIです", ["GitHub のAPIです"]),
        ("二行\nあります。", ["二行\nあります。"]),
    ],
)
def test_a_long_text_is_spoken_in_pieces(text: str, pieces: list[str]) -> None:
    assert list(pieces_of(text)) == pieces


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("tiny-en", 0), ("base-ja", 1), ("tiny-streaming-en", 2), ("small-streaming-ja", 4), ("medium-streaming-en", 5)],
)
def test_a_model_tells_its_kind_by_its_name(name: str, architecture: int) -> None:
    assert architecture_of(name) is Architecture(architecture)


async def test_local_settings(tmp_path: Path) -> None:
    given = {"discord_token": "none", "engine": "cascade", "text_base_url": "http://ollama:11434/v1", **LOCAL_PARTS}
    settings = load(overrides=given | {"local_models_dir": tmp_path})  # no key is asked for
    roles = roles_of(settings)
    assert [roles[name].server for name in (RoleName.TRANSCRIBE, RoleName.SPEECH)] == ["local", "local"]
    assert models_of(settings)["transcribe_model"] == "small-streaming-en"
    japanese = models_of(load(overrides=given | {"language": "ja-JP"}))
    assert (japanese["transcribe_model"], japanese["speech_model"]) == ("small-streaming-ja", OPEN_JTALK)
    assert not any(own_prices(settings)["small-streaming-en"].values())
    with pytest.raises(ConfigError, match="TRANSCRIBE_MODEL"):
        async with open_engines(settings):
            pass
    with pytest.raises(ConfigError):
        load(overrides=given | {"text_base_url": "local"})
