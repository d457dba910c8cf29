from typing import Any

import pytest

from bot.engine.dialects import COMPATIBLE, DASHSCOPE, OPENAI, Dialect
from bot.engine.payload import MAX_REPLY_TOKENS, payload, with_silence
from bot.engine.prompt import compose
from bot.engine.request_body import RequestBody
from tests.engine.make import UNIX, answered, request, said, speech

AUDIO = {"voice": "marin", "format": "pcm16"}


@pytest.mark.parametrize(
    ("dialect", "room", "fields"),
    [
        (COMPATIBLE, {}, {"modalities": ["text", "audio"], "audio": AUDIO, "max_completion_tokens": MAX_REPLY_TOKENS}),
        (COMPATIBLE, {"max_seconds": 20.0}, {"max_completion_tokens": 564}),
        (COMPATIBLE, {"voice": "cedar"}, {"audio": {"voice": "cedar", "format": "pcm16"}}),
        (DASHSCOPE, {}, {"audio": {"voice": "marin", "format": "wav"}}),
        (COMPATIBLE, {"text_only": True}, {"modalities": ["text"]}),
        (OPENAI, {}, {"store": False, "stream_options": {"include_usage": True, "include_obfuscation": False}}),
    ],
)
def test_fields(dialect: Dialect, room: dict[str, Any], fields: dict[str, Any]):
    asked = request(**room)
    made = payload(compose(asked, now=UNIX), asked, "gpt-audio-1.5", dialect, "key")
    assert {name: made[name] for name in fields} == fields
    assert (made["model"], made["stream"]) == ("gpt-audio-1.5", True)
    assert ("audio" in made) == ("audio" in made["modalities"])  # pyright: ignore[reportOperatorIssue]


def test_a_written_question_to_a_written_answer_brings_a_moment_of_silence():
    asked = request(typed="And?", text_only=True)
    parts = with_silence(compose(asked, now=UNIX), COMPATIBLE).messages[-1]["content"]
    assert [part["type"] for part in parts] == ["input_audio", "text", "text"]
    assert set(parts[0]["input_audio"]["data"].pcm) == {0}


TALK = {
    "en": (
        "I think the second level was much harder than the boss.",
        "It is, at least when you play without a shield.",
    ),
    "ja": ("昨日のゲーム、すごく面白かったね。", "はい、特に最後のボスが良かったですね。"),
}


@pytest.mark.parametrize("language", TALK)
@pytest.mark.parametrize("seconds", [3, 5, 30])
def test_bytes_for_a_second_of_speech(language: str, seconds: float):
    question, answer = TALK[language]
    history = tuple(
        message
        for number in range(20)
        for message in (said(question, ago=2000 - 60 * number), answered(answer, "audio_1", ago=1990 - 60 * number))
    )
    asked = request(speech(seconds), history=history)
    prompt = compose(asked, now=UNIX)
    assert len(prompt.messages) == 42
    assert len(RequestBody(payload(prompt, asked, "gpt-audio-1.5", OPENAI, "key"))) <= 45_000 * seconds
