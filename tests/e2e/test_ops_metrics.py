"""What an operator reads during a call and after it."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import StoreUnavailable
from sandbox import clips
from sandbox.model.behaviour import Refuse, TranscribeAs
from tests.e2e.conftest import Harness, until
from tests.e2e.process import free_port
from tests.e2e.test_conversation import said

OUT = 48_000


async def page(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def scrape(port: int, when: Callable[[dict[str, float]], bool]) -> tuple[dict[str, float], str]:
    """Return the samples by name and labels, and the page's text, once they are so. Raises TimeoutError."""
    async with asyncio.timeout(60):
        while not when((found := await _scrape(port))[0]):
            await asyncio.sleep(0.02)
    return found


async def _scrape(port: int) -> tuple[dict[str, float], str]:
    _, text = await page(port, "/metrics")
    samples: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return samples, text


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[int, list[bytes]]]:
    """Receive spans as an OpenTelemetry collector does; yields its port and the received batches."""
    received: list[bytes] = []

    async def traces(request: web.Request) -> web.Response:
        received.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", traces)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield port, received
    finally:
        await runner.cleanup()


def names(batches: list[bytes]) -> set[str]:
    requests = [ExportTraceServiceRequest.FromString(batch) for batch in batches]
    scopes = [scope for request in requests for resource in request.resource_spans for scope in resource.scope_spans]
    return {span.name for scope in scopes for span in scope.spans}


async def test_a_turn_is_traced_to_the_collector_without_a_word_or_a_person(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collector() as (port, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        # At once: only what is written down before the answer's end has a span.
        harness.model.default_transcription = TranscribeAs(clips.get("anna-cook").sentence, delay=0.0)
        async with harness.bot():
            anna = await harness.sandbox.person("Anna")
            await harness.join(anna)
            await anna.say(clips.load("anna-cook", OUT))
            await said(harness, "bot-heard")
        sent = b"".join(received)
    stages = {"wait", "transcription gpt-transcribe", "chat gpt-audio-1.5", "first audio", "playback"}
    assert names(received) == {"turn", *stages}
    assert b"kikite.call" in sent
    for private in ("Anna", "rice", "cook", str(anna.id), harness.model.key, harness.sandbox.token):
        assert private.encode() not in sent


async def test_a_call_is_seen_in_the_metrics_and_counters_never_fall(harness: Harness) -> None:
    port = free_port()
    async with harness.bot(http_port=port):
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard")
        posts = "kikite_transcript_events_total{event=posts}"
        during, text = await scrape(
            port, lambda now: now["kikite_calls{state=listening}"] == 1 and now.get(posts, 0) > 1
        )
        assert during["kikite_links"] == 1
        assert during["kikite_utterances_total{verdict=answered}"] == 1
        assert during["kikite_turns_total{outcome=answered}"] == 1
        assert during["kikite_packets_total{fate=decoded}"] > 100
        assert during["kikite_packets_sent_total"] > 50
        for stage in ("hang", "model", "sound", "answer", "spoken"):
            assert during[f"kikite_turn_stage_seconds_count{{stage={stage}}}"] == 1
        assert during["kikite_model_tokens_total{kind=audio_out,model=gpt-audio-1.5}"] > 0
        assert during["kikite_cost_dollars_total{kind=reply,model=gpt-audio-1.5}"] > 0
        assert during["kikite_gateway_ready"] == 1
        assert during["kikite_loop_lag_seconds_count"] > 0
        assert during["kikite_pacer_lateness_seconds_count"] > 50
        for ours in (anna.id, harness.sandbox.bot.id, harness.sandbox.guild.id, harness.lounge.id):
            assert str(ours) not in text
        assert "Anna" not in text
        if promtool := shutil.which("promtool"):
            linted = subprocess.run((promtool, "check", "metrics"), input=text, capture_output=True, text=True)  # noqa: ASYNC221
            assert (linted.returncode, linted.stderr) == (0, "")
        await harness.leave(anna)
        after, _ = await scrape(port, lambda now: now["kikite_links"] == 0)
        assert not [name for name in during if "_total" in name and after.get(name, 0) < during[name]]


async def test_a_failed_turn_is_counted_by_its_cause(harness: Harness) -> None:
    port = free_port()
    async with harness.bot(http_port=port):
        harness.model.default = Refuse(401, "no", code="invalid_api_key")
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any("OPENAI_API_KEY" in line for line in harness.lines()))
        samples, _ = await scrape(port, lambda now: now.get("kikite_turns_total{outcome=model_auth}") == 1)
    assert samples["kikite_utterances_total{verdict=model_error}"] == 1


async def test_ready_means_the_store_answers_too(harness: Harness) -> None:
    port = free_port()
    async with harness.bot(http_port=port) as app:
        assert (await page(port, "/livez"))[0] == 200
        assert (await page(port, "/readyz"))[0] == 200
        answers = app.store.calls

        async def gone() -> dict[int, int]:
            raise StoreUnavailable

        app.store.calls = gone
        assert await page(port, "/readyz") == (503, "the store does not answer\n")
        app.store.calls = answers
        assert (await page(port, "/readyz"))[0] == 200
