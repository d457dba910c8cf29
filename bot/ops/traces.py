"""OpenTelemetry: one span per turn with its stages as children; no words, no people.

The extra [otel] brings the SDK. The bot imports it only where the OTEL_* variables name a collector. They configure
everything else too (OpenTelemetry specification, "Environment Variable Specification"). The names
beginning with gen_ai are those of its "Semantic conventions for generative AI".
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot import __version__
from bot.call.counters import TurnTimes
from bot.engine.roles import ModelRole, RoleName

log = structlog.get_logger(__name__)

OTLP_ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
OTLP_PROTOCOL_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP_PROTOCOL = "http/protobuf"
EXPORT_TIMEOUT_SECONDS = 3.0
"""Time to export the last spans when the process ends."""
NANOSECONDS = 1_000_000_000
_OPERATIONS = {RoleName.SPEECH: "speech", RoleName.TRANSCRIBE: "transcription"}


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces."""
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    elsewhere = environ.get("OTEL_TRACES_EXPORTER") not in (None, "", "otlp")
    return any(map(environ.get, OTLP_ENDPOINT_VARIABLES)) and not off and not elsewhere


class Spans:
    """Makes the spans of a turn once it is over, from its recorded times."""

    def __init__(self, provider: Any, roles: Mapping[RoleName, ModelRole]) -> None:
        """`provider` is an opentelemetry.sdk.trace.TracerProvider; `roles` are those in use."""
        from opentelemetry import trace

        self._api = trace
        self._tracer = provider.get_tracer("kikite", __version__)
        self._roles = roles
        self._answers = RoleName.TEXT if RoleName.SPEECH in roles else RoleName.CHAT

    def turn(self, times: TurnTimes) -> None:
        """Export a turn that has just ended."""
        to_wall = time.time_ns() - round(times.over * NANOSECONDS)
        since = min(times.asked, times.closed if times.spoke_until is None else times.spoke_until)
        ids = structlog.contextvars.get_contextvars()
        whole = self._tracer.start_span(
            "turn",
            kind=self._api.SpanKind.INTERNAL,
            start_time=round(since * NANOSECONDS) + to_wall,
            attributes={
                "kikite.call": str(ids.get("call", "")),
                "kikite.turn": times.turn,
                "kikite.outcome": times.outcome,
                **({} if times.cost is None else {"kikite.cost_usd": float(times.cost)}),
            },
        )
        inside = self._api.set_span_in_context(whole)
        failed = times.outcome not in ("answered", "interrupted")
        blamed = self._blamed(times) if failed else None

        def stage(
            name: str,
            began: float | None,
            ended: float | None,
            role: RoleName | None = None,
            request: Mapping[str, Any] | None = None,
            error: bool = False,
        ) -> None:
            if began is None or ended is None:
                return
            kind = self._api.SpanKind.CLIENT if role else self._api.SpanKind.INTERNAL
            attributes = {**self._server(role), **(request or {})} if role else {}
            at = round(began * NANOSECONDS) + to_wall
            span = self._tracer.start_span(name, context=inside, kind=kind, start_time=at, attributes=attributes)
            if error:
                self._fail(span, times.outcome)
            span.end(max(at, round(ended * NANOSECONDS) + to_wall))

        stage("wait", times.spoke_until, times.closed)
        ended = times.streamed or times.over
        if blamed is not RoleName.TRANSCRIBE:  # without words nothing was asked
            stage(f"chat {times.model}", times.asked, ended, self._answers, _request(times), blamed is self._answers)
        if blamed and blamed in _OPERATIONS:
            operation, model = _OPERATIONS[blamed], self._roles[blamed].model
            stage(f"{operation} {model}", times.asked, ended, blamed, _named(operation, model), error=True)
        stage("first audio", times.asked, times.arrived)
        stage("playback", times.began, times.over)
        writer = self._roles[RoleName.TRANSCRIBE].model
        for began, ended in times.transcribed:
            stage(f"transcription {writer}", began, ended, RoleName.TRANSCRIBE, _named("transcription", writer))
        if blamed:
            whole.set_attributes(self._server(blamed))
        if failed:
            self._fail(whole, times.outcome)
        whole.end(round(times.over * NANOSECONDS) + to_wall)

    def _blamed(self, times: TurnTimes) -> RoleName:
        """Return whose fault it was that a turn failed."""
        setting = times.blamed.model_setting if times.blamed else ""
        return next((name for name, role in self._roles.items() if role.model_setting == setting), self._answers)

    def _server(self, role: RoleName) -> dict[str, Any]:
        server = urlsplit(self._roles[role].base_url)
        port = server.port or (443 if server.scheme == "https" else 80)
        return {"gen_ai.provider.name": "openai", "server.address": server.hostname or "", "server.port": port}

    def _fail(self, span: Any, outcome: str) -> None:
        span.set_attribute("error.type", outcome)
        span.set_status(self._api.Status(self._api.StatusCode.ERROR))


def _named(operation: str, model: str) -> dict[str, Any]:
    return {"gen_ai.operation.name": operation, "gen_ai.request.model": model}


def _request(times: TurnTimes) -> dict[str, Any]:
    """Return the attributes of the request to the model."""
    found = _named("chat", times.model) | {"gen_ai.request.stream": True, "gen_ai.output.type": "speech"}
    if times.arrived is not None:
        found["gen_ai.response.time_to_first_chunk"] = times.arrived - times.asked
    if usage := times.usage:
        found["gen_ai.usage.input_tokens"] = usage.text_in + usage.audio_in
        found["gen_ai.usage.cache_read.input_tokens"] = usage.cached_in
        found["gen_ai.usage.output_tokens"] = usage.text_out + usage.audio_out
    return found


@asynccontextmanager
async def tracing(roles: Mapping[RoleName, ModelRole], environ: Mapping[str, str]) -> AsyncIterator[Spans | None]:
    """Export spans while the context lasts; yield None where they are off or the extra is not installed."""
    provider = _provider(environ) if wanted(environ) else None
    if provider is None:
        yield None
        return
    try:
        yield Spans(provider, roles)
    finally:
        # A missing collector must not keep the process from ending.
        ending = threading.Thread(target=provider.shutdown, name="spans", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, EXPORT_TIMEOUT_SECONDS)


def _provider(environ: Mapping[str, str]) -> Any:
    protocol = next(filter(None, map(environ.get, OTLP_PROTOCOL_VARIABLES)), OTLP_PROTOCOL)
    if protocol != OTLP_PROTOCOL:
        log.warning("traces_off", reason=f"OTEL_EXPORTER_OTLP_PROTOCOL must be {OTLP_PROTOCOL}")
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("traces_off", reason="OpenTelemetry is not there: install kikite[otel]")
        return None
    named = "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "") or environ.get("OTEL_SERVICE_NAME")
    name = {} if named else {"service.name": "kikite"}
    resource = Resource.create({**name, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    log.info("traces_on")
    return provider
