"""The parts of the demo. .ci/run runs the whole demo."""

import json
from pathlib import Path

import pytest

from bot.audio import RTP_RATE, from_wav
from bot.engine.client import build_client
from bot.errors import BadAudio
from bot.jobs.encoder import encode
from bot.voice import opus
from sandbox import clips
from sandbox.demo.report import DemoReport, DemoTurn
from sandbox.demo.run import conversation_from_files, shipped_conversation
from sandbox.model.log import ReceivedRequest
from sandbox.model.relay import ModelRelay
from sandbox.model.server import ModelServer
from sandbox.people.recorder import Recorder
from tests.sandbox.model_helpers import ask


def test_somebody_talks_over_an_answer_once() -> None:
    assert [line.over for line in shipped_conversation()].count(True) == 1


def test_peoples_own_files_are_said_in_turn_and_cut_to_the_time_there_is(tmp_path: Path) -> None:
    for number in range(3):
        sound = clips.load("bot-moon", RTP_RATE) * 4
        (tmp_path / f"{number}.mp3").write_bytes(encode(sound, RTP_RATE, "mp3"))
    lines = conversation_from_files(sorted(tmp_path.iterdir()))
    assert [line.who for line in lines] == ["Anna", "Yuki", "Anna"]
    assert sum(len(line.sound) for line in lines) / 2 / RTP_RATE < 20


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(BadAudio):
        conversation_from_files([tmp_path / "a.wav"])


async def test_the_report_says_where_the_time_went(tmp_path: Path) -> None:
    request = ReceivedRequest("/chat/completions", {}, 10.4, 0, body_at=10.5, first_audio_at=11.0)
    turn = DemoTurn("Anna", "hello", 10.0, request, first=11.004)
    early = DemoTurn("Yuki", "hi", 20.0, ReceivedRequest("/", {}, 0, 0, body_at=19.9, first_audio_at=20.3), first=20.31)
    report = DemoReport(Recorder(opus.load()), 1, [turn, early], ["**Anna** hello"], bytes(960))
    assert sorted(report.write(tmp_path)) == sorted(file.name for file in tmp_path.iterdir())
    first, second = json.loads((tmp_path / "timings.json").read_text())["turns"]
    assert (first["last_voice_packet_to_request_ms"], first["model_ms"]) == (500, 500)
    assert (first["first_audio_event_to_first_packet_ms"], first["total_less_model_ms"]) == (4, 504)
    assert second["total_less_model_ms"] == 10  # the request went out before the last packet
    assert from_wav((tmp_path / "channel.wav").read_bytes()) == (bytes(960), RTP_RATE)
    assert "hello" in (tmp_path / "transcript.md").read_text()


async def test_the_relay_is_the_server_behind_it() -> None:
    async with ModelServer.open(first_audio=0, speed=0) as model, ModelRelay.open(model.key, model.base_url) as relay:
        client = build_client(relay.key, relay.base_url)
        try:
            heard = await ask(client)
        finally:
            await client.close()
        [request] = await relay.wait_for_chats(1)
        assert heard.text
        assert request.pcm == model.chats[0].newest
        assert request.first_audio_at is not None
        assert not model.refused
