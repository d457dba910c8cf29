"""Compatible servers: each dialect of the model server, and how people are told of its faults."""

import json

import pytest

from bot.engine import dialects
from bot.engine.client import build_client
from bot.engine.dialects import COMPATIBLE, DIALECTS_BY_NAME, OPENAI, Dialect
from bot.engine.model_check import ModelState
from bot.engine.open import LOOPBACK_DEADLINES
from bot.engine.openai_audio import MAX_TEXT_ONLY_TURNS, OpenAIEngine
from bot.engine.request import Deadlines
from bot.errors import BadRequest, BotError, ModelAuth, ModelUnavailable, OutOfCredit, RateLimited, Unreachable
from sandbox.model.behaviour import Oddity, ProxyPage, Refuse, Speak
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.conftest import MakeEngine
from tests.engine.listen import listen
from tests.engine.make import answered, request, said, speech

pytestmark = pytest.mark.looptime

HEARD = Speak.clip("bot-heard")
SERVERS = ["openai", "openrouter", "dashscope", "vllm-omni", "speaches", "azure"]
SILENT_SERVERS = ["llama.cpp", "localai"]
OTHERS = {"azure": OPENAI, "llama.cpp": COMPATIBLE, "localai": COMPATIBLE}
"""What the bot takes a server for whose name is in no list of its own."""
NAMES = {"openrouter": "openai/gpt-audio-1.5"}


def engine_for(make_engine: MakeEngine, server: str, dialect: Dialect | None = None) -> OpenAIEngine:
    known = dialect or OTHERS.get(server) or DIALECTS_BY_NAME[server]
    return make_engine(model=NAMES.get(server, "gpt-audio-1.5"), dialect=known)


@pytest.mark.parametrize("dialect", SERVERS)
async def test_a_conversation(model: ModelServer, make_engine: MakeEngine, dialect: str):
    engine = engine_for(make_engine, dialect)
    model.script(HEARD, HEARD, HEARD)
    first = await listen(engine, request(speech(0.5)))
    assert (first.text, first.pcm, first.error) == (HEARD.text, HEARD.pcm, None)
    assert first.done
    assert first.done.complete
    assert model.chats[0].newest == speech(0.5).pcm
    history = (said("Hello."), answered(first.text, first.done.audio_id))
    second = await listen(engine, request(history=history))
    assert (second.pcm, second.error) == (HEARD.pcm, None)
    by_id = "audio" in model.chats[1].body["messages"][2]
    assert by_id == (dialect in ("openai", "openrouter", "speaches", "azure"))
    written = await listen(engine, request(typed="Hello?", text_only=True))
    assert (written.text, written.pcm, written.error) == (HEARD.text, b"", None)
    assert len(model.chats) == 3


@pytest.mark.parametrize("dialect", SILENT_SERVERS)
async def test_servers_that_hear_and_only_write_answer_in_words(
    model: ModelServer, make_engine: MakeEngine, dialect: str
):
    engine = engine_for(make_engine, dialect)
    model.default = HEARD
    got = await listen(engine, request(speech(0.5)))
    assert (got.text, got.pcm, got.error) == (HEARD.text, b"", None)
    assert model.chats[0].newest == speech(0.5).pcm
    assert got.done
    assert got.done.usage.text_out > 0
    history = (said("Hello."), answered(got.text, got.done.audio_id))
    again = await listen(engine, request(history=history))
    assert (again.text, again.error) == (HEARD.text, None)


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "vllm-omni", "speaches"])
async def test_unknown_hosts_are_asked_plainly(model: ModelServer, make_engine: MakeEngine, dialect: str):
    model.script(HEARD)
    got = await listen(engine_for(make_engine, dialect, COMPATIBLE))
    assert (got.text, got.pcm, got.error) == (HEARD.text, HEARD.pcm, None)


@pytest.mark.parametrize("dialect", ["dashscope", "vllm-omni", "speaches", "openrouter"])
async def test_ids_of_another_server_are_healed(model: ModelServer, make_engine: MakeEngine, dialect: str):
    """As after a change of OPENAI_BASE_URL: the history names answers this server never gave."""
    engine = engine_for(make_engine, dialect)
    got = await listen(engine, request(history=(said("Hello."), answered("Yes?", "audio_elsewhere"))))
    assert got.error is None
    assert model.chats[-1].body["messages"][2] == {"role": "assistant", "content": "Yes?"}


FAULTS_OF_ALL: list[tuple[str, type[BotError]]] = [
    ("bad key", ModelAuth),
    ("out of quota", OutOfCredit),
    ("no model", ModelUnavailable),
    ("rate limit, wait 20", RateLimited),
    ("bad request", BadRequest),
    ("server error", Unreachable),
    ("error at once in the stream", Unreachable),
    ("error in mid-audio", Unreachable),
]


@pytest.mark.parametrize("dialect", SERVERS + SILENT_SERVERS)
@pytest.mark.parametrize(("name", "told"), FAULTS_OF_ALL)
async def test_faults_are_named_alike(
    model: ModelServer, make_engine: MakeEngine, dialect: str, name: str, told: type[BotError]
):
    model.script(*[FAULTS[name]()] * 2)
    got = await listen(engine_for(make_engine, dialect))
    assert type(got.error) is told


async def test_only_openai_gets_its_own_fields(model: ModelServer, make_engine: MakeEngine):
    await listen(make_engine(dialect=OPENAI))
    await listen(make_engine(dialect=COMPATIBLE))
    theirs, others = (chat.body for chat in model.chats)
    assert theirs["store"] is False
    assert len(theirs["safety_identifier"]) == 64
    assert theirs["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert others["stream_options"] == {"include_usage": True}
    assert {"store", "safety_identifier", "service_tier", "temperature", "response_format"}.isdisjoint(others)


async def test_people_have_no_known_hash(model: ModelServer, make_engine: MakeEngine):
    other = build_client("sk-other", model.base_url)
    model_key = model.key
    await listen(make_engine(dialect=OPENAI))
    model.key = "sk-other"
    await listen(OpenAIEngine(other, model="gpt-audio-1.5", dialect=OPENAI))
    await other.close()
    model.key = model_key
    first, second = (chat.body["safety_identifier"] for chat in model.chats)
    assert first != second, "it depends on the key"


async def test_a_server_that_cannot_speak_is_asked_once(model: ModelServer, make_engine: MakeEngine):
    model.default = Speak("I only write.")
    engine = make_engine(dialect=COMPATIBLE)
    for _ in range(MAX_TEXT_ONLY_TURNS + 1):
        got = await listen(engine)
        assert (got.text, got.error) == ("I only write.", None)
    assert len(model.chats) == 2 * MAX_TEXT_ONLY_TURNS + 1
    model.script(HEARD)
    assert (await listen(engine)).pcm == HEARD.pcm
    await listen(engine)
    assert len(model.chats) == 2 * MAX_TEXT_ONLY_TURNS + 4, "it spoke, so it is asked again"


async def test_a_server_that_writes_slowly_is_heard_out(model: ModelServer, make_engine: MakeEngine):
    """As a model of one's own on a processor: the words come all the time, and no sound ever does."""
    slow = Speak("One word after another. " * 60, first_audio=2.0)
    model.default = slow
    got = await listen(make_engine(dialect=COMPATIBLE, deadlines=Deadlines(first=2.0, gap=1.0)))
    assert (got.text, got.error) == (slow.text, None)
    assert len(model.chats) == 1, "asking again, for sound, would double the wait"


@pytest.mark.parametrize(
    "thinks",
    [
        Speak("Four.", first_audio=20.0).with_(Oddity.REASONING),
        Speak("<think>" + "One thought after another. " * 60 + "</think>Four.", first_audio=2.0),
    ],
    ids=["in a field of its own", "in its text"],
)
async def test_a_server_that_thinks_for_long_is_heard_out(model: ModelServer, make_engine: MakeEngine, thinks: Speak):
    model.default = thinks
    got = await listen(make_engine(dialect=COMPATIBLE, deadlines=Deadlines(first=2.0, begun=2.0, gap=1.0)))
    assert (got.text, got.error, len(model.chats)) == ("Four.", None, 1)


async def test_a_server_on_this_machine_that_began_its_answer_is_waited_for(
    model: ModelServer, make_engine: MakeEngine
):
    """As a model on a processor: its head comes at once, and nothing for half a minute."""
    model.default = HEARD.with_(first_audio=30.0)
    got = await listen(make_engine(dialect=COMPATIBLE, deadlines=LOOPBACK_DEADLINES))
    assert (got.text, got.error, len(model.chats)) == (HEARD.text, None, 1)


async def test_words_of_a_server_that_is_too_slow_are_kept(model: ModelServer, make_engine: MakeEngine):
    model.default = Speak("One word after another. " * 200, first_audio=2.0)
    got = await listen(make_engine(dialect=COMPATIBLE, deadlines=Deadlines(first=2.0, gap=1.0, whole=6.0)))
    assert got.error is None
    assert model.default.text.startswith(got.text.strip())
    assert len(got.text) > 200
    assert len(model.chats) == 1


@pytest.mark.parametrize("dialect", ["llama.cpp"])
async def test_a_server_without_a_path_for_one_model_is_asked_for_its_list(
    model: ModelServer, make_engine: MakeEngine, dialect: str
):
    engine = make_engine(model="any-name", dialect=COMPATIBLE)
    assert await engine.check_model() == ModelState(available=True)


async def test_a_list_may_name_models_by_patterns(model: ModelServer, engine: OpenAIEngine):
    """As those of proxies do: `openai/*`."""
    nothing = ProxyPage(404, '{"detail": "Not Found"}', "application/json")
    for names, known in ((["whisper*", "gpt-audio*"], True), ([None, "openai/*", "gpt-[x"], False)):
        listed = json.dumps({"data": [{"id": name} for name in names]})
        model.script_models(nothing, ProxyPage(200, listed, "application/json"))
        assert await engine.check_model() == ModelState(available=known)


@pytest.mark.parametrize("dialect", ["openai", "llama.cpp"])
async def test_too_long_for_the_model_goes_without_history(model: ModelServer, make_engine: MakeEngine, dialect: str):
    model.script(Refuse(400, "too long", code="context_length_exceeded"), HEARD)
    got = await listen(make_engine(), request(history=(said("Hello."), answered("Yes?"))))
    assert got.error is None
    assert [len(chat.body["messages"]) for chat in model.chats][:2] == [4, 2]


def test_every_dialect_has_a_name():
    found = {value.name for value in vars(dialects).values() if isinstance(value, Dialect)}
    assert set(DIALECTS_BY_NAME) == found
