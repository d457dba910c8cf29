from collections.abc import AsyncIterator

import pytest

from bot.engine.client import build_client
from bot.engine.openai_audio import OpenAIEngine
from bot.sandbox.model_server import ModelServer
from tests.engine.make import UNIX


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    """The sandbox's model server, at the real one's pace; it must have had nothing to refuse but old audio ids."""
    async with ModelServer.open(first_audio=0.35, speed=4) as server:
        yield server
        assert [error for error in server.refused if error.code != "audio_not_found"] == []


@pytest.fixture
async def engine(model: ModelServer) -> AsyncIterator[OpenAIEngine]:
    client = build_client(model.key, model.base_url)
    yield OpenAIEngine(client, model="gpt-audio-1.5", clock=lambda: UNIX)
    await client.close()
