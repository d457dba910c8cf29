"""Settings -> the engines. This is the only place that picks them: add another engine here."""

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from openai import AsyncOpenAI

from bot.config import Settings, is_private
from bot.engine.cascade.engine import CascadeEngine
from bot.engine.cascade.synthesizer import OpenAISynthesizer
from bot.engine.cascade.text_and_speech import CascadeTextAndSpeech
from bot.engine.client import build_client
from bot.engine.dialects import in_own_network
from bot.engine.hearing_transcriber import HearingTranscriber
from bot.engine.local.process import LocalProcess
from bot.engine.local.running import local_processes
from bot.engine.local.synthesizer import LocalSynthesizer
from bot.engine.local.transcriber import LocalTranscriber
from bot.engine.model_check import ModelState, check_model
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.request import Deadlines
from bot.engine.roles import ModelRole, RoleName, roles_of
from bot.engine.text_and_speech import OpenAITextAndSpeech
from bot.engine.transcribe import OpenAITranscriber
from bot.errors import EngineError
from bot.ports import Engine, Store, Synthesizer, TextAndSpeech, Transcriber

RoleTranscriber = OpenAITranscriber | LocalTranscriber
OWN_DEADLINES = Deadlines(first=45.0, begun=45.0, gap=20.0, whole=120.0)
"""A server of one's own may have nothing but a processor, and reads its models from disk at the first question."""
LOOPBACK_DEADLINES = Deadlines(begun=45.0)
"""What listens on this machine may be such a server, or a tunnel to any other: the head of its answer tells."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines in use."""

    reply: Engine
    "answers in calls"
    transcribe: Transcriber
    write_down: Transcriber
    "the same; where its server cannot transcribe, by the model that hears"
    write: TextAndSpeech
    "answers outside of calls"
    check: Callable[[ModelRole], Awaitable[ModelState]]
    "what its server says about a role's model; raises EngineError when it does not answer or refuses the key"
    roles: tuple[ModelRole, ...]
    "all models in use"
    tools: Engine | None = None
    "calls tools where the one that answers cannot; None: there is no text model"


class Clients:
    """One client, with its connections, for each server and key."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._clients: dict[tuple[str, str], AsyncOpenAI] = {}

    def of(self, role: ModelRole) -> AsyncOpenAI:
        """Return the client of a role's server."""
        key = role.key.get_secret_value()
        if (role.base_url, key) not in self._clients:
            self._clients[role.base_url, key] = build_client(key, role.base_url, self._tls)
        return self._clients[role.base_url, key]

    async def check(self, role: ModelRole) -> ModelState:
        """Ask a role's server about its model. Raises EngineError."""
        if role.local:
            return ModelState(available=True)  # or it would not have been opened
        try:
            return await check_model(self.of(role), role.model)
        except EngineError as error:
            error.blame(role.to_blame)
            raise

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.close()


@asynccontextmanager
async def open_engines(
    settings: Settings,
    tls: ssl.SSLContext | None = None,
    counts: Counter[str] | None = None,
    store: Store | None = None,
) -> AsyncIterator[Engines]:
    """Open the engines, with one connection pool for each server; `tls` is None for the system's authorities.

    `counts` gains the limits that answers met (the metric kikite_call_limits). `store` keeps summaries of what was
    said; without one they go with the process. Raises ConfigError when a model that is to run on this machine is not
    there.
    """
    roles, clients = roles_of(settings), Clients(tls)
    async with local_processes(settings, roles) as processes:
        transcribe = _transcriber(roles[RoleName.TRANSCRIBE], clients, processes)
        if settings.engine == "cascade":
            synthesizer = _synthesizer(roles[RoleName.SPEECH], clients, processes)
            opened = _cascade(roles, clients, transcribe, synthesizer, counts, store)
        else:
            opened = _audio(roles, clients, counts, store)
        text = roles.get(RoleName.TEXT) if settings.engine == "audio" else None
        writer = OpenAIEngine(clients.of(text), model=text.model, hears=False) if text else None
        try:
            # Only on the server that people are told transcribes: what is not meant for the bot goes nowhere else.
            hears = roles.get(RoleName.CHAT)
            stands_in = hears and hears.base_url == roles[RoleName.TRANSCRIBE].base_url
            write_down = HearingTranscriber(transcribe, opened[1]) if stands_in else transcribe
            yield Engines(opened[0], transcribe, write_down, opened[1], clients.check, tuple(roles.values()), writer)
        finally:
            await opened[0].aclose()
            await clients.aclose()


def _transcriber(role: ModelRole, clients: Clients, processes: Mapping[RoleName, LocalProcess]) -> RoleTranscriber:
    if role.local:
        return LocalTranscriber(processes[role.name], model=role.model, to_blame=role.to_blame)
    own = is_private(role.base_url)
    return OpenAITranscriber(clients.of(role), model=role.model, own=own, to_blame=role.to_blame)


def _synthesizer(role: ModelRole, clients: Clients, processes: Mapping[RoleName, LocalProcess]) -> Synthesizer:
    if role.local:
        return LocalSynthesizer(processes[role.name], model=role.model, to_blame=role.to_blame)
    own = is_private(role.base_url)
    return OpenAISynthesizer(clients.of(role), model=role.model, own=own, to_blame=role.to_blame)


def _audio(
    roles: dict[RoleName, ModelRole], clients: Clients, counts: Counter[str] | None, store: Store | None
) -> tuple[OpenAIEngine, OpenAITextAndSpeech]:
    """Return the engines around one model that hears and speaks."""
    chat, text = roles[RoleName.CHAT], roles.get(RoleName.TEXT)
    client, text_client = clients.of(chat), clients.of(text) if text else None
    engine = OpenAIEngine(
        client,
        model=chat.model,
        text_model=text.model if text else None,
        text_client=text_client,
        dialect=chat.dialect,
        deadlines=_deadlines(chat),
        counts=counts,
        store=store,
    )
    write = OpenAITextAndSpeech(
        client,
        model=chat.model,
        text_model=text.model if text else None,
        text_client=text_client,
        dialect=chat.dialect,
        text_dialect=text.dialect if text else None,
        text_to_blame=text.to_blame if text else None,
        breaker=engine.breaker,
        counts=counts,
    )
    return engine, write


def _cascade(
    roles: dict[RoleName, ModelRole],
    clients: Clients,
    transcriber: RoleTranscriber,
    synthesizer: Synthesizer,
    counts: Counter[str] | None,
    store: Store | None,
) -> tuple[CascadeEngine, CascadeTextAndSpeech]:
    """Return the engines around three models in a row."""
    text = roles[RoleName.TEXT]
    engine = CascadeEngine(
        clients.of(text),
        model=text.model,
        dialect=text.dialect,
        transcriber=transcriber,
        synthesizer=synthesizer,
        to_blame=text.to_blame,
        deadlines=_deadlines(text),
        store=store,
    )
    writer = OpenAITextAndSpeech(
        clients.of(text),
        model="",
        text_model=text.model,
        dialect=text.dialect,
        text_to_blame=text.to_blame,
        breaker=engine.breaker,
        counts=counts,
    )
    return engine, CascadeTextAndSpeech(writer, transcriber, transcriber.model, synthesizer)


def _deadlines(role: ModelRole) -> Deadlines | None:
    if in_own_network(role.base_url):
        return OWN_DEADLINES
    return LOOPBACK_DEADLINES if is_private(role.base_url) else None
