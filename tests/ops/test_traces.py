"""Spans of turns: their shape, their names, and that none of it is there where nobody asked."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from bot.call.counters import TurnTimes
from bot.config import Settings
from bot.engine.roles import roles_of
from bot.errors import BlamedModel
from bot.ops.traces import Spans, tracing, wanted
from bot.types import Usage

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
WHOLE = TurnTimes(
    turn=3, model="gpt-audio-1.5", outcome="answered", spoke_until=10.0, closed=10.5, asked=10.3, arrived=11.0,
    streamed=12.0, began=11.1, over=14.0, played=2.9, transcribed=((10.2, 10.9),),
    usage=Usage(text_in=5, audio_in=30, cached_in=2, text_out=4, audio_out=60),
)  # fmt: skip


MAIN = {"discord_token": "t", "openai_api_key": "k", "openai_base_url": "http://127.0.0.1:8000/v1"}


def spans_of(times: TurnTimes, **more: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {**MAIN, **more}
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with structlog.contextvars.bound_contextvars(call="c0ffee00", guild=77):
        Spans(provider, roles_of(Settings(**settings))).turn(times)
    return {span.name: span for span in exporter.get_finished_spans()}


def seconds(spans: dict[str, Any], name: str) -> tuple[float, float]:
    """Return when a span began, counted from its turn, and how long it was."""
    span, origin = spans[name], spans["turn"].start_time
    return round((span.start_time - origin) / 1e9, 3), round((span.end_time - span.start_time) / 1e9, 3)


def test_a_turn_and_its_stages() -> None:
    spans = spans_of(WHOLE)
    assert {name: seconds(spans, name) for name in spans} == {
        "turn": (0.0, 4.0),
        "wait": (0.0, 0.5),
        "transcription gpt-transcribe": (0.2, 0.7),
        "chat gpt-audio-1.5": (0.3, 1.7),
        "first audio": (0.3, 0.7),
        "playback": (1.1, 2.9),
    }
    whole = spans.pop("turn")
    assert all(span.parent.span_id == whole.context.span_id for span in spans.values())
    assert whole.attributes == {"kikite.call": "c0ffee00", "kikite.turn": 3, "kikite.outcome": "answered"}
    chat = spans["chat gpt-audio-1.5"]
    assert chat.kind is SpanKind.CLIENT
    assert chat.attributes["gen_ai.usage.input_tokens"] == 35
    assert chat.attributes["gen_ai.usage.output_tokens"] == 64
    assert (chat.attributes["server.address"], chat.attributes["server.port"]) == ("127.0.0.1", 8000)


def test_the_names_are_those_of_the_convention() -> None:
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    used = {name for span in spans_of(WHOLE).values() for name in span.attributes if name.startswith("gen_ai.")}
    assert len(used) > 6
    assert used <= known


def test_a_turn_that_failed_has_what_there_was_of_it() -> None:
    failed = TurnTimes(
        turn=1, model="m", outcome="model_auth", spoke_until=None, closed=5.0, asked=5.0, arrived=None, streamed=5.2,
        began=None, over=5.2, played=0.0,
    )  # fmt: skip
    spans = spans_of(failed)
    assert set(spans) == {"turn", "chat m"}
    for span in spans.values():
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes["error.type"] == "model_auth"


@pytest.mark.parametrize(
    ("role", "stages"),
    [
        ("text", {"chat gpt-5-mini": True}),
        ("speech", {"chat gpt-5-mini": False, "speech tts": True}),
        ("transcribe", {"transcription gpt-transcribe": True}),
    ],
)
def test_a_turn_that_failed_names_the_server_that_did(role: str, stages: dict[str, bool]) -> None:
    setting = f"{role.upper()}_MODEL"
    failed = replace(WHOLE, model="gpt-5-mini", outcome="model_auth", transcribed=(), blamed=BlamedModel(setting))
    cascade = {"engine": "cascade", "text_model": "gpt-5-mini", "speech_model": "tts"}
    spans = spans_of(failed, **cascade, **{f"{role}_base_url": "http://10.0.0.7:9000/v1"})
    asked = {name: span for name, span in spans.items() if span.kind is SpanKind.CLIENT}
    assert {name: span.status.status_code is StatusCode.ERROR for name, span in asked.items()} == stages
    at_fault = [spans["turn"], *(span for name, span in asked.items() if stages[name])]
    assert {(span.attributes["server.address"], span.attributes["server.port"]) for span in at_fault} == {
        ("10.0.0.7", 9000)
    }


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_only_who_names_a_collector_wants_traces(environ: dict[str, str], expected: bool) -> None:
    assert wanted(environ) is expected


async def test_without_the_extra_the_bot_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    roles = roles_of(Settings(**MAIN))  # pyright: ignore[reportArgumentType]
    async with tracing(roles, ENDPOINT) as spans:
        assert spans is None
    async with tracing(roles, ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) as spans:
        assert spans is None


def test_nothing_is_imported_unless_it_is_wanted() -> None:
    code = "import sys, bot.app; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
