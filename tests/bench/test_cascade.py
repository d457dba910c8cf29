"""What the cascade adds to its stages' own times: with stand-in stages of stated speed, beside the audio engine."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median, quantiles

import pytest

from bot.audio import FRAME_SECONDS, RTP_RATE
from bot.config import Settings
from bot.engine.open import Engines, open_engines
from bot.types import AudioDelta
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from sandbox.model.stream import WORD_INTERVAL_SECONDS
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until
from tests.e2e.conftest import harness as harness
from tests.e2e.test_room import Cut
from tests.e2e.test_room import cuts as cuts
from tests.engine.make import request, speech

HEADING = (
    "cascade: what it adds to its stages (targets: <= 60 ms median, <= 120 ms p95; gaps in <= 1 of 20 answers; "
    "reported of others: Pipecat 270 ms, LiveKit Agents 570 ms)"
)
WRITES_AFTER = 0.2
"""Seconds until the text model's first word; then one word every 20 ms."""
SPEAKS_AFTER = 0.15
"""Seconds until the voice's first byte; then ten times as fast as speech."""
BARGE_IN_HEADING = "barge-in: sound that still comes once the bot was told to fall silent (target: <= 60 ms)"
GAP_SECONDS = 0.02
"""Silence between two clauses that somebody could notice: one packet."""


@asynccontextmanager
async def stages(model: ModelServer, engine: str) -> AsyncIterator[Engines]:
    fixed = {"discord_token": "none", "openai_api_key": model.key, "openai_base_url": model.base_url}
    async with open_engines(Settings(_env_file=None, engine=engine, **fixed)) as engines:  # pyright: ignore[reportCallIssue]
        yield engines


def late(times: list[float]) -> str:
    return f"median {1000 * median(times):5.1f} ms, p95 {1000 * quantiles(times, n=20, method='inclusive')[-1]:5.1f} ms"


@pytest.mark.parametrize("engine", ["cascade", "audio"])
@pytest.mark.parametrize("answers", [2, pytest.param(40, marks=pytest.mark.long)])
async def test_overhead(engine: str, answers: int, figures: dict[str, list[str]]) -> None:
    """From the words to the first sound, less the text's time to its first clause and the voice's to its first byte."""
    over: list[float] = []
    gaps = 0
    asked = request(speech(2.0))
    asked = replace(asked, words={asked.turn.utterances[0].id: "How did the moon begin?"})
    async with ModelServer.open(first_audio=2 * WRITES_AFTER, speed=10) as model:
        model.speech_delay, model.default = SPEAKS_AFTER, Speak.clip("bot-moon")
        async with stages(model, engine) as engines:
            await engines.reply.warm()
            for _ in range(answers):
                before = len(model.speeches)
                began, first, ends = time.monotonic(), 0.0, 0.0
                async for event in engines.reply.reply(asked):
                    if isinstance(event, AudioDelta):
                        now = time.monotonic()
                        gaps += bool(first) and now > ends + GAP_SECONDS
                        first = first or now
                        ends = max(ends, now) + len(event.pcm) / 48_000
                if engine == "audio":
                    own = 2 * WRITES_AFTER
                else:
                    # The next word tells that a clause is over.
                    words = len(str(model.speeches[before].body["input"]).split())
                    own = WRITES_AFTER + words * WORD_INTERVAL_SECONDS + SPEAKS_AFTER
                over.append(first - began - own)
    stated = f"text {WRITES_AFTER} s, voice {SPEAKS_AFTER} s" if engine == "cascade" else f"model {2 * WRITES_AFTER} s"
    figures.setdefault(HEADING, []).append(f"{engine:8} ({stated}): {late(over)}; {gaps} gaps in {answers} answers")


@pytest.mark.long
@pytest.mark.parametrize("engine", ["cascade", "audio"])
async def test_barge_in(
    engine: str,
    harness: Harness,
    cuts: list[Cut],
    figures: dict[str, list[str]],
) -> None:
    """From the decision to the last packet, through the whole bot, at different places of the clauses."""
    harness.engine, harness.model.default = engine, Speak.clip("bot-moon")
    bot, after = harness.sandbox.bot.id, list[float]()
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        for heard in (0.6, 1.0, 1.4, 1.8, 2.2, 2.6):
            since = time.monotonic()
            await anna.say(clips.load("anna-cook", RTP_RATE))
            await until(lambda since=since, heard=heard: sounded(anna, bot, since) >= heard, 30)
            before = len(cuts)
            await anna.say(clips.load("anna-wait", RTP_RATE))
            assert len(cuts) == before + 1
            after.append(sounded(anna, bot, since) - cuts[before].played)
            await until(
                lambda since=since, heard=heard: sounded(anna, bot, since) > heard + 2.0, 30
            )  # the answer to that
            await harness.sandbox.command(anna.user, "stop", channel_id=harness.lounge.id)
            await anna.recorder.quiet(bot, 1.0)
    worst = f"median {1000 * median(after):5.1f} ms, worst {1000 * max(after):5.1f} ms of {len(after)}"
    figures.setdefault(BARGE_IN_HEADING, []).append(f"{engine:8}: {worst}")


def sounded(person: Person, bot: int, since: float) -> float:
    """Return the seconds of the bot's sound since then."""
    return FRAME_SECONDS * sum(frame.at > since for frame in person.recorder.frames(bot))
