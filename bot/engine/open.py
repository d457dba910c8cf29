"""Settings -> the engines. This is the only place that picks them: add another engine here."""

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.config import Settings
from bot.engine.client import build_client
from bot.engine.dialects import in_own_network
from bot.engine.model_check import ModelState, check_model
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.request import Deadlines
from bot.engine.text_and_speech import OpenAITextAndSpeech
from bot.engine.transcribe import OpenAITranscriber
from bot.ports import Engine, TextAndSpeech, Transcriber

OWN_DEADLINES = Deadlines(first=45.0, gap=20.0, whole=120.0)
"""A server of one's own may have nothing but a processor, and reads its models from disk at the first question."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines in use."""

    reply: Engine
    "answers in calls"
    transcribe: Transcriber
    write: TextAndSpeech
    "answers outside of calls"
    check: Callable[[str], Awaitable[ModelState]]
    "what the server says about a model; raises EngineError when it does not answer or refuses the key"
    models: tuple[str, ...]
    "all models that the settings name"


@asynccontextmanager
async def open_engines(
    settings: Settings, tls: ssl.SSLContext | None = None, counts: Counter[str] | None = None
) -> AsyncIterator[Engines]:
    """Open one connection pool for all engines; `tls` is None for the system's authorities.

    `counts` gains the limits that answers met (the metric kikite_call_limits).
    """
    client = build_client(settings.openai_api_key.get_secret_value(), settings.openai_base_url, tls)
    model, text_model = settings.openai_model, settings.text_model
    deadlines = OWN_DEADLINES if in_own_network(settings.openai_base_url) else None
    engine = OpenAIEngine(client, model=model, text_model=text_model, deadlines=deadlines, counts=counts)
    try:
        yield Engines(
            reply=engine,
            transcribe=OpenAITranscriber(client, model=settings.transcribe_model),
            write=OpenAITextAndSpeech(
                client, model=model, text_model=text_model, breaker=engine.breaker, counts=counts
            ),
            check=partial(check_model, client),
            models=tuple(name for name in (model, settings.transcribe_model, text_model) if name),
        )
    finally:
        await engine.aclose()
        await client.close()
