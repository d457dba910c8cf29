"""Connections that die without a word, and servers that are slower than usual."""

import asyncio
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from openai import AsyncOpenAI

from bot.engine.client import build_client, transport_of
from bot.engine.model_check import ModelState, check_model
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.request import Deadlines
from bot.engine.transcribe import OpenAITranscriber
from bot.engine.transport import MIN_PATIENCE_SECONDS, Patience, socket_options
from sandbox.model.behaviour import Hang, Speak, TranscribeAs
from sandbox.model.nat import Nat
from sandbox.model.server import ModelServer
from tests.engine.listen import listen
from tests.engine.make import request, speech

pytestmark = pytest.mark.looptime

RICE = Speak.clip("bot-rice")
MOST_LATER_SECONDS = 2.5
"""First sound, compared with a warm line."""


@pytest.fixture
async def nat(model: ModelServer) -> AsyncIterator[Nat]:
    parts = urlsplit(model.base_url)
    assert parts.hostname
    assert parts.port
    async with Nat.open(parts.hostname, parts.port) as nat:
        yield nat


@pytest.fixture
async def client(model: ModelServer, nat: Nat) -> AsyncIterator[AsyncOpenAI]:
    client = build_client(model.key, f"http://127.0.0.1:{nat.port}/v1")
    transport = transport_of(client)
    assert transport
    transport._hedges_unknown = True  # a NAT is in between: this stands for a server elsewhere
    yield client
    await client.close()


async def first_sound(engine: OpenAIEngine) -> float:
    loop = asyncio.get_running_loop()
    since = loop.time()
    events = engine.reply(request())
    async for _ in events:
        break
    waited = loop.time() - since
    await events.aclose()
    return waited


@pytest.mark.parametrize("turns_before", [0, 1, 5])
async def test_a_forgotten_connection_costs_little_and_nobody_notices(
    model: ModelServer, nat: Nat, engine: OpenAIEngine, turns_before: int
):
    model.default = RICE
    await engine.warm()
    for _ in range(turns_before):
        assert (await listen(engine)).pcm == RICE.pcm
    warm = 0.35
    nat.forget()
    arrived = len(model.chats)
    assert await first_sound(engine) <= warm + MOST_LATER_SECONDS
    assert nat.lost_bytes > 0
    got = await listen(engine)
    assert (got.text, got.pcm, got.error) == (RICE.text, RICE.pcm, None)
    assert got.seconds < 3, "the other old connections are not tried"
    assert got.done
    assert (got.done.discarded, got.done.estimated) == (0, False)
    assert len(model.chats) == arrived + 2


async def test_the_cost_of_what_never_arrived_is_counted_once(model: ModelServer, nat: Nat, engine: OpenAIEngine):
    await engine.warm()
    await asyncio.sleep(60)
    nat.forget()
    got = await listen(engine)
    assert got.done
    assert got.done.discarded == 0
    assert len(model.chats) == 1
    chat = model.chats[0].chat
    assert chat
    assert got.done.usage.audio_in == chat.audio_in


async def test_whoever_begins_to_speak_finds_out(model: ModelServer, nat: Nat, engine: OpenAIEngine):
    model.default = RICE
    nat.idle_limit = 60.0
    await engine.warm()
    await asyncio.sleep(100)
    await engine.warm()
    opened = nat.connections
    assert await first_sound(engine) < 0.5
    assert nat.connections == opened


async def test_transcriptions_go_over_a_new_connection_too(model: ModelServer, nat: Nat, client: AsyncOpenAI):
    transcriber = OpenAITranscriber(client, model="gpt-transcribe")
    model.script_transcriptions(TranscribeAs("One.", 0.3), TranscribeAs("Two.", 0.3))
    await transcriber.transcribe(speech(), None, [])
    nat.forget()
    loop = asyncio.get_running_loop()
    since = loop.time()
    assert (await transcriber.transcribe(speech(), None, [])).text == "Two."
    assert loop.time() - since < 0.3 + MOST_LATER_SECONDS
    nat.forget()
    assert await check_model(client, "gpt-audio-1.5") == ModelState(available=True)


@pytest.mark.parametrize("warm", [False, True])
async def test_a_server_that_hangs_once_is_asked_twice_and_may_bill_both(
    model: ModelServer, engine: OpenAIEngine, warm: bool
):
    if warm:
        await engine.warm()
    model.script(Hang(), RICE)
    got = await listen(engine)
    assert (got.pcm, got.error) == (RICE.pcm, None)
    assert got.seconds < 6, "before the deadline"
    assert got.done
    assert got.done.discarded == 1


async def test_slow_servers_are_not_asked_twice(model: ModelServer, client: AsyncOpenAI, engine: OpenAIEngine):
    model.default_transcription = TranscribeAs("Slow.", 2.5)
    transcriber = OpenAITranscriber(client, model="gpt-transcribe")
    for _ in range(4):
        await transcriber.transcribe(speech(), None, [])
    transport = transport_of(client)
    assert transport
    assert transport.hedges <= 1, "until it is known"
    assert await first_sound(engine) < 0.5


async def test_a_server_of_ones_own_is_not_asked_twice(model: ModelServer, client: AsyncOpenAI, engine: OpenAIEngine):
    transport = transport_of(client)
    assert transport
    transport._may_hedge = False
    model.script(Hang(), RICE)
    assert (await listen(engine)).seconds > 8
    assert len(model.chats) == 2
    assert transport.hedges == 0


async def test_a_server_on_this_machine_may_load_its_model_first(model: ModelServer):
    """Asked once for its first answer; what it usually takes counts from then on."""
    client = build_client(model.key, model.base_url)
    engine = OpenAIEngine(client, model="gpt-audio-1.5", deadlines=Deadlines(first=45.0))
    await engine.warm()
    model.script(RICE.with_(first_audio=7.0), RICE, Hang(), RICE)
    got = await listen(engine)
    assert (got.pcm, len(model.chats)) == (RICE.pcm, 1)
    await listen(engine)
    assert (await listen(engine)).pcm == RICE.pcm
    transport = transport_of(client)
    assert transport
    assert transport.hedges == 1
    await engine.aclose()
    await client.close()


def test_patience_learns():
    patience = Patience()
    unknown = patience.of("/chat", 0, fresh=False)
    patience.note("/chat", 0.2)
    assert MIN_PATIENCE_SECONDS == patience.of("/chat", 0, fresh=False) < unknown
    patience.note("/chat", 4.0)
    assert patience.of("/chat", 0, fresh=False) > 6.0
    assert patience.of("/chat", 5_000_000, fresh=False) > 16.0
    assert patience.of("/audio", 0, fresh=False) == unknown


def test_every_connection_is_watched_by_the_kernel():
    options = {(level, name) for level, name, _ in socket_options()}
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE) in options
    assert (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) in options
