"""One reply through a real connection to the sandbox's model server."""

import json
from collections import Counter
from contextlib import aclosing

import pytest

from bot.engine.model_check import ModelState
from bot.engine.openai_audio import OpenAIEngine
from bot.errors import (
    BadAudio,
    BadRequest,
    BotError,
    HistoryExpired,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    RateLimited,
    RequestTooLarge,
    Unreachable,
)
from bot.types import AudioDelta
from sandbox.model.behaviour import ProxyPage, Speak
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.conftest import MakeEngine
from tests.engine.listen import listen
from tests.engine.make import answered, request, said, speech

pytestmark = pytest.mark.looptime

RICE = Speak.clip("bot-rice")
KEPT = Speak.clip("bot-moon")


async def test_a_reply(model: ModelServer, engine: OpenAIEngine):
    model.script(RICE)
    got = await listen(engine, request(speech(2.0)))
    assert (got.text, got.pcm) == (RICE.text, RICE.pcm)
    assert got.done
    assert got.done.usage.audio_in == 20
    assert got.done.usage.audio_out == round(RICE.seconds * 20)
    assert got.done.audio_id == model.chats[0].audio_id
    assert (got.done.estimated, got.done.complete, got.done.discarded) == (False, True, 0)
    assert model.chats[0].newest == speech(2.0).pcm


FAULT_TABLE: dict[str, tuple[type[BotError] | None, int, float]] = {
    # what people are told, requests made, seconds until then
    "bad key": (ModelAuth, 1, 0.0),
    "forbidden": (ModelAuth, 1, 0.0),
    "no model": (ModelUnavailable, 1, 0.0),
    "rate limit": (RateLimited, 2, 0.6),
    "rate limit, wait 1": (RateLimited, 2, 1.0),
    "rate limit, wait 20": (RateLimited, 1, 0.0),
    "rate limit, wait 120": (RateLimited, 1, 0.0),
    "out of quota": (OutOfCredit, 1, 0.0),
    "out of credit": (OutOfCredit, 1, 0.0),
    "request timeout": (Unreachable, 2, 0.2),
    "conflict": (Unreachable, 2, 0.2),
    "server error": (Unreachable, 2, 0.2),
    "overloaded": (Unreachable, 2, 0.2),
    "slow down": (RateLimited, 2, 0.6),
    "slow down, wait 20": (RateLimited, 1, 0.0),
    "bad gateway": (Unreachable, 2, 0.2),
    "cooling": (RateLimited, 2, 0.6),
    "too large": (RequestTooLarge, 1, 0.0),
    "bad audio": (BadAudio, 1, 0.0),
    "bad request": (BadRequest, 1, 0.0),
    "expired audio id": (HistoryExpired, 1, 0.0),
    # The call says after 6 s that it takes long; the second request runs on meanwhile.
    "hang before headers": (Unreachable, 2, 16.0),
    "hang after headers": (Unreachable, 2, 16.0),
    "reset before headers": (Unreachable, 2, 0.0),
    "nothing but headers": (Incomplete, 2, 0.0),
    "stall in mid-audio": (Unreachable, 1, 6.0),
    "reset in mid-audio": (Unreachable, 1, 0.0),
    "no [DONE]": (Incomplete, 1, 0.0),
    "error at once in the stream": (Unreachable, 2, 0.2),
    "error in mid-audio": (Unreachable, 1, 0.0),
    "bad JSON": (None, 1, 0.0),
    "text only": (None, 2, 0.0),
    "empty audio": (None, 2, 0.0),
    "no words": (None, 1, 0.0),
    "a tick of silence": (None, 2, 0.0),
    "ten minutes of audio": (None, 1, 0.0),
    "content filter": (Incomplete, 1, 0.4),
    "content filter at once": (Incomplete, 1, 0.0),
    "length": (None, 1, 0.0),
}


def test_every_fault_is_in_the_table():
    assert set(FAULT_TABLE) == set(FAULTS)


@pytest.mark.parametrize(("name", "told", "requests", "seconds"), [(name, *row) for name, row in FAULT_TABLE.items()])
async def test_fault(
    model: ModelServer, engine: OpenAIEngine, name: str, told: type[BotError] | None, requests: int, seconds: float
):
    await engine.warm()
    model.script(*[FAULTS[name]() for _ in range(requests)], RICE)
    got = await listen(engine)
    assert type(got.error) is (told or type(None))
    assert len(model.chats) == requests
    if told:
        assert got.seconds == pytest.approx(seconds, abs=FLOWING)
    sent = b"".join(request.answer_pcm for request in model.chats[-1:])
    assert sent.startswith(got.pcm)
    again = await listen(engine)
    assert (again.text, again.pcm, again.error) == (RICE.text, RICE.pcm, None), "the next turn works"


FLOWING = 1.0
"""Seconds an answer may have flowed before it broke."""


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("text/event-stream", "", Unreachable),
        ("text/event-stream", "data: [DONE]\n\n", Incomplete),
        ("text/event-stream", "data: {\n\ndata: [DONE]\n\n", Incomplete),
        (
            "text/event-stream",
            'data: {"choices": [{"delta": {"audio": {"data": "????"}}}]}\n\ndata: [DONE]\n\n',
            Incomplete,
        ),
        ("text/event-stream", "\x00\xff" * 1000, Incomplete),
        ("text/html", "<html>Please log in.</html>", Unreachable),
        ("application/json", "", Unreachable),
        ("application/json", '{"choices": []}', Incomplete),
        ("application/json", '{"choices": [', Incomplete),
    ],
)
async def test_answers_that_are_none(
    model: ModelServer, engine: OpenAIEngine, kind: str, text: str, told: type[BotError]
):
    model.script(ProxyPage(200, text, kind), RICE)
    got = await listen(engine)
    assert (got.error, got.pcm) == (None, RICE.pcm), "asked once more"
    model.script(*[ProxyPage(200, text, kind)] * 2)
    assert type((await listen(engine)).error) is told


@pytest.mark.parametrize(
    ("name", "text", "seconds", "complete", "discarded"),
    [
        ("bad JSON", KEPT.text, KEPT.seconds, False, 0),
        ("text only", "I would rather write this down.", 0, True, 0),
        ("empty audio", "You should hear this, but there is no sound.", 0, True, 0),
        ("ten minutes of audio", None, 120, False, 0),
        ("content filter", KEPT.text[: len(KEPT.text) // 5], 2, False, 0),
        ("length", KEPT.text[: len(KEPT.text) // 5], 2, False, 0),
    ],
)
async def test_odd_ends_are_answers(
    model: ModelServer,
    engine: OpenAIEngine,
    name: str,
    text: str | None,
    seconds: float,
    complete: bool,
    discarded: int,
):
    model.script(*[FAULTS[name]()] * 2)
    got = await listen(engine)
    assert got.done
    assert text is None or got.text == text
    assert len(got.pcm) / 48_000 == pytest.approx(seconds, abs=0.001)
    assert (got.done.complete, got.done.discarded) == (complete, discarded)


@pytest.mark.parametrize("name", ["stall in mid-audio", "reset in mid-audio", "no [DONE]", "error in mid-audio"])
async def test_what_was_heard_is_on_the_bill(model: ModelServer, engine: OpenAIEngine, name: str):
    model.script(FAULTS[name]())
    got = await listen(engine, request(speech(3.0)))
    assert got.error
    assert got.done
    assert (got.done.estimated, got.done.complete, got.done.audio_id) == (True, False, None)
    assert got.done.usage.audio_in == 30
    assert got.done.usage.audio_out == pytest.approx(len(got.pcm) / 48_000 * 20, abs=1)


@pytest.mark.parametrize(
    "name", ["rate limit", "server error", "reset before headers", "text only", "nothing but headers"]
)
async def test_once_more_helps(model: ModelServer, engine: OpenAIEngine, name: str):
    model.script(FAULTS[name](), RICE)
    got = await listen(engine)
    assert (got.text, got.pcm, got.error) == (RICE.text, RICE.pcm, None)
    assert got.done
    assert got.done.discarded == 0, "what the first try used is in the usage"
    chat = model.chats[-1].chat
    assert chat
    assert got.done.usage.text_in == (2 if name == "text only" else 1) * chat.text_in


async def test_the_second_question_for_sound_shows_no_written_answers(model: ModelServer, engine: OpenAIEngine):
    model.script(FAULTS["text only"](), RICE)
    got = await listen(engine, request(history=(said("Hello?"), answered("Hello."))))
    assert got.pcm == RICE.pcm
    roles = [[message["role"] for message in chat.body["messages"]] for chat in model.chats]
    assert roles == [["system", "user", "assistant", "user"], ["system", "user", "user"]]


async def test_closing_aborts_at_once(model: ModelServer, engine: OpenAIEngine):
    model.script(KEPT)
    async with aclosing(engine.reply(request())) as events:
        async for event in events:
            if isinstance(event, AudioDelta):
                break
    aborted = await model.log.wait(lambda request: request.aborted_at is not None)
    assert aborted[0].sound_sent < KEPT.seconds


async def test_expired_ids_are_healed_unseen(model: ModelServer, engine: OpenAIEngine):
    past = (said("Hello?"), answered("Hello.", "audio_gone"))
    got = await listen(engine, request(history=past))
    assert got.error is None
    assert [message["role"] for message in model.chats[0].body["messages"]] == ["system", "user", "assistant", "user"]
    assert [chat.body["messages"][2] for chat in model.chats] == [
        {"role": "assistant", "audio": {"id": "audio_gone"}},
        {"role": "assistant", "content": "Hello."},
    ]
    await listen(engine, request(history=past))
    assert model.chats[2].body["messages"][2] == {"role": "assistant", "content": "Hello."}


async def test_breaker(model: ModelServer, engine: OpenAIEngine):
    assert engine.fault is None
    model.script(FAULTS["out of quota"](), FAULTS["server error"](), RICE)
    await listen(engine)
    assert isinstance(engine.fault, OutOfCredit)
    await listen(engine)
    assert len(model.chats) == 2, "while it is open nothing is sent twice"
    assert (await listen(engine)).error is None
    assert engine.fault is None


@pytest.mark.parametrize("fault", ["bad key", "out of quota"])
async def test_a_gateway_that_rests_after_a_fault_stands_for_it(model: ModelServer, engine: OpenAIEngine, fault: str):
    model.script(FAULTS[fault](), FAULTS["cooling"](), FAULTS["cooling"](), RICE)
    first, *later = [(await listen(engine)).error for _ in range(3)]
    assert isinstance(first, ModelAuth | OutOfCredit)
    assert [(type(error), str(error)) for error in later] == [(type(first), str(first))] * 2
    assert len(model.chats) == 3
    assert (await listen(engine)).error is None


async def test_written_answers(model: ModelServer, engine: OpenAIEngine):
    model.script(RICE)
    got = await listen(engine, request(text_only=True))
    assert (got.text, got.pcm) == (RICE.text, b"")
    assert model.chats[0].body["modalities"] == ["text"]
    assert got.done
    assert got.done.usage.audio_out == 0
    assert got.done.audio_id is None


async def test_estimate_is_near_the_bill(model: ModelServer, engine: OpenAIEngine):
    asked = request(speech(2.0), history=(said("Hello?"), answered("Hello there, all of you.")))
    expected = engine.estimate(asked, 10.0)
    got = await listen(engine, asked)
    assert got.done
    assert expected.audio_in == got.done.usage.audio_in
    assert expected.text_in == pytest.approx(got.done.usage.text_in, rel=0.15)


async def test_model_state(model: ModelServer, engine: OpenAIEngine):
    assert await engine.check_model() == ModelState(available=True)
    model.script_models(FAULTS["no model"]())
    assert await engine.check_model() == ModelState(available=False)
    model.script_models(FAULTS["bad key"]())
    with pytest.raises(ModelAuth):
        await engine.check_model()
    assert isinstance(engine.fault, ModelAuth)
    model.script_models(FAULTS["server error"]())
    await engine.warm()


async def test_audio_that_is_no_base64_is_counted(model: ModelServer, make_engine: MakeEngine):
    chunks = [
        {"choices": [{"index": 0, "delta": {"audio": {"id": "audio_1", "transcript": "Rice.", "data": "AAAQEAAA"}}}]},
        {"choices": [{"index": 0, "delta": {"audio": {"data": "\u3042" * 4}}}]},
        {"choices": [{"index": 0, "delta": {"audio": {"data": "ABAQ"}}}]},
        {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
    ]
    text = "".join(f"data: {chunk}\n\n" for chunk in (*map(json.dumps, chunks), "[DONE]"))
    model.script(RICE, ProxyPage(200, text, "text/event-stream"))
    counts: Counter[str] = Counter()
    engine = make_engine(counts=counts)
    assert (await listen(engine)).error is None
    assert counts["sound_garbled"] == 0
    got = await listen(engine)
    assert got.pcm == bytes.fromhex("000010100000000000001010"), "as long as it was sent: samples stay aligned"
    assert counts["sound_garbled"] == 1
