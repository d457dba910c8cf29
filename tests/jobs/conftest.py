"""Jobs with a real store, and the model of the sandbox."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from bot.audio import SPEAK_RATE
from bot.billing.budget import Budget
from bot.billing.prices import Prices
from bot.engine.client import build_client
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.text_and_speech import OpenAITextAndSpeech
from bot.jobs.context import JobContext
from bot.jobs.job_folder import JobFolder
from bot.jobs.services import JobServices
from bot.ports import TextAndSpeech
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer
from tests.made_database import made_database

TEXT_MODEL = "gpt-5-mini"


@dataclass
class JobSetup:
    model: ModelServer
    jobs: JobContext
    budget: Budget

    @property
    def studio(self) -> TextAndSpeech:
        return self.jobs.studio


def speech(seconds: float, level: float = 3000.0, seed: int = 1) -> bytes:
    """Return noise with the level changes and pauses of speech, s16le mono 24 kHz."""
    noise = np.random.default_rng(seed).normal(0, level, int(seconds * SPEAK_RATE))
    beat = np.clip(np.sin(2 * np.pi * 2 * np.arange(noise.size) / SPEAK_RATE) + 0.4, 0, 1)
    return np.clip(noise * beat, -32000, 32000).astype("<i2").tobytes()


def podcasting(request: ReceivedRequest) -> Speak:
    """Answer the requests of a podcast: with a script, a summary, or the text to speak."""
    system = str(request.body["messages"][0]["content"])
    if "script of a podcast" in system:
        return Speak("# A chapter\nA: Here is what it says.\nB: And what does it mean?\nA: A lot.", speed=0)
    if request.body.get("modalities") == ["text", "audio"]:
        text = request.body["messages"][1]["content"][0]["text"]
        level = 1500.0 if "co-host" in system else 6000.0
        return Speak(text, speech(1 + len(text) / 60, level, seed=len(text)), first_audio=0, speed=0)
    return Speak("## In short\n\nIt says much.\n\n- a point", speed=0)


@pytest.fixture
async def job_setup(tmp_path: Path) -> AsyncIterator[JobSetup]:
    async with ModelServer.open(first_audio=0, speed=0) as model, opened(model, tmp_path) as made:
        yield made


@asynccontextmanager
async def opened(model: ModelServer, folder: Path, text_model: str | None = None) -> AsyncIterator[JobSetup]:
    """Open the jobs with a model's server and a folder. Opening the same folder again simulates a restart."""
    client = build_client(model.key, model.base_url)
    store = await SqlStore.open(made_database(folder))
    budget = Budget(Decimal(0), Decimal(0), Prices(), lambda: datetime.now(UTC))
    studio = OpenAITextAndSpeech(client, model="gpt-audio-1.5", text_model=text_model, busy=0.0)
    engine = OpenAIEngine(client, model="gpt-audio-1.5")
    services = JobServices(
        engine=engine,
        store=store,
        outbox=Outbox(store),
        budget=budget,
        clock=time.monotonic,
        wall=lambda: datetime.now(UTC),
        model="gpt-audio-1.5",
    )
    try:
        yield JobSetup(model, JobContext(services, studio, JobFolder(folder / "jobs")), budget)
    finally:
        await engine.aclose()
        await client.close()
        await store.aclose()
