from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from openai import AsyncOpenAI

from bot.engine.client import build_client
from bot.engine.openai_audio import OpenAIEngine
from sandbox.model.server import ModelServer
from tests.engine.make import UNIX

MakeEngine = Callable[..., OpenAIEngine]
"""Builds an engine on the test's model server from keyword arguments of OpenAIEngine."""


@pytest.fixture
def dialect() -> str:
    """Which kind of server `model` is; parametrize to change it."""
    return "openai"


@pytest.fixture
async def model(dialect: str) -> AsyncIterator[ModelServer]:
    """The sandbox's model server, at the real one's pace; it must have had nothing to refuse but old audio ids."""
    async with ModelServer.open(dialect=dialect, first_audio=0.35, speed=4) as server:
        yield server
        assert [error for error in server.refused if error.code != "audio_not_found"] == []


@pytest.fixture
async def client(model: ModelServer) -> AsyncIterator[AsyncOpenAI]:
    client = build_client(model.key, model.base_url)
    yield client
    await client.close()


@pytest.fixture
async def make_engine(client: AsyncOpenAI) -> AsyncIterator[MakeEngine]:
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> OpenAIEngine:
            engine = OpenAIEngine(client, **{"model": "gpt-audio-1.5", "clock": lambda: UNIX, **options})
            stack.push_async_callback(engine.aclose)
            return engine

        yield make


@pytest.fixture
def engine(make_engine: MakeEngine) -> OpenAIEngine:
    return make_engine()
