"""Spans of turns: their shape, their names, and that none of it is there where nobody asked."""

import subprocess
import sys
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from bot.call.counters import TurnTimes
from bot.ops.traces import Spans, tracing, wanted
from bot.types import Usage

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
WHOLE = TurnTimes(
    turn=3, model="gpt-audio-1.5", outcome="answered", spoke_until=10.0, closed=10.5, asked=10.3, arrived=11.0,
    streamed=12.0, began=11.1, over=14.0, played=2.9, transcribed=((10.2, 10.9),),
    usage=Usage(text_in=5, audio_in=30, cached_in=2, text_out=4, audio_out=60),
)  # fmt: skip


def spans_of(times: TurnTimes) -> dict[str, Any]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with structlog.contextvars.bound_contextvars(call="c0ffee00", guild=77):
        Spans(provider, "http://127.0.0.1:8000/v1", "gpt-transcribe").turn(times)
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
    async with tracing("https://api.openai.com/v1", "t", ENDPOINT) as spans:
        assert spans is None
    async with tracing("https://api.openai.com/v1", "t", ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) as spans:
        assert spans is None


def test_nothing_is_imported_unless_it_is_wanted() -> None:
    code = "import sys, bot.app; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
