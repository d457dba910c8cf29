import asyncio

import pytest
from openai import AsyncOpenAI

from bot.engine.client import idle_connections
from bot.engine.connection_warmer import CONNECTIONS_PER_TURN, MAX_WARM_CONNECTIONS, ConnectionWarmer
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.transcribe import OpenAITranscriber
from bot.errors import Unreachable
from sandbox.model.behaviour import Speak
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.listen import listen
from tests.engine.make import request, speech


@pytest.mark.parametrize(
    ("events", "open_", "opened"),
    [
        ("w", 0, CONNECTIONS_PER_TURN),
        ("w", 1, CONNECTIONS_PER_TURN),
        ("w", 5, 5),
        ("ww", 0, 2 * CONNECTIONS_PER_TURN),
        ("wuw", 0, CONNECTIONS_PER_TURN),
        ("w.w", 0, CONNECTIONS_PER_TURN),
        ("w" * 20, 0, MAX_WARM_CONNECTIONS),
    ],
)
async def test_what_is_missing_is_opened(events: str, open_: int, opened: int):
    """w: somebody begins to speak, u: a turn came, `.`: a minute passes."""
    now, idle, busy = 0.0, open_, 0

    async def ask() -> None:
        nonlocal busy, idle
        busy += 1
        await asyncio.sleep(0)
        idle = max(idle, busy)
        await asyncio.sleep(0)
        busy -= 1

    warmth = ConnectionWarmer(lambda: idle, ask, lambda: now)
    for event in events:
        match event:
            case "w":
                await warmth.warm()
            case "u":
                warmth.used()
            case _:
                now += 60
    assert idle == opened


@pytest.mark.looptime
async def test_no_connection_is_opened_after_the_end_of_speech(
    model: ModelServer, engine: OpenAIEngine, client: AsyncOpenAI
):
    transcriber = OpenAITranscriber(client, model="gpt-transcribe")
    model.default = Speak.clip("bot-heard")
    for turn in range(4):
        await asyncio.sleep(100)
        await engine.warm()
        opened = len(model.connections)
        await asyncio.sleep(3)
        replied, heard = await asyncio.gather(
            listen(engine, request(speech())), transcriber.transcribe(speech(), None, [])
        )
        assert (replied.error, heard.seconds) == (None, 1.0)
        assert len(model.connections) == opened
        if turn == 1:
            events = engine.reply(request())
            await anext(events)
            await events.aclose()
    assert idle_connections(client) >= CONNECTIONS_PER_TURN


@pytest.mark.looptime
async def test_cold_is_no_fault(model: ModelServer, engine: OpenAIEngine):
    model.script_models(*[FAULTS["server error"]()] * CONNECTIONS_PER_TURN)
    await engine.warm()
    model.script_models(*[FAULTS["hang before headers"]()] * (CONNECTIONS_PER_TURN * 4 + 2))
    await engine.warm()
    with pytest.raises(Unreachable):
        await engine.check_model()
