"""The chunks of one answer, and what servers were seen to do to them."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.audio import SPEAK_RATE, to_wav
from bot.engine.answer_text import MAX_TEXT_CHARACTERS
from bot.engine.stream import Assembly, StreamResult
from bot.types import AudioDelta, TextDelta, Usage

PCM = bytes(range(256)) * 20
DONE = "[DONE]"


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields}]}


def audio(**fields: Any) -> dict[str, Any]:
    return delta(audio=fields)


def finish(reason: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def data(pcm: bytes = PCM) -> dict[str, Any]:
    return audio(id="audio_1", data=b64encode(pcm).decode())


USAGE = {
    "choices": [],
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"audio_tokens": 60, "cached_tokens": 10},
        "completion_tokens_details": {"audio_tokens": 45},
    },
}
RECORDED = [
    delta(role="assistant", content=None),
    audio(id="audio_1", transcript="Good "),
    audio(id="audio_1", transcript="evening."),
    data(),
    data(),
    USAGE,
    audio(expires_at=1234),
    DONE,
]


def play(chunks: list[Any], *, rate: int = SPEAK_RATE) -> tuple[Assembly, str, bytes]:
    assembly = Assembly(rate)
    events = []
    for chunk in chunks:
        events.extend(assembly.end() if chunk == DONE else assembly.feed(chunk))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    sound = b"".join(event.pcm for event in events if isinstance(event, AudioDelta))
    assert all(len(event.pcm) % 2 == 0 for event in events if isinstance(event, AudioDelta))
    assert text == assembly.text
    return assembly, text, sound


def test_recorded_order():
    assembly, text, sound = play(RECORDED)
    assert (text, sound) == ("Good evening.", PCM * 2)
    assert (assembly.audio_id, assembly.expires_at) == ("audio_1", 1234)
    assert assembly.outcome(text_only=False) is StreamResult.COMPLETE
    assert assembly.usage(Usage()) == (Usage(text_in=40, audio_in=60, cached_in=10, text_out=5, audio_out=45), False)


HEARTBEATS = [
    {"choices": None},
    {},
    {"choices": []},
    {"choices": [None]},
    {"choices": "odd"},
    {"id": "x", "object": "y"},
]
ODDITIES = {
    "heartbeats": [part for chunk in RECORDED for part in (*HEARTBEATS, chunk)],
    "empty content beside": [part for chunk in RECORDED for part in (delta(content=""), chunk)],
    "words in content": [delta(content="Good "), delta(content="evening."), *RECORDED[3:]],
    "words in both": [delta(content="Good evening."), *RECORDED],
    "words in content after": [*RECORDED[:-1], delta(content="Good evening."), DONE],
    "words after sound": [*RECORDED[3:-1], *RECORDED[1:3], DONE],
    "id once": [RECORDED[1], audio(transcript="evening."), audio(data=b64encode(PCM * 2).decode()), *RECORDED[5:]],
    "padded in mid-stream": [
        *RECORDED[1:3],
        data(PCM[:1000]),
        data(PCM[1000:2001]),
        data(PCM[2001:] + PCM),
        *RECORDED[5:],
    ],
    "header": [*RECORDED[1:3], data(to_wav(PCM, SPEAK_RATE)), data(), *RECORDED[5:]],
    "a WAV per chunk": [*RECORDED[1:3], *[data(to_wav(PCM, SPEAK_RATE))] * 2, *RECORDED[5:]],
    "a WAV per chunk in content": [
        *RECORDED[1:3],
        *[{**delta(content=b64encode(to_wav(PCM, SPEAK_RATE)).decode()), "modality": "audio"}] * 2,
        *RECORDED[5:],
        audio(id="audio_1"),
    ],
    "stop and no expiry": [*RECORDED[:-2], audio(expires_at=1234), finish("stop")],
    "expiry in each chunk": [
        *RECORDED[1:3],
        *[audio(id="audio_1", expires_at=1234, data=b64encode(PCM).decode())] * 2,
        USAGE,
    ],
    "second choice": [*RECORDED[:4], {"choices": [{"index": 1, "delta": {"content": "no"}}]}, *RECORDED[4:]],
}


@pytest.mark.parametrize("chunks", ODDITIES.values(), ids=ODDITIES)
def test_oddities_change_nothing(chunks: list[Any]):
    assembly, text, sound = play(chunks)
    assert (text, sound) == ("Good evening.", PCM * 2)
    assert (assembly.audio_id, assembly.expires_at) == ("audio_1", 1234)
    assert assembly.outcome(text_only=False) is StreamResult.COMPLETE
    assert assembly.usage(Usage())[0].audio_out == 45


OUTCOMES: dict[str, tuple[list[Any], StreamResult]] = {
    "done with sound": ([data(), DONE], StreamResult.COMPLETE),
    "stop without done": ([data(), finish("stop")], StreamResult.COMPLETE),
    "length": ([data(), finish("length"), DONE], StreamResult.PARTIAL),
    "filter": ([data(), finish("content_filter"), DONE], StreamResult.PARTIAL),
    "unreadable chunk": ([data(), b"{", data(), DONE], StreamResult.PARTIAL),
    "filter before sound": ([audio(transcript="I"), finish("content_filter"), DONE], StreamResult.EMPTY),
    "cut": ([data()], StreamResult.CUT),
    "cut before sound": ([audio(transcript="Well")], StreamResult.CUT),
    "text only": ([delta(content="Hello."), finish("stop"), DONE], StreamResult.TEXT_ONLY),
    "id and words but no sound": ([audio(id="a", transcript="Hello."), DONE], StreamResult.TEXT_ONLY),
    "refusal": ([delta(refusal="I cannot."), finish("stop"), DONE], StreamResult.TEXT_ONLY),
    "empty": ([delta(role="assistant"), DONE], StreamResult.EMPTY),
    "only nonsense": ([[], 3, None, b"<html>", DONE], StreamResult.EMPTY),
}


@pytest.mark.parametrize(("chunks", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcomes(chunks: list[Any], outcome: StreamResult):
    assert play(chunks)[0].outcome(text_only=False) is outcome


def test_what_nobody_can_store_is_dropped():
    assert play([audio(transcript="a\0b\ud83d"), audio(transcript="聞き手 🎧")])[1] == "ab聞き手 🎧"


def test_endless_words_end():
    assert len(play([audio(transcript="word " * 3000)] * 30)[1]) == MAX_TEXT_CHARACTERS


def test_text_is_all_that_a_written_answer_needs():
    assert play([delta(content="Hello."), DONE])[0].outcome(text_only=True) is StreamResult.COMPLETE


def test_usage_is_estimated_from_what_arrived():
    second = bytes(SPEAK_RATE * 2)
    assembly, _, _ = play([audio(transcript="Good evening."), data(second), data(second)])
    expected = Usage(text_in=300, audio_in=50, text_out=40, audio_out=200)
    assert assembly.usage(expected) == (Usage(text_in=300, audio_in=50, text_out=4, audio_out=40), True)


@pytest.mark.parametrize(
    "chunks",
    [
        [delta(content="<think>" + "t" * 200), delta(content="t" * 200 + "</think>")],
        [delta(content="t" * 400), delta(content="</think>")],
        [delta(reasoning="t" * 200, reasoning_content="t" * 200), delta(reasoning_content="t" * 200)],
        [delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "t" * 200}]}]) for _ in range(2)],
    ],
    ids=["marked", "with an end alone", "in fields of their own", "in parts of their own"],
)
@pytest.mark.parametrize("thinks_first", [False, True])
def test_thoughts_are_paid_too_and_count_as_an_answer_that_begins(chunks: list[Any], thinks_first: bool):
    assembly = Assembly(thinks_first=thinks_first)
    seen = [assembly.unsaid + len(assembly.text)]
    for chunk in chunks:
        list(assembly.feed(chunk))
        seen.append(assembly.unsaid + len(assembly.text))
    assert seen[0] < seen[1]
    assert assembly.begun
    list(assembly.feed(delta(content="word " * 8)))
    list(assembly.end())
    assert assembly.text.strip() == ("word " * 8).strip()
    usage, estimated = assembly.usage(Usage(text_in=100))
    assert estimated
    assert usage.text_out == pytest.approx(110, abs=6)


def test_usage_without_details_is_split_as_expected():
    totals = {"choices": [], "usage": {"prompt_tokens": 500, "completion_tokens": 90}}
    assembly, _, _ = play([data(), totals, DONE])
    usage, estimated = assembly.usage(Usage(text_in=1, audio_in=80))
    assert (usage, estimated) == (Usage(text_in=420, audio_in=80, audio_out=90), False)


def test_other_rates_become_24_khz():
    assembly, _, sound = play([data(to_wav(b"\0\x10" * 16_000, 16_000)), DONE])
    assert assembly.seconds == pytest.approx(1, abs=0.001)
    assert len(sound) == pytest.approx(48_000, abs=4)


@example(cuts=[2, 6], header=False, padded=False)
@example(cuts=[43, 133], header=False, padded=False)
@given(cuts=st.lists(st.integers(1, 200), max_size=30), header=st.booleans(), padded=st.booleans())
def test_base64_may_be_cut_anywhere(cuts: list[int], header: bool, padded: bool):
    source = to_wav(PCM[:600], SPEAK_RATE) if header else PCM[:600]
    text = b64encode(source).decode()
    chunks: list[Any] = []
    at = 0
    for cut in cuts:
        piece = source[at : at + cut]
        chunks.append(b64encode(piece).decode() if padded else text[at : at + cut])
        at += cut
    chunks.append(b64encode(source[at:]).decode() if padded else text[at:])
    _, _, sound = play([*(audio(data=chunk) for chunk in chunks), DONE])
    assert sound == PCM[:600]


FIELDS = ["choices", "delta", "audio", "data", "transcript", "id", "expires_at", "usage", "index", "content"]
SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text()


@given(
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(FIELDS), inner), max_leaves=20
    )
)
def test_no_chunk_breaks_it(chunk: object):
    assembly = Assembly()
    list(assembly.feed(chunk))
    list(assembly.feed({"choices": [chunk, {"delta": chunk}, {"delta": {"audio": chunk}}], "usage": chunk}))
    list(assembly.feed(json.loads("{}")))
    list(assembly.end())
    assembly.usage(Usage())
    assembly.outcome(text_only=False)
