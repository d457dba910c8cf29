"""A sample of the hostile answers, and the worst that one server can send at once."""

import json
import threading
from base64 import b64encode

import pytest

from bot.audio import SPEAK_RATE
from bot.engine.answer_sound import MAX_UNPLAYED_SECONDS, SOUND_SLICE_CHARACTERS
from bot.engine.container_stream import MAX_READY_BYTES, ContainerStream
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.stream import MAX_CHOICES, Assembly
from bot.errors import BotError
from sandbox.model.behaviour import ProxyPage
from sandbox.model.server import ModelServer
from sandbox.model.sound_wire import encode
from tests.engine.hostile_streams import CLASSES, MAX_GROWTH_BYTES, delta, run
from tests.engine.listen import listen


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_leaves_the_tree_of_errors(name: str):
    run(name, 150, seed=7)


@pytest.mark.long
@pytest.mark.parametrize("name", CLASSES)
def test_nothing_leaves_the_tree_of_errors_in_many(name: str):
    _, growth = run(name, 20_000, seed=11)
    assert growth < MAX_GROWTH_BYTES


def test_endless_choices_end():
    assembly = Assembly()
    list(assembly.feed({"choices": [{"delta": {"content": "x"}}] * 100_000}))
    assert len(assembly.text) == MAX_CHOICES


WORST = {
    "spaces in place of words": delta(audio={"transcript": " " * 1_000_000}),
    "one sound of 12 MB": delta(audio={"data": b64encode(bytes(9_000_000)).decode()}),
    "padding": delta(audio={"data": "A=" * 500_000}),
    "marks of thoughts": delta(content="<think></think>" * 50_000),
    "open marks": delta(content="<" * 1_000_000),
}


@pytest.mark.parametrize("name", WORST)
def test_one_chunk_is_read_in_small_steps(name: str):
    """Counted, not timed: each step works on a bounded part."""
    assembly = Assembly(longest=120.0)
    for event in assembly.feed(WORST[name]):
        assert len(getattr(event, "pcm", "")) < 200_000
    assert len(assembly.text) <= 20_000
    assembly.close()


@pytest.mark.parametrize("kind", ["flac", "mp3", "pcm"])
def test_hours_of_silence_end(kind: str, monkeypatch: pytest.MonkeyPatch):
    """A few kB of it decode to minutes: it is read in small steps, and not to its end. Counted, not timed."""
    monkeypatch.setattr("bot.engine.container_stream.MAX_WAIT_SECONDS", 60.0)  # each step has the sound of its part
    silence = bytes(SPEAK_RATE * 2 * 60)
    codecs = {"flac": "flac", "mp3": "libmp3lame"}
    minute = encode(silence, SPEAK_RATE, kind, codecs[kind]) if kind in codecs else silence
    frames = minute[minute.index(b"\xff") :] if kind in codecs else minute
    hours = minute + frames * (2_000_000 // len(frames))
    assembly = Assembly(longest=120.0)
    answer = b64encode(hours).decode()
    steps = sum(1 for _ in assembly.feed(delta(audio={"data": answer})))
    assembly.close()
    for thread in threading.enumerate():
        if thread.name == "container-stream":
            thread.join(30)
    assert assembly.received <= MAX_UNPLAYED_SECONDS
    whole = len(answer) // SOUND_SLICE_CHARACTERS
    if kind == "flac":  # 15 kB a minute: it ends at the bound
        assert 0 < steps < whole / 2
    else:
        assert steps >= whole
    assert assembly.seconds == 0


def test_a_few_bytes_of_silence_come_in_small_pieces():
    minutes = 4
    data = encode(bytes(SPEAK_RATE * 2 * 60 * minutes), SPEAK_RATE, "flac", "flac")
    stream = ContainerStream("flac")
    pieces = [stream.feed(data), stream.end()]
    while stream.busy:
        pieces.append(stream.end())
    stream.close()
    frame = 65_535 * 2  # the longest that FLAC has (RFC 9639 section 9.1.1)
    assert max(map(len, pieces)) < MAX_READY_BYTES + frame
    assert sum(map(len, pieces)) == SPEAK_RATE * 2 * 60 * minutes, "and all of it comes"


@pytest.mark.parametrize("body", ["data:" + "x" * 100 + "\n", "data: ", ": comment\n", '{"a":', " "])
async def test_endless_bodies_end(model: ModelServer, engine: OpenAIEngine, body: str):
    model.script(*[ProxyPage(200, body * (18_000_000 // len(body)), "text/event-stream")] * 2)
    got = await listen(engine)
    assert isinstance(got.error, BotError)


async def test_strange_error_bodies(model: ModelServer, engine: OpenAIEngine):
    for text in ('{"error":' * 5000, json.dumps({"error": {"code": "²"}}), "[" * 100_000, '"' * 100_000):
        model.script(*[ProxyPage(500, text, "application/json")] * 2)
        assert isinstance((await listen(engine)).error, BotError)
