"""What the model server refuses, and with which error texts."""

import base64
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import HEAR_RATE, to_wav
from bot.jobs.encoder import encode
from sandbox import clips
from sandbox.model.checks import ChatRequest, DialectRules, check_chat, tokens
from sandbox.model.schema import ApiError

from .model_helpers import question, spoken, talk

MEMBERS = ("type", "role", "content", "text", "input_audio", "data", "format", "audio", "id", "name")
KNOWN = {"audio_known": 3.0}


def check(body: Any, hears: bool = True, rules: DialectRules | None = None) -> ChatRequest:
    return check_chat(body, hears, KNOWN.get, rules or DialectRules())


def refused(body: Any, hears: bool = True, rules: DialectRules | None = None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        check(body, hears, rules)
    return caught.value


def says(role: str, **members: Any) -> dict[str, Any]:
    return {"role": role, **members}


def heard(data: str, format: str = "wav") -> dict[str, Any]:
    return says("user", content=[{"type": "input_audio", "input_audio": {"data": data, "format": format}}])


def messages(*added: dict[str, Any]) -> dict[str, Any]:
    """Return a request with these messages after a valid question."""
    return talk(messages=[question(), *added])


def packed(container: str, codec: str) -> str:
    return base64.b64encode(encode(clips.load("ben-moon", 48_000), 48_000, container, codec)).decode()


ACCEPTED = {
    "as the bot asks": talk(),
    "not streamed": talk(stream=..., stream_options=..., audio={"voice": "alloy", "format": "mp3"}),
    "sound in, words out": talk(modalities=["text"], audio=...),
    "words in, sound out": talk(messages=[says("user", content="Say hello.")]),
    "modalities the other way round": talk(modalities=["audio", "text"]),
    "a known answer by its id": messages(says("assistant", audio={"id": "audio_known"}), question()),
    "an answer as words": messages(says("assistant", content="Yes."), question()),
    "an answer as parts": messages(says("assistant", content=[{"type": "text", "text": "Yes."}])),
    "a name": messages(says("user", name="聞き手_1", content="Hm.")),
    "a developer": messages(says("developer", content=[{"type": "text", "text": "Be brief."}])),
    "mp3": messages(heard(packed("mp3", "libmp3lame"), "mp3")),
    "wav at another rate": messages(heard(spoken(rate=24_000))),
    "OpenAI's own fields": talk(store=False, safety_identifier="a" * 64, metadata={"a": "b"}),
    "a voice of one's own": talk(audio={"voice": {"id": "voice_1"}, "format": "pcm16"}),
    "nulls": talk(temperature=None, tools=[{"type": "function", "function": {"name": "leave"}}], stop=None),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(body: dict[str, Any]):
    assert check(body).model == "gpt-audio-1.5"


REFUSED: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "unknown field": (talk(colour="red"), "colour", "unknown_parameter"),
    "no messages": (talk(messages=...), "messages", "missing_required_parameter"),
    "empty messages": (talk(messages=[]), "messages", "empty_array"),
    "messages as text": (talk(messages="hello"), "messages", "invalid_type"),
    "role missing": (messages({"content": "x"}), "messages[1].role", "missing_required_parameter"),
    "role unknown": (messages(says("bot", content="x")), "messages[1].role", "invalid_value"),
    "user without content": (messages(says("user")), "messages[1].content", "missing_required_parameter"),
    "content null": (messages(says("user", content=None)), "messages[1].content", "invalid_type"),
    "content empty": (messages(says("user", content=[])), "messages[1].content", "empty_array"),
    "unknown member": (messages(says("user", content="x", id=4)), "messages[1].id", "unknown_parameter"),
    "part without type": (
        messages(says("user", content=[{"text": "x"}])),
        "messages[1].content[0].type",
        "missing_required_parameter",
    ),
    "picture": (
        messages(says("user", content=[{"type": "image_url", "image_url": {"url": "data:"}}])),
        "messages[1].content[0].type",
        "invalid_value",
    ),
    "sound from the system": (
        messages(says("system", content=question()["content"])),
        "messages[1].content[1].type",
        "invalid_value",
    ),
    "sound from the assistant": (
        messages(says("assistant", content=question()["content"])),
        "messages[1].content[1].type",
        "invalid_value",
    ),
    "text part without text": (
        messages(says("user", content=[{"type": "text"}])),
        "messages[1].content[0].text",
        "missing_required_parameter",
    ),
    "assistant says nothing": (messages(says("assistant")), "messages[1].content", "invalid_type"),
    "audio id missing": (
        messages(says("assistant", audio={})),
        "messages[1].audio.id",
        "missing_required_parameter",
    ),
    "audio id with its words": (
        messages(says("assistant", audio={"id": "audio_known", "transcript": "x"})),
        "messages[1].audio.transcript",
        "unknown_parameter",
    ),
    "audio id unknown": (
        messages(says("assistant", audio={"id": "audio_gone"})),
        "content.messages[1].audio.id",
        "audio_not_found",
    ),
    "name with a space": (messages(says("user", name="Anna B", content="x")), "messages[1].name", "invalid_value"),
    "name with <": (messages(says("user", name="<b>", content="x")), "messages[1].name", "invalid_value"),
    "name too long": (messages(says("user", name="a" * 65, content="x")), "messages[1].name", "invalid_value"),
    "name empty": (messages(says("user", name="", content="x")), "messages[1].name", "invalid_value"),
    "ogg": (
        messages(heard(packed("ogg", "libopus"), "ogg")),
        "messages[1].content[0].input_audio.format",
        "invalid_value",
    ),
    "ogg said to be wav": (
        messages(heard(packed("ogg", "libopus"))),
        "messages[1].content[0].input_audio.data",
        "unsupported_format",
    ),
    "wav said to be mp3": (
        messages(heard(spoken(), "mp3")),
        "messages[1].content[0].input_audio.data",
        "unsupported_format",
    ),
    "wav without sound": (
        messages(heard(base64.b64encode(to_wav(b"", HEAR_RATE)).decode())),
        "messages[1].content[0].input_audio.data",
        "unsupported_format",
    ),
    "headerless": (
        messages(heard(base64.b64encode(clips.load("ben-moon", 16_000)).decode())),
        "messages[1].content[0].input_audio.data",
        "unsupported_format",
    ),
    "data URL": (
        messages(heard("data:audio/wav;base64," + spoken())),
        "messages[1].content[0].input_audio.data",
        "invalid_base64",
    ),
    "base64 in lines": (
        messages(heard(spoken()[:76] + "\n" + spoken()[76:])),
        "messages[1].content[0].input_audio.data",
        "invalid_base64",
    ),
    "base64 without padding": (
        messages(heard(base64.b64encode(to_wav(b"\1\0" * 1600, HEAR_RATE)).decode().rstrip("="))),
        "messages[1].content[0].input_audio.data",
        "invalid_base64",
    ),
    "audio without settings": (talk(audio=...), "audio", "missing_required_parameter"),
    "settings without audio": (talk(modalities=["text"]), "audio", None),
    "sound alone": (talk(modalities=["audio"]), "modalities", "invalid_value"),
    "no modality": (talk(modalities=[]), "modalities", "empty_array"),
    "unknown modality": (talk(modalities=["text", "smell"]), "modalities[1]", "invalid_value"),
    "unknown voice": (talk(audio={"voice": "anna", "format": "pcm16"}), "audio.voice", "invalid_value"),
    "no voice": (talk(audio={"format": "pcm16"}), "audio.voice", "missing_required_parameter"),
    "a speed": (talk(audio={"voice": "ash", "format": "pcm16", "speed": 1}), "audio.speed", "unknown_parameter"),
    "wav in a stream": (talk(audio={"voice": "ash", "format": "wav"}), "audio.format", "unsupported_value"),
    "unknown format": (talk(audio={"voice": "ash", "format": "pcm"}), "audio.format", "invalid_value"),
    "stream as text": (talk(stream="true"), "stream", "invalid_type"),
    "options without stream": (talk(stream=False), "stream_options", None),
    "unknown option": (
        talk(stream_options={"usage": True}),
        "stream_options.usage",
        "unknown_parameter",
    ),
    "no tokens": (talk(max_completion_tokens=0), "max_completion_tokens", "integer_below_min_value"),
    "too many tokens": (talk(max_completion_tokens=20_000), "max_tokens", "invalid_value"),
    "two limits": (talk(max_tokens=100), "max_tokens", None),
    "hot": (talk(temperature=2.5), "temperature", "decimal_above_max_value"),
    "identifier too long": (
        talk(safety_identifier="a" * 129),
        "safety_identifier",
        "string_above_max_length",
    ),
    "structured output": (talk(response_format={"type": "json_object"}), "response_format", None),
    "reasoning": (talk(reasoning_effort="low"), "reasoning_effort", "unsupported_parameter"),
    "tool without a name": (
        talk(tools=[{"type": "function", "function": {}}]),
        "tools[0].function.name",
        "missing_required_parameter",
    ),
    "no sound at all": (
        talk(modalities=["text"], audio=..., messages=[says("user", content="hello")]),
        "model",
        "invalid_value",
    ),
    "too long": (talk(messages=[says("user", content="あ" * 130_000)]), "messages", "context_length_exceeded"),
}


@pytest.mark.parametrize(("body", "param", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(body: dict[str, Any], param: str | None, code: str | None):
    error = refused(body)
    assert (error.status, error.type, error.param, error.code) == (400, "invalid_request_error", param, code)
    assert error.message


def test_sound_without_need_has_the_servers_words():
    error = refused(talk(modalities=["text"], audio=..., messages=[says("user", content="hello")]))
    assert error.message == "This model requires that either input content or output modality contain audio."


def test_wav_in_a_stream_has_the_servers_words():
    error = refused(talk(audio={"voice": "ash", "format": "wav"}))
    assert error.message == (
        "Unsupported value: 'audio.format' does not support 'wav' when stream=true. Supported values are: 'pcm16'."
    )


@pytest.mark.parametrize("body", [talk(), talk(modalities=["text"], audio=...)])
def test_a_text_model_neither_hears_nor_speaks(body: dict[str, Any]):
    assert refused(body, hears=False).param == "model"


def test_a_text_model_writes():
    body = talk(modalities=["text"], audio=..., messages=[says("user", content="hello")])
    assert not check(body, hears=False).speaks


def test_what_was_heard_is_taken_apart():
    chat = check(messages(heard(spoken("ben-moon", 24_000)), says("assistant", audio={"id": "audio_known"})))
    assert [(part.message, part.part, part.format) for part in chat.audio] == [(0, 1, "wav"), (1, 0, "wav")]
    assert chat.audio[0].pcm == clips.load("anna-cook", HEAR_RATE)
    assert chat.audio[1].seconds == pytest.approx(2.38, abs=0.01)
    assert chat.audio_in == round((3.54 + 2.38 + 3.0) * 10)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from([*ACCEPTED.values()]), st.lists(st.integers(0, 9), max_size=6), JUNK)
@settings(max_examples=300, deadline=None)
def test_nonsense_is_refused_or_accepted_never_a_crash(body: dict[str, Any], path: list[int], junk: Any):
    body = deepcopy(body)
    place: Any = body
    for left, step in reversed(list(enumerate(path))):
        names = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not names:
            break
        name = names[step % len(names)]
        if not left or not isinstance(place[name], (dict, list)):
            place[name] = junk
            break
        place = place[name]
    with suppress(ApiError):
        check(body)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("word", 1), ("words", 2), ("聞き手", 3), ("a 聞", 2)])
def test_tokens(text: str, count: int):
    assert tokens(text) == count
